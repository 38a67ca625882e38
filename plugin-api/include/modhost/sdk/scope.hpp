// One attempt at an event as all that works for it shares it: whether it is cancelled, and what has to hear of that.
#pragma once

#include <modhost/plugin.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "modhost/sdk/async.hpp"
#include "modhost/sdk/services.hpp"

namespace modhost::detail {

// Resumes its coroutine once both have happened, in whatever order: await_suspend() has come to its end and the news is
// there. Until then the frame that holds it stays as it is.
class Rendezvous {
 public:
  // The last word of await_suspend(): false when the news came meanwhile, and nobody else resumes.
  bool suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    return !is_met_.exchange(true, std::memory_order_acq_rel);
  }
  // The news is stored. Nothing of the frame may be touched after this.
  void arrive() {
    if (is_met_.exchange(true, std::memory_order_acq_rel)) waiter_.resume();
  }

 private:
  std::atomic<bool> is_met_{false};
  std::coroutine_handle<> waiter_;
};

// A host whose time is not the machine's, such as the fake one, offers this: it keeps the calling thread for so long.
inline constexpr const char* kServiceWait = "modhost.testing.wait/1";
struct WaitService {
  modhost_status (*wait)(const modhost_host* host, modhost_event_id event, std::int64_t time_ms) MODHOST_NOEXCEPT;
};

// Whether what is awaited gives its thread back or keeps it.
enum class Style { kAwaits, kBlocks };

// Thread-safe.
class Scope {
 public:
  explicit Scope(const Services& services, modhost_event_id event, Style style = Style::kAwaits)
      : services_(services), event_(event), style_(style) {}

  [[nodiscard]] bool is_blocking() const { return style_ == Style::kBlocks; }
  [[nodiscard]] const Services& services() const { return services_; }
  [[nodiscard]] modhost_event_id event() const { return event_; }
  // MODHOST_CANCEL_*, 0 while the result is wanted.
  [[nodiscard]] std::int32_t reason() const {
    const std::lock_guard lock(mutex_);
    return reason_;
  }
  // `status` is what came of waiting: a call may hear of the cancel before on_cancel does.
  void throw_if_cancelled(modhost_status status) const {
    if (const std::int32_t why = reason(); why != 0) throw Cancelled{why};
    if (status == MODHOST_E_CLOSED) throw Cancelled{MODHOST_CANCEL_STOPPING};
    if (status != MODHOST_E_CANCELLED && status != MODHOST_E_GONE) return;
    const std::int32_t why = services_.event->cancelled(services_.host, event_);
    if (why > 0 || status == MODHOST_E_GONE) throw Cancelled{std::max(why, 0)};
  }

  // Keeps this thread for so long; MODHOST_E_CANCELLED as soon as the result is no longer wanted.
  modhost_status block_for(std::chrono::milliseconds time) const {
    const auto* const other =
        static_cast<const WaitService*>(services_.host->get_service(services_.host, kServiceWait));
    if (other != nullptr) return other->wait(services_.host, event_, time.count());
    std::unique_lock lock(mutex_);
    return cancelled_.wait_for(lock, time, [this] { return reason_ != 0; }) ? MODHOST_E_CANCELLED : MODHOST_OK;
  }

  // A timer that rings no more when the event is cancelled: `cancelled` is called in its place. False: it is cancelled.
  bool enter(void* waiter, modhost_timer_id timer, void (*cancelled)(void* waiter)) {
    const std::lock_guard lock(mutex_);
    if (reason_ == 0) timers_[waiter] = {timer, cancelled};
    return reason_ == 0;
  }
  void leave(void* waiter) {
    const std::lock_guard lock(mutex_);
    timers_.erase(waiter);
  }

  void cancel(std::int32_t reason) {
    std::unordered_map<void*, Timer> timers;
    {
      const std::lock_guard lock(mutex_);
      if (reason_ != 0) return;
      reason_ = reason;
      timers.swap(timers_);
      cancelled_.notify_all();
    }
    // A timer that can be cancelled has not rung: its waiter is still there, and nobody else resumes it.
    for (const auto& [waiter, timer] : timers)
      if (services_.task->cancel(services_.host, timer.id) == MODHOST_OK) timer.cancelled(waiter);
  }

 private:
  struct Timer {
    modhost_timer_id id = 0;
    void (*cancelled)(void* waiter) = nullptr;
  };
  const Services services_;
  const modhost_event_id event_;
  const Style style_;
  mutable std::mutex mutex_;
  mutable std::condition_variable cancelled_;
  std::int32_t reason_ = 0;
  std::unordered_map<void*, Timer> timers_;
};

}  // namespace modhost::detail
