#include "base/limits.hpp"
#include "services/abi_values.hpp"
#include "services/host_record.hpp"
#include "services/tables.hpp"
#include "services/text.hpp"

namespace modhost::services {

namespace {

modhost_status complete(const modhost_host* host, modhost_event_id event, const modhost_outcome* outcome) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  const auto known = read_struct(outcome);
  const auto detail = known ? view(known->detail) : std::nullopt;
  if (!detail || known->status == MODHOST_PENDING || known->retry_after_ms < 0) return MODHOST_E_INVALID;
  Answer answer{known->status, std::chrono::milliseconds(known->retry_after_ms),
                clean_text(*detail, limits::kDetailBytesMax)};
  return services->events.complete(event, std::move(answer));
}

std::int32_t cancelled(const modhost_host* host, modhost_event_id event) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  return services->events.cancelled(event);
}

modhost_status extend(const modhost_host* host, modhost_event_id event, std::int64_t more_ms,
                      std::int64_t* deadline_mono_ns) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  if (deadline_mono_ns == nullptr) return MODHOST_E_INVALID;
  Deadline holds_now;
  const modhost_status status = services->events.extend(event, more_ms, holds_now);
  if (status == MODHOST_OK || status == MODHOST_E_FULL) *deadline_mono_ns = mono_ns(holds_now);
  return status;
}

modhost_status leave_turn_open(const modhost_host* host, modhost_event_id event) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  return services->events.leave_turn_open(event);
}

}  // namespace

constinit const modhost_event_service kEventTable = {
    sizeof(modhost_event_service), 0, complete, cancelled, extend, leave_turn_open};

}  // namespace modhost::services
