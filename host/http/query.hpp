// The query part of a request target.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modhost::http {

// Decoded pairs in order; '+' is a space, as in form quoting, and a malformed escape stays as it is. A name without '='
// has an empty value.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);

}  // namespace modhost::http
