// The platform's answer shapes.
#include "playground/answer.hpp"

#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

std::string_view reason(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 422:
      return "Unprocessable Entity";
    case 501:
      return "Not Implemented";
    case 429:
      return "Too Many Requests";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

http::Response json_answer(int status, std::string json) {
  return {status, "application/json; charset=utf-8", std::move(json), {}, false};
}

http::Response application_error(const Error& error) {
  const bool is_missing = error.code == Code::kNotFound;
  const std::string inner = JsonObject()
                                .text("message", error.message)
                                .text("type", is_missing ? "not_found" : "invalid_request")
                                .text("code", is_missing ? "NOT_FOUND" : "INVALID_REQUEST")
                                .raw("params", "{}")
                                .str();
  return json_answer(is_missing ? 404 : 400, JsonObject().raw("error", inner).str());
}

http::Response record_answer(const Result<std::string>& record, int status) {
  return record ? json_answer(status, *record) : application_error(record.error());
}

std::string json_list(const std::vector<std::string>& records) {
  return json_array(records, [](const std::string& one) { return one; });
}

http::Response nest_error(int status, std::string_view message) {
  JsonObject body;
  body.number("statusCode", status).text("message", message);
  if (status != 401) body.text("error", reason(status));  // the platform's 401 has no "error"
  return json_answer(status, body.str());
}

http::Response validation_error(const std::vector<std::string>& messages) {
  return json_answer(400,
                     JsonObject()
                         .number("statusCode", 400)
                         .raw("message", json_array(messages, [](const std::string& one) { return quote_json(one); }))
                         .text("error", reason(400))
                         .str());
}

}  // namespace modhost::playground
