#include <utility>
#include <vector>

#include "services/abi_values.hpp"
#include "services/host_record.hpp"
#include "services/tables.hpp"

namespace modhost::services {

namespace {

modhost_status get(const modhost_host* host, modhost_bytes key, modhost_blob* value, std::uint64_t* version) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  const auto name = view(key);
  if (!name || value == nullptr) return MODHOST_E_INVALID;
  std::string found;
  std::uint64_t found_version = 0;
  const modhost_status status = services->kv.get(*name, found, found_version);
  if (status != MODHOST_OK) return status;
  *value = make_blob(std::move(found));
  if (version != nullptr) *version = found_version;
  return MODHOST_OK;
}

modhost_status put(const modhost_host* host, modhost_bytes key, modhost_bytes value, std::int64_t ttl_ms,
                   std::uint64_t expected_version, std::uint64_t* version) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  const auto name = view(key), content = view(value);
  if (!name || !content || name->size() > journal::kKeyBytesMax || content->size() > journal::kValueBytesMax)
    return MODHOST_E_INVALID;
  std::uint64_t made = 0;
  const modhost_status status =
      services->kv.put(*name, *content, std::chrono::milliseconds(ttl_ms), expected_version, made);
  if (status == MODHOST_OK && version != nullptr) *version = made;
  return status;
}

modhost_status del(const modhost_host* host, modhost_bytes key, std::uint64_t expected_version) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  const auto name = view(key);
  if (!name || name->size() > journal::kKeyBytesMax) return MODHOST_E_INVALID;
  return services->kv.remove(*name, expected_version);
}

modhost_status list(const modhost_host* host, modhost_bytes prefix,
                    modhost_status (*each)(void* user, modhost_bytes key, std::uint64_t version) noexcept,
                    void* user) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  const auto begin = view(prefix);
  if (!begin || each == nullptr) return MODHOST_E_INVALID;
  std::vector<journal::KeyValue> keys;
  if (const modhost_status status = services->kv.list(*begin, keys); status != MODHOST_OK) return status;
  for (const journal::KeyValue& one : keys)
    if (const modhost_status status = each(user, {one.key.data(), one.key.size()}, one.version); status < 0)
      return status;
  return MODHOST_OK;
}

modhost_status save(const modhost_host* host, modhost_event_id event, modhost_bytes blob) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  const auto content = view(blob);
  if (!content || content->size() > journal::kCheckpointBytesMax) return MODHOST_E_INVALID;
  return services->checkpoints.save(event, *content);
}

}  // namespace

constinit const modhost_kv_service kKvTable = {sizeof(modhost_kv_service), 0, get, put, del, list};
constinit const modhost_checkpoint_service kCheckpointTable = {sizeof(modhost_checkpoint_service), 0, save};

}  // namespace modhost::services
