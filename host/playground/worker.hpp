// The stand-in's own thread: runs tasks one after another, some of them later. HTTP threads hand it all that may wait.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <thread>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace modhost::playground {

inline constexpr std::size_t kTasksMax = 50'000;

class Worker {
 public:
  using Task = std::function<void()>;

  explicit Worker(const Clock& clock) : clock_(clock) {}
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  void stop();  // joins; tasks that have not begun are dropped. Never from a task.

  // False when full or stopped: the task is dropped. [any thread]
  bool post(Task task) { return at(clock_.steady_now(), std::move(task)); }
  bool at(SteadyTime time, Task task);

 private:
  void run();

  const Clock& clock_;
  Mutex mutex_;
  std::condition_variable changed_;
  std::multimap<SteadyTime, Task> tasks_ GUARDED_BY(mutex_);  // equal times keep their order
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace modhost::playground
