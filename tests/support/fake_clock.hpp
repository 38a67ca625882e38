// A clock that moves only when told to.
#pragma once

#include <atomic>

#include "base/clock.hpp"

namespace modhost::test {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(std::int64_t unix_ms = 1'760'000'000'000) : unix_ms_(unix_ms) {}
  [[nodiscard]] SteadyTime steady_now() const override {
    return SteadyTime(std::chrono::nanoseconds(steady_ns_.load()));
  }
  [[nodiscard]] UnixMillis unix_now() const override { return UnixMillis(std::chrono::milliseconds(unix_ms_.load())); }
  void advance(std::chrono::milliseconds by) {
    unix_ms_ += by.count();
    steady_ns_ += std::chrono::nanoseconds(by).count();
  }
  // As an operator or a time server sets it.
  void step_wall(std::chrono::milliseconds by) { unix_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> unix_ms_;
  std::atomic<std::int64_t> steady_ns_{1'000'000'000'000};
};

}  // namespace modhost::test
