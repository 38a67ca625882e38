// Work outside an event, on the instance's own threads: soon, later, or again and again.
//
//   explicit Prices(modhost::Host host) : refresh_(host.every(1min, [this] { refresh(); }).value()) {}
#pragma once

#include <modhost/plugin.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "modhost/sdk/barrier.hpp"
#include "modhost/sdk/services.hpp"

namespace modhost {
namespace detail {

// Thread-safe. The host holds a reference for each time that it is to run.
class Job : public std::enable_shared_from_this<Job> {
 public:
  using Time = std::chrono::milliseconds;
  Job(const Services& services, std::function<void()> work, Time interval)
      : services_(services), work_(std::move(work)), interval_(interval) {}

  // Soon, for a delay of nothing.
  Result<void> set(Time delay) {
    auto given = std::make_unique<Reference>(shared_from_this());
    modhost_timer_id timer = 0;
    const modhost_status status = delay.count() == 0
                                      ? services_.task->submit(services_.host, run, given.get())
                                      : services_.task->after(services_.host, delay.count(), run, given.get(), &timer);
    if (status != MODHOST_OK) return Failure{status, "the task is not taken: " + std::to_string(status)};
    Reference* const held = given.release();
    const std::lock_guard lock(mutex_);
    if (timer != 0 && is_waiting_) std::tie(timer_, held_) = std::pair(timer, held);
    return {};
  }
  void cancel() {
    std::unique_lock lock(mutex_);
    is_cancelled_ = true;
    const modhost_timer_id timer = std::exchange(timer_, 0);
    Reference* const held = std::exchange(held_, nullptr);
    lock.unlock();
    const bool is_held = timer != 0 && services_.task->cancel(services_.host, timer) == MODHOST_OK;
    const std::unique_ptr<Reference> ends(is_held ? held : nullptr);
    lock.lock();
    if (runner_ != std::this_thread::get_id()) ended_.wait(lock, [this] { return runner_ == std::thread::id(); });
  }

 private:
  using Reference = std::shared_ptr<Job>;

  static void run(void* user, modhost_status why) noexcept {
    const std::unique_ptr<Reference> given(static_cast<Reference*>(user));
    Job& job = **given;
    if (!job.begin() || why != MODHOST_OK) return job.end();
    const Outcome outcome = guarded([&]() -> Outcome {
      job.work_();
      return {};
    });
    if (!outcome) job.complain("a task failed: " + outcome.failure().detail);
    job.end();
    if (job.interval_.count() > 0) job.set_again();
  }
  bool begin() {
    const std::lock_guard lock(mutex_);
    is_waiting_ = false;
    timer_ = 0;
    if (!is_cancelled_) runner_ = std::this_thread::get_id();
    return !is_cancelled_;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    runner_ = std::thread::id();
    ended_.notify_all();
  }
  void set_again() noexcept {
    {
      const std::lock_guard lock(mutex_);
      if (is_cancelled_) return;
      is_waiting_ = true;
    }
    const Outcome set_anew = guarded([&] { return set(interval_); });
    if (!set_anew && set_anew.failure().status != MODHOST_E_CLOSED)
      complain("a repeated task has ended: " + set_anew.failure().detail);
  }
  void complain(const std::string& words) const noexcept {
    services_.log->write(services_.host, 0, MODHOST_LOG_ERROR, to_str(words), nullptr, 0);
  }

  const Services services_;
  const std::function<void()> work_;
  const Time interval_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_cancelled_ = false, is_waiting_ = true;
  modhost_timer_id timer_ = 0;
  Reference* held_ = nullptr;
  std::thread::id runner_;
};

}  // namespace detail

// The right to have something done; dropped, it is not done any more. What runs just then is waited for, except when it
// drops itself. What it throws is a line in the log. Moves, does not copy.
class [[nodiscard]] Task {
 public:
  Task() = default;
  // `delay` before the first time, `interval` between the end of one and the next; 0: once.
  static Result<Task> make(const detail::Services& services, std::function<void()> work,
                           std::chrono::milliseconds delay, std::chrono::milliseconds interval) {
    auto job = std::make_shared<detail::Job>(services, std::move(work), interval);
    if (const auto taken = job->set(delay); !taken) return taken.failure();
    return Task(std::move(job));
  }
  Task(Task&&) noexcept = default;
  Task& operator=(Task&& other) noexcept {
    cancel();
    job_ = std::move(other.job_);
    return *this;
  }
  ~Task() { cancel(); }
  void cancel() {
    if (const auto job = std::move(job_)) job->cancel();
  }

 private:
  explicit Task(std::shared_ptr<detail::Job> job) : job_(std::move(job)) {}
  std::shared_ptr<detail::Job> job_;
};

}  // namespace modhost
