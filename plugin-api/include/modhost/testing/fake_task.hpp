// The task service of the fake host: work and timers on its one thread.
#pragma once

#include <algorithm>

#include "modhost/testing/fake_services.hpp"

namespace modhost::testing {

struct FakeTask {
  static modhost_status submit(const modhost_host* host, modhost_task_fn fn, void* user) noexcept {
    FakeHost& self = FakeServices::of(host);
    if (fn == nullptr) return MODHOST_E_INVALID;
    const std::lock_guard lock(self.mutex_);
    if (self.is_closing_) return MODHOST_E_CLOSED;
    self.tasks_.push_back({fn, user, 0, MODHOST_OK});
    self.changed_.notify_all();
    return MODHOST_OK;
  }
  static modhost_status after(const modhost_host* host, std::int64_t delay_ms, modhost_task_fn fn, void* user,
                              modhost_timer_id* timer) noexcept {
    FakeHost& self = FakeServices::of(host);
    if (fn == nullptr || delay_ms < 0) return MODHOST_E_INVALID;
    const std::lock_guard lock(self.mutex_);
    if (self.is_closing_) return MODHOST_E_CLOSED;
    const modhost_timer_id id = ++self.handles_;
    if (timer != nullptr) *timer = id;
    self.timers_.emplace(self.now_ + std::chrono::milliseconds(delay_ms), FakeHost::Task{fn, user, id, MODHOST_OK});
    self.changed_.notify_all();
    return MODHOST_OK;
  }
  static modhost_status cancel(const modhost_host* host, modhost_timer_id timer) noexcept {
    FakeHost& self = FakeServices::of(host);
    const std::lock_guard lock(self.mutex_);
    const auto found = std::find_if(self.timers_.begin(), self.timers_.end(),
                                    [timer](const auto& entry) { return entry.second.timer == timer; });
    if (found == self.timers_.end()) return MODHOST_E_GONE;
    self.timers_.erase(found);
    return MODHOST_OK;
  }
  static modhost_status wait(const modhost_host* host, modhost_event_id, std::int64_t time_ms) noexcept {
    FakeHost& self = FakeServices::of(host);
    std::unique_lock lock(self.mutex_);
    const auto wait = self.waits_.insert(self.now_ + std::chrono::milliseconds(time_ms));
    ++self.awaiting_;
    self.changed_.notify_all();
    self.changed_.wait(lock, [&] { return self.cancel_reason_ != 0 || self.is_closing_ || self.now_ >= *wait; });
    --self.awaiting_;
    self.waits_.erase(wait);
    return self.cancel_reason_ != 0 ? MODHOST_E_CANCELLED : self.is_closing_ ? MODHOST_E_CLOSED : MODHOST_OK;
  }
};

}  // namespace modhost::testing
