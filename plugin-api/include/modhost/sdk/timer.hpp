// Waiting without a thread, `co_await event.sleep(2s)`, or with it, `event.sleep(2s).get()`.
#pragma once

#include <chrono>
#include <coroutine>
#include <memory>
#include <utility>

#include "modhost/sdk/scope.hpp"

namespace modhost {

// Ends early by throwing Cancelled when the event is cancelled or the instance stops.
class [[nodiscard]] Sleep {
 public:
  Sleep(std::shared_ptr<detail::Scope> scope, std::chrono::milliseconds time) : scope_(std::move(scope)), time_(time) {}

  auto operator co_await() && noexcept { return Awaiter(*scope_, time_); }
  // Keeps this thread; the Failure says that the result is no longer wanted.
  Result<void> get() && {
    if (scope_->reason() != 0 || scope_->block_for(time_) != MODHOST_OK) return cancelled();
    return {};
  }

 private:
  class Awaiter {
   public:
    Awaiter(detail::Scope& scope, std::chrono::milliseconds time) : scope_(scope), time_(time) {}
    [[nodiscard]] bool await_ready() {
      if (scope_.reason() != 0) return true;
      if (scope_.is_blocking()) status_ = scope_.block_for(time_);
      return scope_.is_blocking();
    }
    bool await_suspend(std::coroutine_handle<> waiter) {
      const auto& services = scope_.services();
      modhost_timer_id timer = 0;
      const modhost_status set = services.task->after(services.host, time_.count(), ring, this, &timer);
      if (set != MODHOST_OK) {
        status_ = set;
        return false;
      }
      // Cancelled just now: the timer goes at once, unless it rings already.
      if (!scope_.enter(this, timer, cancelled) && services.task->cancel(services.host, timer) == MODHOST_OK)
        return false;
      return meeting_.suspend(waiter);
    }
    void await_resume() {
      scope_.leave(this);
      scope_.throw_if_cancelled(status_);
      if (status_ < 0) throw Error(Failure{MODHOST_E_RETRY, "no timer: " + std::to_string(status_)});
    }

   private:
    static void ring(void* self, modhost_status why) noexcept {
      static_cast<Awaiter*>(self)->status_ = why;
      static_cast<Awaiter*>(self)->meeting_.arrive();
    }
    // On the thread that cancels, which may not be held up: the coroutine goes on on one of the instance's own.
    static void cancelled(void* self) {
      const auto& services = static_cast<Awaiter*>(self)->scope_.services();
      if (services.task->submit(services.host, ring, self) != MODHOST_OK) ring(self, MODHOST_E_CLOSED);
    }
    detail::Scope& scope_;
    const std::chrono::milliseconds time_;
    modhost_status status_ = MODHOST_OK;
    detail::Rendezvous meeting_;
  };
  const std::shared_ptr<detail::Scope> scope_;
  const std::chrono::milliseconds time_;
};

}  // namespace modhost
