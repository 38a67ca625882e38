// What travels over an HTTP connection: a request as received and a response as asked for.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace modhost::http {

struct Header {
  std::string name;  // as received; compare with equal_names()
  std::string value;
};

bool equal_names(std::string_view a, std::string_view b);  // ASCII case-insensitive

struct Request {
  std::string method;
  std::string target;                            // path and query; an absolute-form target is reduced to these
  [[nodiscard]] std::string_view path() const;   // target up to '?'
  [[nodiscard]] std::string_view query() const;  // after '?', or empty
  std::vector<Header> headers;
  std::string body;
  std::string peer;  // remote address for logs
  UnixMillis received_at{};
  SteadyTime received_steady{};

  // The value of the only header so named; nothing when absent. Several: the first (see count()).
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<Header> headers;  // further ones; framing headers are the server's
  bool close = false;           // close the connection after it
};

// The answer to what the server refuses itself: a JSON body that names the status and nothing of the inside.
Response refusal(int status);
std::string_view reason_phrase(int status);  // "Not Found"; "Unknown" for a status not known here

}  // namespace modhost::http
