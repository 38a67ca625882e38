// The few rules of RFC 9110 about names and values that this room needs.
#pragma once

#include <string>
#include <string_view>

namespace modhost::platform {

bool is_token(std::string_view text);         // RFC 9110 5.6.2, not empty
bool is_header_value(std::string_view text);  // no control character but tab
bool iequals(std::string_view left, std::string_view right);
std::string_view trim(std::string_view text);  // spaces and tabs at both ends

// For messages: at most `size_max` bytes, everything but printable ASCII as '?'.
std::string printable(std::string_view text, std::size_t size_max);

}  // namespace modhost::platform
