// The raw services behind the SDK's classes, and the small change between C and C++.
#pragma once

#include <modhost/plugin.h>

#include <string>
#include <string_view>

#include "modhost/sdk/result.hpp"

namespace modhost {

inline std::string_view to_view(modhost_str text) {
  return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}
inline modhost_str to_str(std::string_view text) { return {text.data(), text.size()}; }

namespace detail {

// A blob that is released when it goes out of scope.
class Blob {
 public:
  Blob() = default;
  Blob(const Blob&) = delete;
  Blob& operator=(const Blob&) = delete;
  ~Blob() {
    if (raw.release != nullptr) raw.release(&raw);
  }
  [[nodiscard]] std::string text() const {
    return raw.len == 0 ? std::string() : std::string(static_cast<const char*>(raw.ptr), raw.len);
  }
  modhost_blob raw{};
};

// The services an SDK plugin uses, found once.
struct Services {
  const modhost_host* host = nullptr;
  const modhost_log_service* log = nullptr;
  const modhost_event_service* event = nullptr;
  const modhost_config_service* config = nullptr;
  const modhost_http_service* http = nullptr;
  const modhost_task_service* task = nullptr;
  const modhost_metrics_service* metrics = nullptr;
  const modhost_kv_service* kv = nullptr;
  const modhost_checkpoint_service* checkpoint = nullptr;
};

template <class Service>
const Service* find_service(const modhost_host* host, const char* id) {
  const auto* const found = static_cast<const Service*>(host->get_service(host, id));
  if (found == nullptr) throw Error(Failure{MODHOST_E_UNSUPPORTED, "this host does not offer " + std::string(id)});
  return found;
}

}  // namespace detail

}  // namespace modhost
