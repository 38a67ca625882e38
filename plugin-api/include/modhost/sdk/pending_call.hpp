// An HTTP call under way, in the two forms that the host has: one that blocks, and one that resumes a coroutine.
#pragma once

#include <modhost/plugin.h>

#include <algorithm>
#include <coroutine>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "modhost/sdk/http_message.hpp"
#include "modhost/sdk/scope.hpp"
#include "modhost/unique/error.hpp"

namespace modhost::detail {

// A request as the host takes it; borrows from the HttpRequest.
struct RawRequest {
  RawRequest(const HttpRequest& request, modhost_event_id event) {
    for (const auto& [name, value] : request.headers) headers.push_back({to_str(name), to_str(value)});
    raw.struct_size = sizeof raw;
    if (request.is_platform_call) raw.flags |= MODHOST_HTTP_PLATFORM;
    if (request.is_safe_to_repeat) raw.flags |= MODHOST_HTTP_SAFE_TO_REPEAT;
    raw.method = to_str(request.method);
    raw.target = to_str(request.target);
    raw.headers = headers.data();
    raw.header_count = headers.size();
    raw.body = {request.body.data(), request.body.size()};
    raw.timeout_ms = request.timeout.count();
    raw.event = event;
  }
  std::vector<modhost_kv> headers;
  modhost_http_request raw{};
};

// Trouble that may pass asks for another run of the event; an ended event is told as such.
inline Failure explain(const HttpRequest& request, modhost_status status, std::string_view detail) {
  const bool may_pass = status == MODHOST_E_NETWORK || status == MODHOST_E_TIMEOUT || status == MODHOST_E_FULL;
  const bool is_over = status == MODHOST_E_CANCELLED || status == MODHOST_E_GONE || status == MODHOST_E_CLOSED;
  const std::string words = detail.empty() ? words_of(status) : std::string(detail);
  Failure failure{may_pass ? MODHOST_E_RETRY : is_over ? MODHOST_E_CANCELLED : status, request.name() + ": " + words};
  if (request.is_platform_call && (status == MODHOST_E_NETWORK || status == MODHOST_E_TIMEOUT))
    failure.platform = std::make_shared<unique::PlatformError>(unique::connection_error(words));
  return failure;
}

// "name: value\n" lines.
inline std::string header_lines(const modhost_kv* headers, std::size_t count) {
  std::string lines;
  for (std::size_t i = 0; i < count; ++i)
    lines.append(to_view(headers[i].key)).append(": ").append(to_view(headers[i].value)) += '\n';
  return lines;
}

// The blocking form.
inline modhost_status perform(const Scope& scope, const HttpRequest& request, HttpResponse& response,
                              std::string& detail) {
  const RawRequest raw(request, scope.event());
  modhost_error error{};
  error.struct_size = sizeof error;
  modhost_http_response answer{};
  answer.struct_size = sizeof answer;
  const Services& services = scope.services();
  const modhost_status status = services.http->perform(services.host, &raw.raw, &answer, &error);
  if (status < 0) {
    detail.assign(error.message, std::min<std::size_t>(error.message_len, sizeof error.message));
    return status;
  }
  Blob lines, body;
  lines.raw = answer.headers;
  body.raw = answer.body;
  response = {answer.status, lines.text(), body.text()};
  return MODHOST_OK;
}
inline Result<HttpResponse> perform(const Scope& scope, const HttpRequest& request) {
  HttpResponse response;
  std::string detail;
  const modhost_status status = perform(scope, request, response, detail);
  if (status < 0) return explain(request, status, detail);
  return response;
}

// One call under way: lives in the coroutine's frame until it is resumed.
class PendingCall {
 public:
  bool start(const Scope& scope, const HttpRequest& request, std::coroutine_handle<> waiter) {
    const RawRequest raw(request, scope.event());
    const modhost_http_sink sink{sizeof(modhost_http_sink), 0, this, head, data, done};
    modhost_call_id call = 0;
    const modhost_status started = scope.services().http->start(scope.services().host, &raw.raw, &sink, &call);
    if (started == MODHOST_OK) return meeting_.suspend(waiter);  // done() may have run already
    status_ = started;
    return false;
  }
  void perform(const Scope& scope, const HttpRequest& request) {
    status_ = detail::perform(scope, request, response_, detail_);
  }
  Result<HttpResponse> take(const HttpRequest& request) {
    if (status_ < 0) return explain(request, status_, detail_);
    return std::move(response_);
  }
  [[nodiscard]] modhost_status status() const { return status_; }

 private:
  static PendingCall& of(void* user) { return *static_cast<PendingCall*>(user); }
  static modhost_status head(void* user, modhost_call_id, std::int32_t status, const modhost_kv* headers,
                             std::size_t count) noexcept {
    of(user).response_ = {status, header_lines(headers, count), {}};
    return MODHOST_OK;
  }
  static modhost_status data(void* user, modhost_call_id, modhost_bytes chunk) noexcept {
    of(user).response_.body.append(static_cast<const char*>(chunk.ptr), chunk.len);
    return MODHOST_OK;
  }
  static void done(void* user, modhost_call_id, modhost_status result, modhost_str detail) noexcept {
    of(user).status_ = result;
    of(user).detail_ = to_view(detail);
    of(user).meeting_.arrive();
  }
  modhost_status status_ = MODHOST_OK;
  std::string detail_;
  HttpResponse response_;
  Rendezvous meeting_;
};

}  // namespace modhost::detail
