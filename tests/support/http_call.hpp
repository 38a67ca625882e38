// A blocking HTTP/1.1 call over a raw loopback socket, for tests of what a server really sends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace modhost::test {

struct HttpAnswer {
  int status = 0;    // 0: no answer
  std::string head;  // status line and headers
  std::string body;  // as framed by Content-Length or until the close
};

// Sends the text as it is, half-closes nothing, reads one answer; gives up after ten seconds.
HttpAnswer raw_call(std::uint16_t port, std::string_view request);

// GET, or POST when `body` is given; `headers` are whole lines with CRLF.
HttpAnswer get(std::uint16_t port, const std::string& target, const std::string& headers = {});
HttpAnswer post(std::uint16_t port, const std::string& target, const std::string& body,
                const std::string& headers = {});

}  // namespace modhost::test
