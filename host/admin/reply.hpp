// Answers of the admin API.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"

namespace modhost::admin {

http::Response json(std::string body);
http::Response error(int status, std::string_view text);
// By the error's code.
http::Response problem(const Error& cause);

}  // namespace modhost::admin
