#include "support/http_call.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstdlib>

#include "base/unique_fd.hpp"

namespace modhost::test {

namespace {

std::size_t content_length(const std::string& head) {
  const std::size_t at = head.find("\r\nContent-Length: ");
  return at == std::string::npos ? std::string::npos : std::strtoull(head.c_str() + at + 18, nullptr, 10);
}

}  // namespace

HttpAnswer raw_call(std::uint16_t port, std::string_view request) {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{10, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  HttpAnswer answer;
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return answer;
  while (!request.empty()) {
    const ssize_t sent = ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    request.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::string received;
  std::size_t head_end = std::string::npos;
  char buffer[65536];
  for (;;) {
    if (head_end == std::string::npos && (head_end = received.find("\r\n\r\n")) != std::string::npos) {
      answer.head = received.substr(0, head_end + 2);
      answer.status = std::atoi(answer.head.c_str() + 9);
    }
    if (head_end != std::string::npos) {
      const std::size_t length = content_length(answer.head);
      if (length != std::string::npos && received.size() >= head_end + 4 + length) break;
    }
    const ssize_t count = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (count <= 0) break;
    received.append(buffer, static_cast<std::size_t>(count));
  }
  if (head_end != std::string::npos) answer.body = received.substr(head_end + 4);
  return answer;
}

HttpAnswer get(std::uint16_t port, const std::string& target, const std::string& headers) {
  return raw_call(port,
                  "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n" + headers + "\r\n");
}

HttpAnswer post(std::uint16_t port, const std::string& target, const std::string& body, const std::string& headers) {
  return raw_call(port, "POST " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                            "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body);
}

}  // namespace modhost::test
