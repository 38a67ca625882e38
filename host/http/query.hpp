// The query part of a request target.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modhost::http {

// Percent-decoded, plus is a space as in form quoting; malformed escapes stay as they are.
std::string percent_decode(std::string_view text);

// Decoded pairs in order; a name without '=' has an empty value.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);

}  // namespace modhost::http
