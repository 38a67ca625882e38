// Answers in the platform's shapes: plain JSON, application errors and the Nest form of framework errors.
// (Dossier 4.1.)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/server.hpp"

namespace modhost::playground {

http::Response json_answer(int status, std::string json);

// {"error":{"message","type","code","params"}} with 404 for kNotFound, 400 otherwise.
http::Response application_error(const Error& error);

// {"statusCode","message","error"}; with one message text, or the list a validation gives.
http::Response nest_error(int status, std::string_view message);
http::Response validation_error(const std::vector<std::string>& messages);

}  // namespace modhost::playground
