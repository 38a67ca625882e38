#include "admin/reply.hpp"

#include "event/json_reader.hpp"

namespace modhost::admin {

namespace {

int status_of(Code code) {
  switch (code) {
    case Code::kInvalid:
      return 400;
    case Code::kDenied:
      return 403;
    case Code::kNotFound:
      return 404;
    case Code::kConflict:
      return 409;
    case Code::kGone:
      return 410;
    case Code::kUnsupported:
      return 501;
    case Code::kFull:
    case Code::kTimeout:
    case Code::kUnavailable:
    case Code::kInternal:
      break;
  }
  return 503;
}

}  // namespace

http::Response json(std::string body) {
  http::Response response;
  response.body = std::move(body);
  return response;
}

http::Response error(int status, std::string_view text) {
  http::Response response;
  response.status = status;
  response.body = "{\"error\":" + quote_json(text) + "}";
  return response;
}

http::Response problem(const Error& cause) { return error(status_of(cause.code), cause.message); }

}  // namespace modhost::admin
