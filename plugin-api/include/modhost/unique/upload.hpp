// The bytes of a file: known to the platform first, then sent to the address it names, then confirmed.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "modhost/sdk/async.hpp"
#include "modhost/unique/content.hpp"

namespace modhost::unique {

// PUT of the bytes to Content::write_url; no credentials go there. Content::upsert() comes before it, and again after
// it with byte_size and file_url = read_url.
inline Call<Confirmation> put_bytes(const Event& event, std::string_view write_url, std::string_view mime_type,
                                    std::string bytes) {
  HttpRequest request;
  request.method = "PUT";
  request.target = write_url;
  request.is_platform_call = false;
  request.headers.emplace_back("X-Ms-Blob-Content-Type", mime_type);
  request.headers.emplace_back("X-Ms-Blob-Type", "BlockBlob");
  request.body = std::move(bytes);
  const std::string name = request.name();
  return event.http().send(std::move(request)).then([name](const HttpResponse& answer) -> Result<Confirmation> {
    if (answer.status >= 200 && answer.status < 300) return Confirmation();
    return Failure{answer.status >= 500 ? MODHOST_E_RETRY : MODHOST_E_INTERNAL,
                   name + ": " + std::to_string(answer.status),
                   {},
                   answer.status};
  });
}

namespace detail {

inline Async<Result<Content>> upload(Event event, JsonText first, Fields last, std::string mime_type,
                                     std::string bytes) {
  auto known = co_await event.api().post("/content/upsert", first).then(read_one<Content>);
  if (!known) co_return known.failure();
  if (known->write_url.empty()) co_return failed("POST /content/upsert: the answer has no writeUrl");
  const auto sent = co_await put_bytes(event, known->write_url, mime_type, std::move(bytes));
  if (!sent) co_return sent.failure();
  last.push_back({"fileUrl", JsonText(known->read_url)});
  co_return co_await event.api().post("/content/upsert", object(last)).then(read_one<Content>);
}

}  // namespace detail

// All three steps. `content` is read now, whenever this is awaited; byte_size and file_url of it are set by this. A
// failed step ends it: a file without bytes may be left then, which the next upload of the same key fills.
inline Async<Result<Content>> upload(const Event& event, Content::New content, std::string bytes) {
  content.file_url.reset();
  content.byte_size.reset();
  JsonText first = object(Content::fields_of(event, content));
  content.byte_size = static_cast<std::int64_t>(bytes.size());
  return detail::upload(event, std::move(first), Content::fields_of(event, content), std::string(content.mime_type),
                        std::move(bytes));
}

}  // namespace modhost::unique
