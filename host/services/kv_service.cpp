#include "services/kv_service.hpp"

#include <future>
#include <memory>
#include <utility>

namespace modhost::services {

namespace {

modhost_status status_of(Code code) {
  switch (code) {
    case Code::kNotFound:
      return MODHOST_E_NOT_FOUND;
    case Code::kConflict:
      return MODHOST_E_CONFLICT;
    case Code::kInvalid:
      return MODHOST_E_INVALID;
    case Code::kFull:
      return MODHOST_E_FULL;
    case Code::kGone:
      return MODHOST_E_GONE;
    default:
      return MODHOST_E_INTERNAL;  // the disk: the host's log says more
  }
}

// Hands `start` a function to be called once, on another thread, and waits for what it is called with. The journal
// answers every call, also when its disk fails or it is closed.
template <class Value, class Start>
Result<Value> wait_for(Start start) {
  const auto promise = std::make_shared<std::promise<Result<Value>>>();
  auto answer = promise->get_future();
  start([promise](Result<Value> result) { promise->set_value(std::move(result)); });
  return answer.get();
}

}  // namespace

modhost_status KvService::get(std::string_view key, std::string& value, std::uint64_t& version) const {
  if (key.empty() || key.size() > journal::kKeyBytesMax) return MODHOST_E_INVALID;
  auto found = storage_.key_values.get(module_, std::string(key));
  if (!found) return status_of(found.error().code);
  value = std::move(found->value);
  version = found->version;
  return MODHOST_OK;
}

modhost_status KvService::change(journal::KeyChange change, std::uint64_t& version) const {
  const auto changed =
      wait_for<std::uint64_t>([&](auto done) { storage_.key_values.change(std::move(change), std::move(done)); });
  if (!changed) return status_of(changed.error().code);
  version = *changed;
  return MODHOST_OK;
}

modhost_status KvService::put(std::string_view key, std::string_view value, std::chrono::milliseconds lifetime,
                              std::uint64_t expected, std::uint64_t& version) const {
  if (lifetime.count() < 0) return MODHOST_E_INVALID;
  return change({module_, std::string(key), std::string(value), expected, lifetime}, version);
}

modhost_status KvService::remove(std::string_view key, std::uint64_t expected) const {
  std::uint64_t unused = 0;
  return change({module_, std::string(key), std::nullopt, expected, {}}, unused);
}

modhost_status KvService::list(std::string_view prefix, std::vector<journal::KeyValue>& keys) const {
  if (prefix.size() > journal::kKeyBytesMax) return MODHOST_E_INVALID;
  auto found = storage_.key_values.keys(module_, std::string(prefix));
  if (!found) return status_of(found.error().code);
  keys = std::move(*found);
  return MODHOST_OK;
}

modhost_status CheckpointService::save(Handle event, std::string_view blob) const {
  const auto open = events_.find(event);
  if (!open) return events_.why(event);
  if (open->journal_seq() == 0) return MODHOST_E_UNSUPPORTED;
  const auto saved = wait_for<void>(
      [&](auto done) { storage_.journal.checkpoint(open->journal_seq(), std::string(blob), std::move(done)); });
  return saved ? MODHOST_OK : status_of(saved.error().code);
}

}  // namespace modhost::services
