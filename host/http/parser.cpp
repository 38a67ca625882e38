#include "http/parser.hpp"

#include <algorithm>
#include <cstring>

#include "http/syntax.hpp"

namespace modhost::http {

namespace {

using syntax::all;
using syntax::is;
using syntax::is_token;
using syntax::trim;

constexpr std::size_t kMethodBytesMax = 32;                 // the longest registered one has 17
constexpr std::size_t kChunkLineBytesMax = 1024;            // a size and its extensions
constexpr std::size_t kChunkSizeDigits = 16;                // what a size line needs; the rest of it is overhead
constexpr std::size_t kBodyReserveMax = 16 * 1024;          // reserved on a mere promise of the client
constexpr std::size_t kHeadersReserve = 12;                 // a usual webhook has 8 to 11
constexpr std::uint64_t kSizeMax = std::uint64_t{1} << 60;  // above it a length is only "too large"

}  // namespace

RequestParser::Step RequestParser::feed(std::string_view& input) {
  for (;;) {
    const Step step = this->step(input);
    if (step != Step::kNeedMore || input.empty()) return step;
  }
}

// One state's work. kNeedMore with input left means: go on in the state it has changed to.
RequestParser::Step RequestParser::step(std::string_view& input) {
  switch (state_) {
    case State::kStart:
      return on_start(input);
    case State::kHeaders:
      return on_header_line(input);
    case State::kHeadDone:
      return begin_body();
    case State::kFixedBody:
      return on_fixed_body(input);
    case State::kChunkSize:
      return on_chunk_size(input);
    case State::kChunkData:
      return on_chunk_data(input);
    case State::kChunkEnd:
      return on_chunk_end(input);
    case State::kTrailers:
      return on_trailer_line(input);
    case State::kComplete:
      return Step::kRequest;
    case State::kFailed:
      break;
  }
  return Step::kFailed;
}

RequestParser::Step RequestParser::fail(int status) {
  error_status_ = status;
  state_ = State::kFailed;
  is_keep_alive_ = false;
  return Step::kFailed;
}

bool RequestParser::has_begun() const {
  if (state_ != State::kStart) return true;
  return !carry_is_used_ && !carry_.empty() && carry_.front() != '\r';
}

Request RequestParser::take_request() {
  Request taken = std::move(request_);
  reset();
  return taken;
}

void RequestParser::reset() {
  const ParserLimits limits = limits_;
  std::string().swap(carry_);  // an idle connection keeps no buffer
  *this = RequestParser(limits);
}

// The next line without its CRLF; nothing when its end has not come or it failed. `section_bytes_` counts the whole
// section, so that the verdict on a line does not depend on how the input was split.
std::optional<std::string_view> RequestParser::take_line(std::string_view& input, std::size_t bytes_max,
                                                         int too_long_status) {
  if (carry_is_used_) {
    carry_.clear();
    carry_is_used_ = false;
  }
  if (input.empty()) return std::nullopt;
  const auto* end = static_cast<const char*>(std::memchr(input.data(), '\n', input.size()));
  const std::size_t length = end != nullptr ? static_cast<std::size_t>(end - input.data()) + 1 : input.size();
  section_bytes_ += length;
  if (section_bytes_ > bytes_max) {
    fail(too_long_status);
    return std::nullopt;
  }
  std::string_view line = input.substr(0, length);
  input.remove_prefix(length);
  if (end == nullptr || !carry_.empty()) {
    carry_.append(line);
    if (end == nullptr) return std::nullopt;
    line = carry_;
    carry_is_used_ = true;
  }
  line.remove_suffix(1);
  if (line.empty() || line.back() != '\r') {
    fail(400);  // a bare LF is read as a line end by some and as data by others
    return std::nullopt;
  }
  line.remove_suffix(1);
  return line;
}

RequestParser::Step RequestParser::on_start(std::string_view& input) {
  // What can not become a request, e.g. a TLS handshake, is refused at its first byte instead of at a timeout.
  const bool is_first_byte = carry_is_used_ || carry_.empty();
  if (is_first_byte && !input.empty() && !is(input.front(), syntax::kToken) && input.front() != '\r') return fail(400);
  const auto line = take_line(input, limits_.head_bytes_max, 431);
  if (!line) return state_ == State::kFailed ? Step::kFailed : Step::kNeedMore;
  if (line->empty()) return Step::kNeedMore;  // RFC 9112 2.2: empty lines before a request are ignored
  return parse_request_line(*line);
}

RequestParser::Step RequestParser::parse_request_line(std::string_view line) {
  const auto first = line.find(' ');
  if (first == std::string_view::npos) return fail(400);
  const auto second = line.find(' ', first + 1);
  if (second == std::string_view::npos) return fail(400);
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (!is_token(method) || method.size() > kMethodBytesMax) return fail(400);
  if (target.empty() || !all(target, syntax::kTarget)) return fail(400);
  if (parse_version(version) == Step::kFailed) return Step::kFailed;
  request_.method = method;
  if (parse_target(target) == Step::kFailed) return Step::kFailed;
  request_.headers.reserve(kHeadersReserve);
  state_ = State::kHeaders;
  return Step::kNeedMore;
}

// HTTP/1.0 and HTTP/1.1 exist; no other 1.x was ever made, so one is a mistake. Another major version is 505.
RequestParser::Step RequestParser::parse_version(std::string_view version) {
  if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || version[6] != '.' || !is(version[5], syntax::kDigit) ||
      !is(version[7], syntax::kDigit)) {
    return fail(400);
  }
  if (version[5] != '1') return fail(505);
  if (version[7] > '1') return fail(400);
  minor_version_ = version[7] - '0';
  return Step::kNeedMore;
}

