// Threads and timers of an instance that do what the test says, when it says so.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "services/task_service.hpp"

namespace modhost::services {

// Tasks of an instance, run by the test's own thread.
class ManualLane {
 public:
  bool post(std::function<void()> task) {
    std::lock_guard lock(mutex_);
    if (is_closed_) return false;
    tasks_.push_back(std::move(task));
    return true;
  }
  // Runs what is queued, and what that queues.
  int run() {
    int ran = 0;
    for (;; ++ran) {
      std::function<void()> task;
      {
        std::lock_guard lock(mutex_);
        if (tasks_.empty()) return ran;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }
  void close() {
    std::lock_guard lock(mutex_);
    is_closed_ = true;
  }

 private:
  std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;
  bool is_closed_ = false;
};

// Timers that ring when the test says what time it is.
class ManualTimers {
 public:
  Timers hooks() {
    return {[this](SteadyTime at, std::function<void()> work) {
              timers_.emplace(++last_, std::pair(at, std::move(work)));
              return last_;
            },
            [this](std::uint64_t entry) { return timers_.erase(entry) > 0; }};
  }
  int ring(SteadyTime now) {
    int rung = 0;
    for (auto it = timers_.begin(); it != timers_.end();) {
      if (it->second.first > now) {
        ++it;
        continue;
      }
      const auto work = std::move(it->second.second);
      it = timers_.erase(it);
      work();
      ++rung;
    }
    return rung;
  }
  [[nodiscard]] std::size_t size() const { return timers_.size(); }

 private:
  std::map<std::uint64_t, std::pair<SteadyTime, std::function<void()>>> timers_;
  std::uint64_t last_ = 0;
};

}  // namespace modhost::services
