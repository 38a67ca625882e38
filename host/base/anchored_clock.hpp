// The clock by which a running host measures the age of events.
#pragma once

#include "base/clock.hpp"

namespace modhost {

// Unix time that nobody sets: what it was when this was made, and what has passed since. A step of the wall clock lets
// no event expire and keeps none waiting. Signatures look at the wall.
class AnchoredClock final : public Clock {
 public:
  // Borrows `wall` for its life.
  explicit AnchoredClock(const Clock& wall)
      : wall_(wall), unix_anchor_(wall.unix_now()), steady_anchor_(wall.steady_now()) {}
  [[nodiscard]] SteadyTime steady_now() const override { return wall_.steady_now(); }
  [[nodiscard]] UnixMillis unix_now() const override {
    return unix_anchor_ + std::chrono::floor<std::chrono::milliseconds>(wall_.steady_now() - steady_anchor_);
  }

 private:
  const Clock& wall_;
  const UnixMillis unix_anchor_;
  const SteadyTime steady_anchor_;
};

}  // namespace modhost
