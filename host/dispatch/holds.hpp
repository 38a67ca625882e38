// Modules whose plugin has just ended the host several times: after such faults a module waits, then takes one event at
// a time until it has proved itself. Receiving never stops. (decisions: crash blame.)
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "base/clock.hpp"

namespace modhost::dispatch {

inline constexpr int kHoldFaults = 3;  // so many within kHoldWindow
inline constexpr std::chrono::seconds kHoldWindow{60};
inline constexpr std::chrono::seconds kHoldTime{30};
inline constexpr unsigned kHoldSuccesses = 20;  // then it is held no more

// Not thread-safe.
class Holds {
 public:
  void hold(const std::string& module, SteadyTime now) { held_[module] = {now + kHoldTime, kHoldSuccesses, 0}; }

  // How many of these places it may use.
  [[nodiscard]] std::size_t places(const std::string& module, std::size_t free, SteadyTime now) const {
    const auto found = held_.find(module);
    if (found == held_.end()) return free;
    if (now < found->second.until || found->second.running > 0) return 0;
    return std::min<std::size_t>(free, 1);
  }
  void began(const std::string& module) {
    if (const auto found = held_.find(module); found != held_.end()) ++found->second.running;
  }
  // True: that was the last success it needed.
  bool ended(const std::string& module, bool is_success) {
    const auto found = held_.find(module);
    if (found == held_.end()) return false;
    Held& held = found->second;
    held.running -= std::min(held.running, 1u);
    if (is_success && --held.successes_left == 0) {
      held_.erase(found);
      return true;
    }
    return false;
  }
  [[nodiscard]] bool is_held(const std::string& module) const { return held_.contains(module); }

 private:
  struct Held {
    SteadyTime until{};
    unsigned successes_left = 0, running = 0;
  };
  std::map<std::string, Held> held_;
};

}  // namespace modhost::dispatch
