// What an HTTP call sends and what comes back.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modhost/sdk/json_text.hpp"

namespace modhost {

struct HttpRequest {
  // Made, then filled: a list in braces is refused, because GCC 12 destroys its strings twice within a co_await.
  HttpRequest() {}  // NOLINT(modernize-use-equals-default)

  std::string method = "GET";
  std::string target;  // platform: "/messages?chatId=..."; otherwise an absolute URL that `grants:` allows
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // 0: as long as the host lets a call last, 10 minutes, or what is left of the attempt when the call begins. An
  // extend() after that does not lengthen it.
  std::chrono::milliseconds timeout{0};
  bool is_platform_call = true;
  bool is_safe_to_repeat = false;  // a POST that may be sent again after its bytes went out

  // For messages: without the query, which may hold what a user wrote.
  [[nodiscard]] std::string name() const { return method + " " + target.substr(0, target.find('?')); }
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

namespace detail {

// What a status means for a call, when the host has no words of its own: its asynchronous form refuses without any.
inline std::string words_of(modhost_status status) {
  switch (status) {
    case MODHOST_E_DENIED:
      return "not granted: see `grants:` of the module, the host's log names what is missing";
    case MODHOST_E_INVALID:
      return "the host refuses this request, its log says why";
    case MODHOST_E_FULL:
      return "too many calls of this module at once";
    case MODHOST_E_GONE:
    case MODHOST_E_CANCELLED:
      return "the event this call serves has ended";
    case MODHOST_E_CLOSED:
      return "the instance is stopping";
    case MODHOST_E_TIMEOUT:
      return "no answer in time";
    case MODHOST_E_NETWORK:
      return "no answer";
    default:
      return "status " + std::to_string(status);
  }
}

}  // namespace detail

}  // namespace modhost