RequestParser::Step RequestParser::parse_target(std::string_view target) {
  if (request_.method == "CONNECT") return fail(501);
  if (target.front() == '/' || (target == "*" && request_.method == "OPTIONS")) {
    request_.target = target;
    return Step::kNeedMore;
  }
  return split_absolute_target(target);
}

// RFC 9112 3.2.2: http://host:port/path?query is accepted, and its authority counts instead of Host.
RequestParser::Step RequestParser::split_absolute_target(std::string_view target) {
  const auto mark = target.find("://");
  if (mark == std::string_view::npos) return fail(400);
  const std::string_view scheme = target.substr(0, mark);
  if (!equal_names(scheme, "http") && !equal_names(scheme, "https")) return fail(400);
  const std::string_view rest = target.substr(mark + 3);
  const auto end = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, end);
  if (authority.empty() || !all(authority, syntax::kHost)) return fail(400);
  authority_ = authority;
  if (end == std::string_view::npos || rest[end] == '?') request_.target = "/";
  if (end != std::string_view::npos) request_.target.append(rest.substr(end));
  return Step::kNeedMore;
}

RequestParser::Step RequestParser::on_header_line(std::string_view& input) {
  const auto line = take_line(input, limits_.head_bytes_max, 431);
  if (!line) return state_ == State::kFailed ? Step::kFailed : Step::kNeedMore;
  if (line->empty()) return finish_head();
  const auto colon = line->find(':');
  if (colon == std::string_view::npos) return fail(400);
  const std::string_view name = line->substr(0, colon);
  const std::string_view value = trim(line->substr(colon + 1));
  if (!is_token(name) || !all(value, syntax::kFieldValue)) return fail(400);  // also a folded line, a space before ':'
  if (request_.headers.size() >= limits_.headers_max) return fail(431);
  if (note_header(name, value) == Step::kFailed) return Step::kFailed;
  request_.headers.push_back({std::string(name), std::string(value)});
  return Step::kNeedMore;
}

RequestParser::Step RequestParser::note_header(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 4:
      if (equal_names(name, "host")) {
        if (++hosts_ > 1 || value.empty() || !all(value, syntax::kHost)) return fail(400);
      }
      break;
    case 6:
      if (equal_names(name, "expect")) (equal_names(value, "100-continue") ? expects_continue_ : expects_other_) = true;
      break;
    case 10:
      if (equal_names(name, "connection")) note_connection(value);
      break;
    case 14:
      if (equal_names(name, "content-length")) return note_content_length(value);
      break;
    case 17:
      if (equal_names(name, "transfer-encoding")) {
        is_chunked_ = ++transfer_encodings_ == 1 && equal_names(value, "chunked");
      }
      break;
    default:
      break;
  }
  return Step::kNeedMore;
}

RequestParser::Step RequestParser::note_content_length(std::string_view value) {
  // Two lengths, even equal ones, are what request smuggling starts with.
  if (content_length_ || value.empty() || !all(value, syntax::kDigit)) return fail(400);
  std::uint64_t length = 0;
  for (const char digit : value) length = std::min(length * 10 + static_cast<std::uint64_t>(digit - '0'), kSizeMax);
  content_length_ = length;
  return Step::kNeedMore;
}

void RequestParser::note_connection(std::string_view value) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    const std::string_view option = trim(value.substr(0, comma));
    if (equal_names(option, "close")) asks_close_ = true;
    if (equal_names(option, "keep-alive")) asks_keep_alive_ = true;
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

