// Lets a few lines a second through and counts the rest, so that a flood of bad requests does not become a flood of
// logs.
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace modhost::telemetry {

class LogLimiter {
 public:
  LogLimiter(const Clock& clock, unsigned lines, std::chrono::milliseconds window)
      : clock_(clock), lines_(lines), window_(window) {}

  // True when this line may be written; `suppressed` is then how many were not since the last one.
  [[nodiscard]] bool admit(std::uint64_t& suppressed) {
    MutexLock lock(mutex_);
    const SteadyTime now = clock_.steady_now();
    if (now >= until_) {
      until_ = now + window_;
      used_ = 0;
    }
    if (used_ >= lines_) {
      ++suppressed_;
      return false;
    }
    ++used_;
    suppressed = suppressed_;
    suppressed_ = 0;
    return true;
  }

 private:
  const Clock& clock_;
  const unsigned lines_;
  const std::chrono::milliseconds window_;
  Mutex mutex_;
  SteadyTime until_ GUARDED_BY(mutex_){};
  unsigned used_ GUARDED_BY(mutex_) = 0;
  std::uint64_t suppressed_ GUARDED_BY(mutex_) = 0;
};

}  // namespace modhost::telemetry
