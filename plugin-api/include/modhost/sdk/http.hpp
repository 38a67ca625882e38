// HTTP through the host, which adds base URL, credentials and the event's user and company to platform calls. A call is
// awaited, or waited for with get(), which keeps its thread; it ends with the event's attempt.
#pragma once

#include <modhost/plugin.h>

#include <chrono>
#include <memory>
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

// The seconds of a Retry-After (RFC 9110 10.2.3); 0 for none, and for a date.
inline std::chrono::seconds retry_after(const HttpResponse& answer) {
  constexpr std::size_t kDigitsMax = 6;
  const std::string text = answer.header("retry-after");
  const bool is_number =
      !text.empty() && text.size() <= kDigitsMax && text.find_first_not_of("0123456789") == std::string::npos;
  return std::chrono::seconds(is_number ? std::stol(text) : 0);
}

// What an answer of the platform means that is not a success: a retry when it may pass, or when there were too many
// calls at once.
inline std::optional<Failure> read_failure(const HttpRequest& request, const HttpResponse& answer) {
  auto error = unique::read_error(answer.status, answer.body, answer.header("request-id"));
  if (!error) return std::nullopt;
  const bool is_passing = unique::may_pass(*error) || answer.status == 408 || answer.status == 429;
  Failure failure{is_passing ? MODHOST_E_RETRY : MODHOST_E_INTERNAL, request.name() + ": " + unique::to_string(*error),
                  is_passing ? retry_after(answer) : std::chrono::seconds(0), answer.status};
  failure.platform = std::make_shared<unique::PlatformError>(*std::move(error));
  return failure;
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
              return *read_failure(sent, answer);
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
  std::shared_ptr<detail::Scope> scope_;
};

}  // namespace modhost
