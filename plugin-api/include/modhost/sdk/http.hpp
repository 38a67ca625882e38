// HTTP through the host, which adds base URL, credentials and the event's user and company to platform calls. These
// calls block and keep their thread; they end with the event's attempt.
#pragma once

#include <modhost/plugin.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modhost/sdk/host.hpp"
#include "modhost/unique/error.hpp"

namespace modhost {

struct HttpRequest {
  std::string method = "GET";
  std::string target;  // platform: "/messages?chatId=..."; otherwise an absolute URL that `grants:` allows
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::chrono::milliseconds timeout{0};  // 0: as long as the attempt lasts
  bool is_platform_call = true;
  bool is_safe_to_repeat = false;  // a POST that may be sent again after its bytes went out
};

struct HttpResponse {
  int status = 0;
  std::string headers;  // "name: value\n" lines, names in lower case
  std::string body;

  [[nodiscard]] std::string header(std::string_view lower_case_name) const {
    const std::string key = std::string(lower_case_name) + ": ";
    for (std::size_t begin = 0; begin < headers.size();) {
      const std::size_t end = std::min(headers.find('\n', begin), headers.size());
      if (headers.compare(begin, key.size(), key) == 0)
        return headers.substr(begin + key.size(), end - begin - key.size());
      begin = end + 1;
    }
    return {};
  }
  [[nodiscard]] Result<JsonDocument> json() const { return JsonDocument::parse(body.empty() ? "{}" : body); }
};

// What the path and the query of a target need to hold any text.
inline std::string url_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '.' || c == '_' || c == '~';
    if (is_plain)
      encoded += c;
    else
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return encoded;
}

// Any request; any answer that came is a value, whatever its status.
class Http {
 public:
  Http(const detail::Services& services, modhost_event_id event) : services_(services), event_(event) {}

  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) const {
    std::vector<modhost_kv> headers;
    for (const auto& [name, value] : request.headers) headers.push_back({to_str(name), to_str(value)});
    modhost_http_request raw{};
    raw.struct_size = sizeof raw;
    if (request.is_platform_call) raw.flags |= MODHOST_HTTP_PLATFORM;
    if (request.is_safe_to_repeat) raw.flags |= MODHOST_HTTP_SAFE_TO_REPEAT;
    raw.method = to_str(request.method);
    raw.target = to_str(request.target);
    raw.headers = headers.data();
    raw.header_count = headers.size();
    raw.body = {request.body.data(), request.body.size()};
    raw.timeout_ms = request.timeout.count();
    raw.event = event_;
    modhost_error error{};
    error.struct_size = sizeof error;
    modhost_http_response answer{};
    answer.struct_size = sizeof answer;
    const modhost_status status = services_.http->perform(services_.host, &raw, &answer, &error);
    if (status < 0) return explain(request, status, error);
    detail::Blob lines, body;
    lines.raw = answer.headers;
    body.raw = answer.body;
    return HttpResponse{answer.status, lines.text(), body.text()};
  }

 private:
  // Trouble that may pass asks for another run of the event; an ended event is told as such.
  static Failure explain(const HttpRequest& request, modhost_status status, const modhost_error& error) {
    const bool may_pass = status == MODHOST_E_NETWORK || status == MODHOST_E_TIMEOUT || status == MODHOST_E_FULL;
    const bool is_over = status == MODHOST_E_CANCELLED || status == MODHOST_E_GONE || status == MODHOST_E_CLOSED;
    return Failure{may_pass  ? MODHOST_E_RETRY
                   : is_over ? MODHOST_E_CANCELLED
                             : status,
                   request.method + " " + request.target.substr(0, request.target.find('?')) + ": " +
                       std::string(error.message, std::min<std::size_t>(error.message_len, sizeof error.message))};
  }
  detail::Services services_;
  modhost_event_id event_;
};

// The platform's REST API for one event: JSON in, JSON out. An error answer is a Failure with the platform's words: a
// retry when it may pass.
class Api {
 public:
  explicit Api(const Http& http) : http_(http) {}
  [[nodiscard]] Result<JsonDocument> get(std::string target) const { return call("GET", std::move(target), {}); }
  [[nodiscard]] Result<JsonDocument> post(std::string target, const JsonText& body) const {
    return call("POST", std::move(target), body.text());
  }
  [[nodiscard]] Result<JsonDocument> put(std::string target, const JsonText& body) const {
    return call("PUT", std::move(target), body.text());
  }
  [[nodiscard]] Result<JsonDocument> patch(std::string target, const JsonText& body) const {
    return call("PATCH", std::move(target), body.text());
  }
  [[nodiscard]] Result<JsonDocument> remove(std::string target) const { return call("DELETE", std::move(target), {}); }

 private:
  [[nodiscard]] Result<JsonDocument> call(std::string method, std::string target, std::string body) const {
    HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    const auto answer = http_.send(request);
    if (!answer) return answer.failure();
    if (const auto error = unique::read_error(answer->status, answer->body, answer->header("request-id")))
      return Failure{
          unique::may_pass(*error) ? MODHOST_E_RETRY : MODHOST_E_INTERNAL,
          request.method + " " + request.target.substr(0, request.target.find('?')) + ": " + unique::to_string(*error),
          {},
          answer->status};
    return answer->json();
  }
  Http http_;
};

}  // namespace modhost
