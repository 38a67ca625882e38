// A thread with a timer queue.
#include "playground/worker.hpp"

namespace modhost::playground {

void Worker::start() {
  thread_ = std::thread([this] { run(); });
}

void Worker::stop() {
  std::multimap<SteadyTime, Task> dropped;  // destroyed without the lock: a task may own a client that waits
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    dropped.swap(tasks_);
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Worker::at(SteadyTime time, Task task) {
  {
    MutexLock lock(mutex_);
    if (stopped_ || tasks_.size() >= kTasksMax) return false;
    tasks_.emplace(time, std::move(task));
  }
  changed_.notify_one();
  return true;
}

void Worker::run() {
  MutexLock lock(mutex_);
  while (!stopped_) {
    if (tasks_.empty()) {
      lock.wait(changed_);
      continue;
    }
    const auto first = tasks_.begin();
    if (first->first > clock_.steady_now()) {
      lock.wait_until(changed_, first->first);
      continue;
    }
    Task task = std::move(first->second);
    tasks_.erase(first);
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace modhost::playground
