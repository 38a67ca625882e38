// A door that test code waits at until the test opens it. Every wait is bounded, so a broken test fails and never
// hangs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace modhost::test {

class Gate {
 public:
  void open() {
    std::lock_guard lock(mutex_);  // held: whoever waits may destroy the gate next
    is_open_ = true;
    changed_.notify_all();
  }
  // True when it was opened in time.
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
};

// Until claim holds, bounded; answers what it is at the end.
inline bool eventually(const std::function<bool()>& claim) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!claim()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace modhost::test
