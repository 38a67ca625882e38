// Uploads and downloads.
#include "playground/blob.hpp"

#include "base/percent.hpp"
#include "http/query.hpp"
#include "playground/answer.hpp"

namespace modhost::playground {

http::Response file_answer(const Content& content) {
  if (!content.bytes) return application_error(not_found("Content " + content.id + " has no file yet"));
  return {200,
          content.mime_type.empty() ? "application/octet-stream" : content.mime_type,
          *content.bytes,
          {{"Content-Disposition", "attachment; filename*=UTF-8''" + percent_encoded(content.key)},
           {"Content-Security-Policy", "sandbox; default-src 'none'"},
           {"X-Content-Type-Options", "nosniff"}},
          false};
}

http::Response answer_blob(Library& library, http::Request& request) {
  const std::string token(request.path().substr(kBlobPath.size()));
  std::string purpose;
  for (const auto& [name, value] : http::parse_query(request.query()))
    if (name == "sig") purpose = value;
  if (request.method == "PUT" && purpose == "preview") return {201, "application/xml", "", {}, false};  // nobody looks
  if (request.method == "PUT" && purpose == "write") {
    const auto kept = library.write(token, std::move(request.body));
    return kept ? http::Response{201, "application/xml", "", {}, false} : application_error(kept.error());
  }
  if (request.method == "GET" && purpose == "read") {
    const auto content = library.by_token(token);
    return content ? file_answer(*content) : application_error(content.error());
  }
  return nest_error(403, "this address allows something else");
}

}  // namespace modhost::playground
