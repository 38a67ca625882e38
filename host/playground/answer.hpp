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

// A kept record as it is, or why there is none.
http::Response record_answer(const Result<std::string>& record, int status = 200);
std::string json_list(const std::vector<std::string>& records);  // "[a,b]" of complete JSON texts

// {"statusCode","message","error"}; with one message text, or the list a validation gives.
http::Response nest_error(int status, std::string_view message);
http::Response validation_error(const std::vector<std::string>& messages);

}  // namespace modhost::playground
