#include "executor/lane.hpp"

#include <pthread.h>

#include <algorithm>
#include <deque>
#include <list>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "executor/run_record.hpp"

namespace modhost::executor {

namespace {

// Threads past their last line. Those of an abandoned lane are detached and have nothing to join.
void join_all(std::vector<std::thread>& ended) {
  for (std::thread& thread : ended)
    if (thread.joinable()) thread.join();
}

}  // namespace

class Lane::Core : public std::enable_shared_from_this<Lane::Core> {
 public:
  explicit Core(Options options) : options_(std::move(options)) {
    options_.name.resize(std::min<std::size_t>(options_.name.size(), 15));
  }

  bool submit(Task task);
  bool overdue(Ticket ticket);
  void close();
  bool stop(const Clock& clock, Deadline deadline);
  void abandon();
  Status status() const;

 private:
  struct Worker {
    std::thread thread;
    Ticket ticket = 0;  // 0: waits for a task
    bool is_stuck = false;
  };
  using Workers = std::list<Worker>;

  void run(Workers::iterator self);
  bool wait_for_task(MutexLock& lock) REQUIRES(mutex_);
  void run_task(MutexLock& lock, Worker& self) REQUIRES(mutex_) NO_THREAD_SAFETY_ANALYSIS;
  bool spawn_if_needed() REQUIRES(mutex_);

  Options options_;
  mutable Mutex mutex_;
  std::condition_variable task_or_close_;
  std::condition_variable worker_ended_;
  std::deque<Task> queue_ GUARDED_BY(mutex_);
  Workers workers_ GUARDED_BY(mutex_);                 // alive
  std::vector<std::thread> ended_ GUARDED_BY(mutex_);  // past their last line, to be joined
  unsigned idle_ GUARDED_BY(mutex_) = 0;
  unsigned stuck_ GUARDED_BY(mutex_) = 0;
  Ticket last_ticket_ GUARDED_BY(mutex_) = 0;
  bool closed_ GUARDED_BY(mutex_) = false;
};

bool Lane::Core::submit(Task task) {
  MutexLock lock(mutex_);
  if (closed_ || queue_.size() >= options_.queue_max) return false;
  queue_.push_back(std::move(task));
  const bool has_idle_worker = idle_ > 0;
  const bool has_worker = spawn_if_needed();
  if (!has_worker) {  // the system refuses threads: better said now than never run
    task = std::move(queue_.back());
    queue_.pop_back();
    return false;
  }
  lock.unlock();
  if (has_idle_worker) task_or_close_.notify_one();
  return true;
}

// One more thread when tasks wait that no idle thread takes and the limits allow it. False when nobody is there to run
// a task, now or later.
bool Lane::Core::spawn_if_needed() {
  const std::size_t able = workers_.size() - stuck_;
  const std::size_t alive_max = std::size_t{options_.threads} + options_.substitutes_max;
  if (queue_.size() <= idle_ || able >= options_.threads || workers_.size() >= alive_max) return !workers_.empty();
  const auto self = workers_.emplace(workers_.end());
  try {
    self->thread = std::thread([core = shared_from_this(), self] { core->run(self); });
  } catch (const std::system_error&) {
    workers_.erase(self);
    return !workers_.empty();
  }
  ::pthread_setname_np(self->thread.native_handle(), options_.name.c_str());
  return true;
}

void Lane::Core::run(Workers::iterator self) {
  prepare_thread_for_faults();
  std::vector<std::thread> ended;
  {
    MutexLock lock(mutex_);
    // A thread that was stuck and came back goes when its substitute has its place.
    while (workers_.size() - stuck_ <= options_.threads && wait_for_task(lock)) run_task(lock, *self);
    ended.swap(ended_);
    ended_.push_back(std::move(self->thread));
    workers_.erase(self);
  }
  worker_ended_.notify_all();
  // Each thread joins those that ended before it, so at most one handle is left over and nobody else ever waits.
  join_all(ended);
}

// False when the thread should end: nothing to do for a while, or closed and nothing left.
bool Lane::Core::wait_for_task(MutexLock& lock) {
  const auto until = std::chrono::steady_clock::now() + options_.idle;
  while (queue_.empty()) {
    if (closed_) return false;
    ++idle_;
    const auto woken = lock.wait_until(task_or_close_, until);
    --idle_;
    if (woken == std::cv_status::timeout && queue_.empty()) return false;
  }
  return true;
}

void Lane::Core::run_task(MutexLock& lock, Worker& self) {
  Task task = std::move(queue_.front());
  queue_.pop_front();
  const Ticket ticket = self.ticket = ++last_ticket_;
  lock.unlock();
  task(ticket);
  task = nullptr;  // what it holds is freed outside the lock
  lock.lock();
  self.ticket = 0;
  if (std::exchange(self.is_stuck, false)) --stuck_;
}

bool Lane::Core::overdue(Ticket ticket) {
  MutexLock lock(mutex_);
  const auto late =
      std::find_if(workers_.begin(), workers_.end(), [&](const Worker& worker) { return worker.ticket == ticket; });
  if (ticket == 0 || late == workers_.end()) return false;
  if (!late->is_stuck) {
    late->is_stuck = true;
    ++stuck_;
    spawn_if_needed();
  }
  return true;
}

void Lane::Core::close() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
  }
  task_or_close_.notify_all();
}

bool Lane::Core::stop(const Clock& clock, Deadline deadline) {
  close();
  const auto until = std::chrono::steady_clock::now() + deadline.remaining(clock);
  std::vector<std::thread> ended;
  bool all_ended = false;
  {
    MutexLock lock(mutex_);
    while (!workers_.empty() && std::chrono::steady_clock::now() < until) lock.wait_until(worker_ended_, until);
    all_ended = workers_.empty();
    ended.swap(ended_);
  }
  join_all(ended);
  if (!all_ended) abandon();
  return all_ended;
}

void Lane::Core::abandon() {
  std::deque<Task> dropped;
  std::vector<std::thread> ended;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    dropped.swap(queue_);
    ended.swap(ended_);
    for (Worker& worker : workers_)
      if (worker.thread.joinable()) worker.thread.detach();
  }
  task_or_close_.notify_all();
  join_all(ended);
}

Lane::Status Lane::Core::status() const {
  MutexLock lock(mutex_);
  Status status{queue_.size(), static_cast<unsigned>(workers_.size()), 0, stuck_};
  for (const Worker& worker : workers_) status.running += worker.ticket != 0 ? 1 : 0;
  return status;
}

Lane::Lane(Options options) : core_(std::make_shared<Core>(std::move(options))) {}
Lane::~Lane() { core_->abandon(); }
bool Lane::submit(Task task) { return core_->submit(std::move(task)); }
bool Lane::overdue(Ticket ticket) { return core_->overdue(ticket); }
void Lane::close() { core_->close(); }
bool Lane::stop(const Clock& clock, Deadline deadline) { return core_->stop(clock, deadline); }
Lane::Status Lane::status() const { return core_->status(); }

}  // namespace modhost::executor
