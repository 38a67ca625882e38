// HTTP through the host, which adds base URL, credentials and the event's user and company to platform calls. A call is
// awaited, or waited for with get(), which keeps its thread; it ends with the event's attempt.
#pragma once

#include <modhost/plugin.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modhost/sdk/call.hpp"
#include "modhost/sdk/http_stream.hpp"
#include "modhost/unique/error.hpp"

namespace modhost {

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
  explicit Http(std::shared_ptr<detail::Scope> scope) : scope_(std::move(scope)) {}

  [[nodiscard]] Call<HttpResponse> send(HttpRequest request) const {
    return {scope_, std::move(request),
            [](const HttpRequest&, HttpResponse&& answer) -> Result<HttpResponse> { return std::move(answer); }};
  }
  // The same with its body piece by piece, for answers that are long or take their time.
  [[nodiscard]] HttpStream stream(HttpRequest request) const { return {scope_, std::move(request)}; }

 private:
  std::shared_ptr<detail::Scope> scope_;
};

// What an answer of the platform means that is not a success: a retry when it may pass.
inline std::optional<Failure> read_failure(const HttpRequest& request, const HttpResponse& answer) {
  const auto error = unique::read_error(answer.status, answer.body, answer.header("request-id"));
  if (!error) return std::nullopt;
  return Failure{unique::may_pass(*error) ? MODHOST_E_RETRY : MODHOST_E_INTERNAL,
                 request.name() + ": " + unique::to_string(*error),
                 {},
                 answer.status};
}

// The platform's REST API for one event: JSON in, JSON out. An error answer is a Failure with the platform's words: a
// retry when it may pass.
class Api {
 public:
  explicit Api(std::shared_ptr<detail::Scope> scope) : scope_(std::move(scope)) {}
  [[nodiscard]] Call<JsonDocument> get(std::string target) const { return call("GET", std::move(target), {}); }
  [[nodiscard]] Call<JsonDocument> post(std::string target, const JsonText& body) const {
    return call("POST", std::move(target), body.text());
  }
  [[nodiscard]] Call<JsonDocument> put(std::string target, const JsonText& body) const {
    return call("PUT", std::move(target), body.text());
  }
  [[nodiscard]] Call<JsonDocument> patch(std::string target, const JsonText& body) const {
    return call("PATCH", std::move(target), body.text());
  }
  [[nodiscard]] Call<JsonDocument> remove(std::string target) const { return call("DELETE", std::move(target), {}); }
  // A call with headers of its own, or whose answer is not JSON. Any 2xx is a value.
  [[nodiscard]] Call<HttpResponse> send(HttpRequest request) const {
    return {scope_, std::move(request), [](const HttpRequest& sent, HttpResponse&& answer) -> Result<HttpResponse> {
              if (answer.status >= 200 && answer.status < 300) return std::move(answer);
              return failure(sent, answer, *error_of(answer));
            }};
  }

 private:
  [[nodiscard]] Call<JsonDocument> call(std::string method, std::string target, std::string body) const {
    HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    return {scope_, std::move(request), read};
  }
  static Result<JsonDocument> read(const HttpRequest& request, HttpResponse&& answer) {
    if (auto failure = read_failure(request, answer)) return *std::move(failure);
    return answer.json();
  }
  static std::optional<unique::PlatformError> error_of(const HttpResponse& answer) {
    return unique::read_error(answer.status, answer.body, answer.header("request-id"));
  }
  static Failure failure(const HttpRequest& request, const HttpResponse& answer, const unique::PlatformError& error) {
    return {unique::may_pass(error) ? MODHOST_E_RETRY : MODHOST_E_INTERNAL,
            request.name() + ": " + unique::to_string(error),
            {},
            answer.status};
  }
  std::shared_ptr<detail::Scope> scope_;
};

}  // namespace modhost
