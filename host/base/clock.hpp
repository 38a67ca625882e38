// The seam to time. Deadlines and delays use the steady clock; records and the platform use unix time.
#pragma once

#include <chrono>

namespace modhost {

using SteadyTime = std::chrono::steady_clock::time_point;
using UnixMillis = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime steady_now() const = 0;  // CLOCK_MONOTONIC, [any thread]
  [[nodiscard]] virtual UnixMillis unix_now() const = 0;    // CLOCK_REALTIME, [any thread]
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] UnixMillis unix_now() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

// An absolute point of the steady clock, handed down: no room invents a timeout.
class Deadline {
 public:
  constexpr Deadline() = default;  // never
  constexpr explicit Deadline(SteadyTime at) : at_(at) {}
  static Deadline never() { return Deadline{}; }
  static Deadline after(const Clock& clock, std::chrono::nanoseconds delay) {
    return Deadline{clock.steady_now() + delay};
  }
  [[nodiscard]] bool is_never() const { return at_ == SteadyTime::max(); }
  [[nodiscard]] SteadyTime at() const { return at_; }
  [[nodiscard]] bool has_passed(const Clock& clock) const { return clock.steady_now() >= at_; }
  // What is left, never negative; a very long time for never().
  [[nodiscard]] std::chrono::milliseconds remaining(const Clock& clock) const {
    if (is_never()) return std::chrono::hours(24 * 365);
    const auto left = at_ - clock.steady_now();
    return left.count() <= 0 ? std::chrono::milliseconds(0) : std::chrono::ceil<std::chrono::milliseconds>(left);
  }
  friend auto operator<=>(const Deadline&, const Deadline&) = default;

 private:
  SteadyTime at_ = SteadyTime::max();
};

}  // namespace modhost
