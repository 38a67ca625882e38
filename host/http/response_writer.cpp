#include "http/response_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "http/syntax.hpp"

namespace modhost::http {

namespace {

bool is_framing_header(std::string_view name) {
  constexpr std::array<std::string_view, 5> kOwned = {"content-length", "transfer-encoding", "connection",
                                                      "content-type", "keep-alive"};
  return std::any_of(kOwned.begin(), kOwned.end(), [name](std::string_view own) { return equal_names(own, name); });
}

void append_number(std::string& out, std::size_t number, int base = 10) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

void append_head(std::string& out, const Response& response, BodyFraming framing, Persistence persistence) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(std::clamp(response.status, 100, 999)));
  out.append(" ").append(reason_phrase(response.status)).append("\r\n");
  if (!has_no_body(response.status)) {
    if (!response.content_type.empty() && syntax::all(response.content_type, syntax::kFieldValue)) {
      append_field(out, "Content-Type", response.content_type);
    }
    if (framing == BodyFraming::kLength) {
      out.append("Content-Length: ");
      append_number(out, response.body.size());
      out.append("\r\n");
    } else if (framing == BodyFraming::kChunked) {
      append_field(out, "Transfer-Encoding", "chunked");
    }
  }
  if (persistence == Persistence::kClose) append_field(out, "Connection", "close");
  if (persistence == Persistence::kKeepAlive10) append_field(out, "Connection", "keep-alive");
  for (const auto& header : response.headers) {
    if (!syntax::is_token(header.name) || !syntax::all(header.value, syntax::kFieldValue)) continue;
    if (!is_framing_header(header.name)) append_field(out, header.name, header.value);
  }
  out.append("\r\n");
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;  // an empty chunk would end the body
  append_number(out, bytes.size(), 16);
  out.append("\r\n").append(bytes).append("\r\n");
}

}  // namespace modhost::http
