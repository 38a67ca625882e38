// What the Unique platform means when a call fails: status and body become one PlatformError. Host and SDK read answers
// with this one header; it needs nothing but the standard library and RapidJSON.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "modhost/unique/detail/json.hpp"

namespace modhost::unique {

enum class ErrorClass { kInvalidRequest, kAuthentication, kPermission, kApi, kApiConnection };

struct PlatformError {
  ErrorClass kind = ErrorClass::kApi;
  int http_status = 0;           // 0: there was no answer
  std::string message;           // what the platform says; empty when it says nothing
  std::string code;              // the platform's own code, or empty
  std::string params;            // JSON text, or empty
  std::string inner;             // "<code>: <message>" of the cause, or empty
  std::string detail;            // further messages, e.g. which fields did not validate
  std::string request_id;        // header request-id, for the platform's support
  bool body_unreadable = false;  // not JSON or not UTF-8
};

inline std::string_view to_string(ErrorClass kind) {
  constexpr std::array<std::string_view, 5> kNames = {"InvalidRequestError", "AuthenticationError", "PermissionError",
                                                      "APIError", "APIConnectionError"};
  return kNames[static_cast<std::size_t>(kind)];
}

// One line for a log or a user: class, status, message, detail, cause. Never the body.
std::string to_string(const PlatformError& error);

// The error of a complete answer; nothing when it is a success: 2xx with JSON or with no body. A 2xx whose body is not
// JSON is an error as well. Bodies of any depth and size are safe.
std::optional<PlatformError> read_error(int status, std::string_view body, std::string_view request_id = {});

// No answer came: network failure or timeout. `cause` says which.
inline PlatformError connection_error(std::string cause = {}) {
  PlatformError error;
  error.kind = ErrorClass::kApiConnection;
  error.message = "Unexpected error communicating with Unique.";
  error.inner = std::move(cause);
  return error;
}

// The platform is at fault and the same call may succeed later: 5xx, no answer, or words it uses for passing trouble.
bool may_pass(const PlatformError& error);

namespace detail {

inline ErrorClass class_of(int status) {
  if (status == 400 || status == 404) return ErrorClass::kInvalidRequest;
  if (status == 401) return ErrorClass::kAuthentication;
  return status == 403 ? ErrorClass::kPermission : ErrorClass::kApi;
}

inline void read_cause(const Json& cause, PlatformError& error) {
  if (const Json* status = member(cause, "status"); status != nullptr && status->IsInt()) {
    error.kind = class_of(status->GetInt());
    if (error.kind != ErrorClass::kInvalidRequest) error.http_status = status->GetInt();
  }
  const Json* origin = cause.IsString() ? &cause : member(cause, "error");
  if (origin == nullptr) return;
  const std::string code = text(member(*origin, "code"));
  const std::string message = origin->IsString() ? text(origin) : text(member(*origin, "message"));
  if (!code.empty() || !message.empty()) error.inner = (code.empty() ? "?" : code) + ": " + message;
}

inline void read_body(const Json& body, PlatformError& error) {
  const Json* inner = member(body, "error");
  if (inner != nullptr && !inner->IsObject()) {  // NestJS: {"statusCode", "message", "error": "Not Found"}
    error.kind = ErrorClass::kApi;
    error.message = text(inner);
    error.detail = text(member(body, "message"));
    return;
  }
  const Json& source = inner != nullptr ? *inner : body;
  error.message = text(member(source, "message"));
  error.code = text(member(source, "code"));
  if (const Json* params = member(source, "params")) error.params = text(params);
  if (const Json* cause = member(source, "cause")) read_cause(*cause, error);
}

}  // namespace detail

inline std::optional<PlatformError> read_error(int status, std::string_view body, std::string_view request_id) {
  const bool success = status >= 200 && status < 300;
  if (success && (body.empty() || detail::is_json(body))) return std::nullopt;
  PlatformError error;
  error.kind = success ? ErrorClass::kApi : detail::class_of(status);
  error.http_status = status;
  error.request_id = request_id;
  if (body.empty()) return error;
  error.kind = ErrorClass::kApi;
  error.body_unreadable = success || !detail::is_json(body);
  if (error.body_unreadable) return error;
  rapidjson::Document document;
  document.Parse(body.data(), body.size());
  if (!document.IsObject()) return error;
  error.kind = detail::class_of(status);
  detail::read_body(document, error);
  return error;
}

inline bool may_pass(const PlatformError& error) {
  if (error.kind == ErrorClass::kApiConnection) return true;
  if (error.kind != ErrorClass::kApi) return false;
  if (error.http_status >= 500 && error.http_status < 600) return true;
  constexpr std::array<std::string_view, 5> kPhrases = {
      "problem proxying the request", "upstream service reached a hard timeout", "you can retry your request",
      "internal server error", "connection aborted"};
  std::string said = error.message + '\n' + error.inner;
  std::transform(said.begin(), said.end(), said.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::any_of(kPhrases.begin(), kPhrases.end(),
                     [&](std::string_view phrase) { return said.find(phrase) != std::string::npos; });
}

inline std::string to_string(const PlatformError& error) {
  std::string line(to_string(error.kind));
  if (error.http_status != 0) line += " " + std::to_string(error.http_status);
  if (!error.code.empty()) line += " [" + error.code + "]";
  if (!error.message.empty()) line += ": " + error.message;
  if (error.body_unreadable) line += ": the answer is not JSON";
  if (!error.detail.empty()) line += " (" + error.detail + ")";
  if (!error.inner.empty()) line += ", caused by " + error.inner;
  if (!error.request_id.empty()) line += ", request " + error.request_id;
  return line;
}

}  // namespace modhost::unique
