// The http service of the fake host: scripted answers, recorded calls, asynchronous ones delivered by a thread of its
// own.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>

#include "modhost/testing/fake_services.hpp"

namespace modhost::testing {

struct FakeHttp {
  static FakeHost& of(const modhost_host* host) { return FakeServices::of(host); }

  // What a real host refuses before anything is sent.
  static modhost_status check(FakeHost& self, const modhost_http_request& request) {
    const std::lock_guard lock(self.mutex_);
    const auto live = self.events_.find(request.event);
    if (self.is_closing_) return MODHOST_E_CLOSED;
    if (live == self.events_.end() || live->second.ended) return MODHOST_E_GONE;
    const bool is_path = to_view(request.target).substr(0, 1) == "/";
    const bool is_platform_call = (request.flags & MODHOST_HTTP_PLATFORM) != 0;
    return is_platform_call == is_path ? MODHOST_OK : MODHOST_E_INVALID;
  }

  static modhost_status start(const modhost_host* host, const modhost_http_request* request,
                              const modhost_http_sink* sink, modhost_call_id* call) noexcept {
    FakeHost& self = of(host);
    if (const modhost_status status = check(self, *request); status != MODHOST_OK) return status;
    Answer answer = self.record(*request);
    const std::lock_guard lock(self.mutex_);
    if (self.cancel_reason_ != 0) answer = Answer{.result = MODHOST_E_CANCELLED};
    *call = ++self.handles_;
    self.deliveries_.push_back({*call, *sink, std::move(answer)});
    self.changed_.notify_all();
    return MODHOST_OK;
  }
  static modhost_status pause(const modhost_host*, modhost_call_id, std::uint32_t) noexcept { return MODHOST_OK; }
  static modhost_status cancel(const modhost_host* host, modhost_call_id call) noexcept {
    FakeHost& self = of(host);
    const std::lock_guard lock(self.mutex_);
    for (FakeHost::Delivery& delivery : self.deliveries_) {
      if (delivery.call != call) continue;
      delivery.answer = Answer{.result = MODHOST_E_CANCELLED};
      self.changed_.notify_all();
      return MODHOST_OK;
    }
    return MODHOST_E_GONE;
  }
  static modhost_status perform(const modhost_host* host, const modhost_http_request* request,
                                modhost_http_response* response, modhost_error* error) noexcept {
    FakeHost& self = of(host);
    if (const modhost_status status = check(self, *request); status != MODHOST_OK) return status;
    const Answer answer = self.record(*request);
    if (answer.result != MODHOST_OK) {
      error->message_len = static_cast<std::uint32_t>(std::min(answer.detail.size(), sizeof error->message));
      std::memcpy(error->message, answer.detail.data(), error->message_len);
      return answer.result;
    }
    response->status = answer.status;
    response->headers = FakeServices::blob(answer.headers);
    response->body = FakeServices::blob(answer.body);
    return MODHOST_OK;
  }

  // One asynchronous answer, in two pieces when it has a body: plugins must not rely on getting it whole.
  static void deliver(const modhost_http_sink& sink, modhost_call_id call, const Answer& answer) {
    modhost_status result = answer.result;
    if (result == MODHOST_OK && sink.head != nullptr) result = sink.head(sink.user, call, answer.status, nullptr, 0);
    const std::size_t half = answer.body.size() / 2;
    for (const std::string_view piece :
         {std::string_view(answer.body).substr(0, half), std::string_view(answer.body).substr(half)})
      if (result == MODHOST_OK && sink.data != nullptr && !piece.empty())
        result = sink.data(sink.user, call, {piece.data(), piece.size()});
    sink.done(sink.user, call, result < 0 ? result : MODHOST_OK, to_str(answer.detail));
  }
};

inline Answer FakeHost::record(const modhost_http_request& request) {
  Call call{
      std::string(to_view(request.method)), std::string(to_view(request.target)), {}, {}, request.flags, request.event};
  call.body.assign(static_cast<const char*>(request.body.ptr), request.body.len);
  for (std::size_t i = 0; i < request.header_count; ++i)
    call.headers.emplace_back(to_view(request.headers[i].key), to_view(request.headers[i].value));
  const std::lock_guard lock(mutex_);
  calls_.push_back(call);
  changed_.notify_all();
  for (Script& script : scripts_) {
    if (script.method != call.method || call.target.compare(0, script.target.size(), script.target) != 0) continue;
    Answer answer = script.answers.front();
    if (script.answers.size() > 1) script.answers.pop_front();
    return answer;
  }
  return {};
}

inline bool FakeHost::has_deliverable() const {
  return std::any_of(deliveries_.begin(), deliveries_.end(),
                     [](const Delivery& delivery) { return !delivery.answer.is_held; });
}

// Moves the timers that are due to the tasks. While somebody waits and nothing is left to do, time jumps to the next.
inline void FakeHost::ring() {
  if (is_idle() && awaiting_ > 0 && !is_delivering_ && !timers_.empty()) now_ = std::max(now_, timers_.begin()->first);
  const auto end = timers_.upper_bound(now_);
  for (auto it = timers_.begin(); it != end; ++it) tasks_.push_back(it->second);
  timers_.erase(timers_.begin(), end);
}

inline void FakeHost::deliver() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] {
      ring();
      return is_ending_ || !is_idle();
    });
    if (is_idle()) return;
    is_delivering_ = true;
    if (!tasks_.empty()) {
      const Task next = tasks_.front();
      tasks_.pop_front();
      lock.unlock();
      next.fn(next.user, next.why);
    } else {
      const auto found = std::find_if(deliveries_.begin(), deliveries_.end(),
                                      [](const Delivery& delivery) { return !delivery.answer.is_held; });
      const Delivery next = std::move(*found);
      deliveries_.erase(found);
      lock.unlock();
      FakeHttp::deliver(next.sink, next.call, next.answer);
    }
    lock.lock();
    is_delivering_ = false;
    changed_.notify_all();
  }
}

}  // namespace modhost::testing
