// A strict, incremental HTTP/1.1 request parser (RFC 9112). Pure: bytes in, requests out; no byte is looked at twice,
// however the input is split, and what it holds is bounded by its limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "http/message.hpp"

namespace modhost::http {

struct ParserLimits {
  std::size_t head_bytes_max = limits::kHeadBytesMax;  // also of the trailers and of all chunk extensions together
  std::size_t headers_max = limits::kHeadersMax;
  std::size_t body_bytes_max = limits::kBodyBytesMax;
};

class RequestParser {
 public:
  enum class Step {
    kNeedMore,  // all input is consumed
    kHead,      // the head is complete: look at request(), perhaps limit_body(), and feed() on
    kRequest,   // the request is complete: take_request(), then feed() the rest of the input
    kFailed     // not HTTP as we want it: answer error_status() and close, the rest of the input has no meaning
  };

  explicit RequestParser(const ParserLimits& limits) : limits_(limits) {}

  // Consumes from the front of `input` up to the next step.
  Step feed(std::string_view& input);

  [[nodiscard]] const Request& request() const { return request_; }
  void limit_body(std::size_t bytes_max) { body_bytes_max_ = bytes_max; }  // of this request; after kHead
  Request take_request();                                                  // after kRequest; ready for the next one
  void reset();                                                            // forget an unfinished request

  [[nodiscard]] int error_status() const { return error_status_; }
  [[nodiscard]] bool has_begun() const;  // some bytes of an unfinished request have come
  [[nodiscard]] bool is_in_body() const { return state_ > State::kHeadDone && state_ < State::kComplete; }
  [[nodiscard]] bool has_body() const { return is_chunked_ || content_length_.value_or(0) > 0; }
  [[nodiscard]] bool wants_continue() const { return expects_continue_ && has_body(); }
  [[nodiscard]] bool is_keep_alive() const { return is_keep_alive_; }
  [[nodiscard]] bool is_http_10() const { return minor_version_ == 0; }

 private:
  enum class State {
    kStart,
    kHeaders,
    kHeadDone,
    kFixedBody,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailers,
    kComplete,
    kFailed
  };

  Step step(std::string_view& input);
  Step fail(int status);
  std::optional<std::string_view> take_line(std::string_view& input, std::size_t bytes_max, int too_long_status);
  Step on_start(std::string_view& input);
  Step on_header_line(std::string_view& input);
  Step begin_body();
  Step on_fixed_body(std::string_view& input);
  Step on_chunk_size(std::string_view& input);
  Step on_chunk_data(std::string_view& input);
  Step on_chunk_end(std::string_view& input);
  Step on_trailer_line(std::string_view& input);
  Step parse_request_line(std::string_view line);
  Step parse_target(std::string_view target);
  Step parse_version(std::string_view version);
  Step split_absolute_target(std::string_view target);
  Step note_header(std::string_view name, std::string_view value);
  Step note_content_length(std::string_view value);
  void note_connection(std::string_view value);
  Step finish_head();
  void append_body(std::string_view bytes) { request_.body.append(bytes); }

  ParserLimits limits_;
  Request request_;
  std::string carry_;              // the start of a line whose end has not come
  std::string authority_;          // of an absolute-form target: it replaces Host
  std::size_t section_bytes_ = 0;  // of the head, or of the trailers, so far
  std::size_t body_bytes_max_ = 0;
  std::size_t chunk_overhead_bytes_ = 0;  // of chunk extensions
  std::uint64_t remaining_ = 0;           // of the fixed body or of the chunk
  std::optional<std::uint64_t> content_length_;
  std::uint32_t hosts_ = 0;
  std::uint32_t transfer_encodings_ = 0;
  std::uint32_t trailers_ = 0;
  int error_status_ = 0;
  int minor_version_ = 1;
  State state_ = State::kStart;
  bool carry_is_used_ = false;  // carry_ was handed out as a line
  bool is_chunked_ = false;
  bool is_keep_alive_ = true;
  bool asks_close_ = false;
  bool asks_keep_alive_ = false;
  bool expects_continue_ = false;
  bool expects_other_ = false;
  bool chunk_cr_seen_ = false;
};

}  // namespace modhost::http
