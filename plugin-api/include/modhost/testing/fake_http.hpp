// The http service of the fake host: scripted answers and recorded calls.
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
    const bool is_over = live == self.events_.end() || live->second.ended;
    if (request.event != 0 && is_over) return MODHOST_E_GONE;
    const bool is_path = to_view(request.target).substr(0, 1) == "/";
    const bool is_platform_call = (request.flags & MODHOST_HTTP_PLATFORM) != 0;
    return is_platform_call == is_path ? MODHOST_OK : MODHOST_E_INVALID;
  }

  static modhost_status start(const modhost_host* host, const modhost_http_request* request,
                              const modhost_http_sink* sink, modhost_call_id* call) noexcept {
    FakeHost& self = of(host);
    if (const modhost_status status = check(self, *request); status != MODHOST_OK) return status;
    Answer answer = self.record(*request);
    if (answer.is_refused) return answer.result;
    const std::lock_guard lock(self.mutex_);
    *call = ++self.handles_;
    // In two pieces when nothing else is asked for: plugins must not rely on getting it whole.
    if (answer.pieces.empty() && answer.result == MODHOST_OK && !answer.body.empty())
      answer.pieces = {answer.body.substr(0, answer.body.size() / 2), answer.body.substr(answer.body.size() / 2)};
    self.deliveries_.push_back({*call, request->event, *sink, std::move(answer)});
    if (self.cancel_reason_ != 0) self.deliveries_.back().end(MODHOST_E_CANCELLED);
    self.changed_.notify_all();
    return MODHOST_OK;
  }
  static modhost_status pause(const modhost_host* host, modhost_call_id call, std::uint32_t paused) noexcept {
    return change(of(host), call, [paused](FakeHost::Delivery& delivery) { delivery.is_paused = paused != 0; });
  }
  static modhost_status cancel(const modhost_host* host, modhost_call_id call) noexcept {
    return change(of(host), call, [](FakeHost::Delivery& delivery) { delivery.end(MODHOST_E_CANCELLED); });
  }
  template <class Change>
  static modhost_status change(FakeHost& self, modhost_call_id call, Change change) {
    const std::lock_guard lock(self.mutex_);
    for (FakeHost::Delivery& delivery : self.deliveries_) {
      if (delivery.call != call) continue;
      change(delivery);
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
    std::string body;
    for (const std::string& piece : answer.pieces) body += piece;
    response->body = FakeServices::blob(answer.pieces.empty() ? answer.body : body);
    return MODHOST_OK;
  }
};

inline Answer FakeHost::record(const modhost_http_request& request) {
  Call call{std::string(to_view(request.method)),
            std::string(to_view(request.target)),
            {},
            {},
            request.flags,
            request.event,
            {}};
  call.body.assign(static_cast<const char*>(request.body.ptr), request.body.len);
  for (std::size_t i = 0; i < request.header_count; ++i)
    call.headers.emplace_back(to_view(request.headers[i].key), to_view(request.headers[i].value));
  const std::lock_guard lock(mutex_);
  call.time = now_;
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

}  // namespace modhost::testing
