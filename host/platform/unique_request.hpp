// A call of the Unique API as an HttpRequest: the host's credentials and identity, somebody else's path and body. What
// a plugin may not say about itself is refused here.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "platform/http_client.hpp"

namespace modhost::platform {

inline constexpr std::string_view kApiVersion = "2023-12-06";  // the only value that works for these paths

// What the caller chooses and on whose behalf the call is made.
struct UniqueCall {
  std::string method = "GET";  // GET, POST, PATCH, PUT, DELETE or HEAD
  std::string target;          // path below the API base with an optional query, e.g. "/messages?chatId=chat_1"
  HeaderList headers;          // beside those of the host
  std::string body;
  std::string user_id, company_id;  // of the event, sent when not empty
  std::string traceparent;          // of the event, sent when well-formed
  Deadline deadline;
  bool safe_to_repeat = false;
  std::size_t response_bytes_max = limits::kResponseBytesMax;
};

// kInvalid: a method the platform does not have, a target check_target()
// refuses, a header check_header() refuses, or ids that can not be header values. [any, pure]
Result<HttpRequest> build_request(const config::App& app, UniqueCall call);

// A target starts with one '/', holds only characters a URL may hold, and its path has no '//', no '.' or '..' segment
// and no control character, plain or percent-encoded (also twice).
Result<void> check_target(std::string_view target);

// A header that does not belong to the host (credentials, identity, framing, connection) and fits on a line.
Result<void> check_header(std::string_view name, std::string_view value);

}  // namespace modhost::platform
