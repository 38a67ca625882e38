// libcurl's result codes in our words: what happened, where, how to mend it.
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/http_client.hpp"

namespace modhost::platform {

// "POST https://host/path", for messages: without the query, which may hold a signature.
std::string describe(const HttpRequest& request);

// `text` is libcurl's error buffer. kInvalid: it can not be sent. Else kUnavailable.
Error to_error(CURLcode code, std::string_view text, const HttpRequest& request, bool request_sent);

// The same attempt fails again in the same way: certificates and URLs, not networks.
bool is_hopeless(CURLcode code);

}  // namespace modhost::platform
