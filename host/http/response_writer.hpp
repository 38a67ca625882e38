// Serialises response heads and chunks. Pure. A header that would break the framing (CR, LF, a framing field) is left
// out, whatever a handler asks for.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace modhost::http {

enum class BodyFraming { kLength, kChunked, kUntilClose };
enum class Persistence { kKeepAlive, kKeepAlive10, kClose };  // 1.0 clients are told that they may stay

void append_head(std::string& out, const Response& response, BodyFraming framing, Persistence persistence);
void append_chunk(std::string& out, std::string_view bytes);

bool has_no_body(int status);  // 1xx, 204, 304

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace modhost::http
