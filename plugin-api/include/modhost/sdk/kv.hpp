// Small durable state of the module, the same after a restart. Every call waits for the disk, about a millisecond for a
// change: enough for marks and counters, not a database.
#pragma once

#include <modhost/plugin.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modhost/sdk/services.hpp"

namespace modhost {

// How a value is put.
struct KvPut {
  std::chrono::milliseconds lifetime{0};            // 0: for good
  std::uint64_t expected_version = MODHOST_KV_ANY;  // MODHOST_KV_ABSENT: only the first one wins
};

class Kv {
 public:
  struct Value {
    std::string bytes;
    std::uint64_t version = 0;
  };
  explicit Kv(const detail::Services& services) : services_(services) {}

  [[nodiscard]] Result<std::optional<Value>> get(std::string_view key) const {
    detail::Blob bytes;
    Value value;
    const modhost_status status = services_.kv->get(services_.host, view(key), &bytes.raw, &value.version);
    if (status == MODHOST_E_NOT_FOUND) return std::optional<Value>();
    if (status < 0) return failure(status, "get", key);
    value.bytes = bytes.text();
    return std::optional(std::move(value));
  }
  // The new version. E_CONFLICT: another version than expected is there, and nothing has changed.
  [[nodiscard]] Result<std::uint64_t> put(std::string_view key, std::string_view value, const KvPut& how = {}) const {
    std::uint64_t version = 0;
    const modhost_status status =
        services_.kv->put(services_.host, view(key), view(value), how.lifetime.count(), how.expected_version, &version);
    if (status < 0) return failure(status, "put", key);
    return version;
  }
  // True when it was there.
  [[nodiscard]] Result<bool> remove(std::string_view key, std::uint64_t expected_version = MODHOST_KV_ANY) const {
    const modhost_status status = services_.kv->del(services_.host, view(key), expected_version);
    if (status == MODHOST_E_NOT_FOUND) return false;
    if (status < 0) return failure(status, "remove", key);
    return true;
  }
  // Keys that begin so, in order.
  [[nodiscard]] Result<std::vector<std::string>> list(std::string_view prefix) const {
    std::vector<std::string> keys;
    const modhost_status status = services_.kv->list(
        services_.host, view(prefix),
        [](void* user, modhost_bytes key, std::uint64_t) noexcept -> modhost_status {
          static_cast<std::vector<std::string>*>(user)->emplace_back(static_cast<const char*>(key.ptr), key.len);
          return MODHOST_OK;
        },
        &keys);
    if (status < 0) return failure(status, "list", prefix);
    return keys;
  }

 private:
  static modhost_bytes view(std::string_view text) { return {text.data(), text.size()}; }
  static Failure failure(modhost_status status, std::string_view what, std::string_view key) {
    return {status, "kv." + std::string(what) + " " + std::string(key) + ": status " + std::to_string(status)};
  }
  detail::Services services_;
};

}  // namespace modhost
