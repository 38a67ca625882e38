// The addresses that the platform hands out for an upload of an event: the plugin may call exactly these, for a while,
// without a grant in modules.yaml. They carry their own authorisation. (decisions: calling the platform.)
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace modhost::services {

inline constexpr std::chrono::minutes kUploadGrant{15};
inline constexpr std::size_t kUploadUrlsMax = 300;  // of one event, three for each upload

// Thread-safe.
class UploadGrants {
 public:
  // From the answer to POST /content/upsert; anything else grants nothing.
  void add(std::string_view upsert_answer, SteadyTime until);
  [[nodiscard]] bool allows(std::string_view url, SteadyTime now) const;

 private:
  mutable Mutex mutex_;
  std::vector<std::pair<std::string, SteadyTime>> urls_ GUARDED_BY(mutex_);
};

}  // namespace modhost::services
