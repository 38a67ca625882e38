#include "services/abi_values.hpp"
#include "services/host_record.hpp"
#include "services/tables.hpp"

namespace modhost::services {

namespace {

std::uint32_t enabled(const modhost_host* host, std::int32_t level) noexcept {
  const HostRecord::Visit services(host);
  return services && services->log.is_enabled(level) ? 1 : 0;
}

void write(const modhost_host* host, modhost_event_id event, std::int32_t level, modhost_str message,
           const modhost_kv* fields, size_t field_count) noexcept {
  const HostRecord::Visit services(host);
  const auto text = view(message);
  if (!services || !text) return;
  LogLine line{level, *text, {}, event};
  constexpr std::size_t kFieldsRead = 64;  // more than are written; a wild count must not be followed
  for (std::size_t i = 0; fields != nullptr && i < std::min(field_count, kFieldsRead); ++i) {
    const auto key = view(fields[i].key);
    const auto value = view(fields[i].value);
    if (key && value) line.fields.emplace_back(*key, *value);
  }
  services->log.write(line);
}

}  // namespace

constinit const modhost_log_service kLogTable = {sizeof(modhost_log_service), 0, enabled, write};

}  // namespace modhost::services