RequestParser::Step RequestParser::finish_head() {
  if (minor_version_ >= 1 && hosts_ != 1) return fail(400);
  if (transfer_encodings_ > 0) {
    if (content_length_ || minor_version_ == 0) return fail(400);
    if (!is_chunked_) return fail(501);
  }
  if (minor_version_ == 0) expects_continue_ = expects_other_ = false;
  if (expects_other_) return fail(417);
  is_keep_alive_ = !asks_close_ && (minor_version_ >= 1 || asks_keep_alive_);
  if (!authority_.empty()) {
    for (auto& header : request_.headers) {
      if (equal_names(header.name, "host")) header.value = authority_;
    }
  }
  body_bytes_max_ = limits_.body_bytes_max;
  state_ = State::kHeadDone;
  return Step::kHead;
}

RequestParser::Step RequestParser::begin_body() {
  section_bytes_ = 0;
  if (is_chunked_) {
    state_ = State::kChunkSize;
    return Step::kNeedMore;
  }
  remaining_ = content_length_.value_or(0);
  if (remaining_ > body_bytes_max_) return fail(413);
  if (remaining_ == 0) {
    state_ = State::kComplete;
    return Step::kRequest;
  }
  request_.body.reserve(std::min<std::size_t>(remaining_, kBodyReserveMax));
  state_ = State::kFixedBody;
  return Step::kNeedMore;
}

RequestParser::Step RequestParser::on_fixed_body(std::string_view& input) {
  const std::size_t length = std::min<std::uint64_t>(remaining_, input.size());
  append_body(input.substr(0, length));
  input.remove_prefix(length);
  remaining_ -= length;
  if (remaining_ > 0) return Step::kNeedMore;
  state_ = State::kComplete;
  return Step::kRequest;
}

RequestParser::Step RequestParser::on_chunk_size(std::string_view& input) {
  const auto line = take_line(input, kChunkLineBytesMax, 400);
  if (!line) return state_ == State::kFailed ? Step::kFailed : Step::kNeedMore;
  section_bytes_ = 0;
  std::uint64_t size = 0;
  std::size_t digits = 0;
  while (digits < line->size() && is((*line)[digits], syntax::kHexDigit)) {
    // Before the multiplication: a size that wraps around would end the body early.
    size = size >= kSizeMax / 16 ? kSizeMax : size * 16 + syntax::hex_value((*line)[digits]);
    ++digits;
  }
  if (digits == 0) return fail(400);
  const std::string_view extension = line->substr(digits);
  if (!extension.empty()) {
    const std::string_view trimmed = trim(extension);
    if (trimmed.empty() || trimmed.front() != ';' || !all(trimmed, syntax::kFieldValue)) return fail(400);
  }
  chunk_overhead_bytes_ += line->size() > kChunkSizeDigits ? line->size() - kChunkSizeDigits : 0;
  if (chunk_overhead_bytes_ > limits_.head_bytes_max) return fail(400);
  if (size > body_bytes_max_ - request_.body.size()) return fail(413);
  remaining_ = size;
  state_ = size == 0 ? State::kTrailers : State::kChunkData;
  return Step::kNeedMore;
}

RequestParser::Step RequestParser::on_chunk_data(std::string_view& input) {
  const std::size_t length = std::min<std::uint64_t>(remaining_, input.size());
  append_body(input.substr(0, length));
  input.remove_prefix(length);
  remaining_ -= length;
  if (remaining_ == 0) state_ = State::kChunkEnd;
  return Step::kNeedMore;
}

RequestParser::Step RequestParser::on_chunk_end(std::string_view& input) {
  if (input.empty()) return Step::kNeedMore;
  if (input.front() != (chunk_cr_seen_ ? '\n' : '\r')) return fail(400);
  if (chunk_cr_seen_) state_ = State::kChunkSize;
  chunk_cr_seen_ = !chunk_cr_seen_;
  input.remove_prefix(1);
  return Step::kNeedMore;
}

// Trailers are checked like headers and dropped: nothing here may depend on them.
RequestParser::Step RequestParser::on_trailer_line(std::string_view& input) {
  const auto line = take_line(input, limits_.head_bytes_max, 431);
  if (!line) return state_ == State::kFailed ? Step::kFailed : Step::kNeedMore;
  if (line->empty()) {
    state_ = State::kComplete;
    return Step::kRequest;
  }
  const auto colon = line->find(':');
  if (colon == std::string_view::npos || !is_token(line->substr(0, colon))) return fail(400);
  if (!all(trim(line->substr(colon + 1)), syntax::kFieldValue)) return fail(400);
  if (++trailers_ > limits_.headers_max) return fail(431);
  return Step::kNeedMore;
}

}  // namespace modhost::http
