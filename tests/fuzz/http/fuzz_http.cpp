// Raw bytes in arbitrary splits through the request parser: the split must not change anything an observer can see, and
// what the parser holds stays within its limits. The first byte says how many split sizes follow, then comes the input.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/parser.hpp"

namespace {

using modhost::http::ParserLimits;
using modhost::http::Request;
using modhost::http::RequestParser;

constexpr ParserLimits kLimits{512, 8, 256};  // small: every limit is within the fuzzer's reach
constexpr std::size_t kSmallBody = 16;        // the limit of one path

void require(bool holds) {
  if (!holds) std::abort();
}

void check_request(const Request& request) {
  require(!request.method.empty() && !request.target.empty());
  require(request.target.front() == '/' || request.target == "*");
  require(request.headers.size() <= kLimits.headers_max);
  require(request.body.size() <= kLimits.body_bytes_max);
  std::size_t head = request.method.size() + request.target.size();
  for (const auto& header : request.headers) {
    head += header.name.size() + header.value.size();
    require(header.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
  require(head <= 2 * kLimits.head_bytes_max);  // an absolute target's authority is in Host, too
}

// Feeds one piece; appends what is seen to `seen`. False when the parser has failed.
bool feed(RequestParser& parser, std::string_view input, std::string& seen) {
  for (;;) {
    switch (parser.feed(input)) {
      case RequestParser::Step::kHead:
        check_request(parser.request());
        if (parser.request().path() == "/small") parser.limit_body(kSmallBody);
        seen += parser.wants_continue() ? "h+" : "h";
        break;
      case RequestParser::Step::kRequest: {
        check_request(parser.request());
        seen += parser.is_keep_alive() ? "k" : "c";
        seen += parser.is_http_10() ? "0" : "1";
        const Request request = parser.take_request();
        seen += request.method + " " + request.target + "\n";
        for (const auto& header : request.headers) seen += header.name + ":" + header.value + "\n";
        seen += request.body + "\n";
        break;
      }
      case RequestParser::Step::kFailed:
        require(parser.error_status() >= 400 && parser.error_status() <= 505);
        require(parser.feed(input) == RequestParser::Step::kFailed);
        seen += std::to_string(parser.error_status());
        return false;
      case RequestParser::Step::kNeedMore:
        require(input.empty());
        require(parser.request().body.capacity() <= 4 * kLimits.body_bytes_max);
        return true;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t splits = std::min<std::size_t>(data[0] % 16, size - 1);
  const std::string text(data + 1 + splits, data + size);
  const std::string_view input = text;

  std::string whole;
  RequestParser at_once(kLimits);
  feed(at_once, input, whole);

  std::string split;
  RequestParser in_pieces(kLimits);
  std::size_t from = 0;
  bool is_alive = true;
  for (std::size_t i = 0; is_alive && i < splits; ++i) {
    const std::size_t length = std::min<std::size_t>(data[1 + i], input.size() - from);
    is_alive = feed(in_pieces, input.substr(from, length), split);
    from += length;
  }
  if (is_alive) feed(in_pieces, input.substr(from), split);

  require(whole == split);
  require(at_once.error_status() == in_pieces.error_status());
  require(at_once.has_begun() == in_pieces.has_begun());
  require(at_once.is_in_body() == in_pieces.is_in_body());
  return 0;
}
