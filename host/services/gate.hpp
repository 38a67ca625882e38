// Lets calls in until it is closed, then waits until those inside have left: how a service table outlives what it
// serves.
#pragma once

#include <atomic>
#include <condition_variable>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace modhost::services {

// Outlives the last leave(): part of what stays for process life.
class Gate {
 public:
  // False once closed. Every true is paired with one leave(). [any]
  [[nodiscard]] bool enter() {
    inside_.fetch_add(1);
    if (!closed_.load()) return true;
    leave();
    return false;
  }

  void leave() {
    // Read first: after the last one has left, the closer may go on.
    const bool is_closed = closed_.load();
    if (inside_.fetch_sub(1) == 1 && is_closed) {
      MutexLock lock(mutex_);
      empty_.notify_all();
    }
  }

  // Nobody enters from now on. False when somebody is still inside at the deadline. [any]
  bool close(const Clock& clock, Deadline deadline) {
    closed_.store(true);
    const auto until = std::chrono::steady_clock::now() + deadline.remaining(clock);
    MutexLock lock(mutex_);
    while (inside_.load() != 0) {
      const auto now = std::chrono::steady_clock::now();
      if (now >= until) return false;
      // One that looked before the gate was closed leaves without a word: look again.
      lock.wait_until(empty_, std::min(until, now + std::chrono::milliseconds(5)));
    }
    return true;
  }

 private:
  std::atomic<unsigned> inside_{0};
  std::atomic<bool> closed_{false};
  Mutex mutex_;
  std::condition_variable empty_;
};

}  // namespace modhost::services
