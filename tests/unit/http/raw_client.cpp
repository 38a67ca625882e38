#include "unit/http/raw_client.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include "http/message.hpp"

namespace modhost::http::test {

namespace {

constexpr int kPatienceMs = 10'000;

std::string decode_chunks(std::string_view& input, bool& is_complete) {
  std::string body;
  is_complete = false;
  for (;;) {
    const auto end = input.find("\r\n");
    if (end == std::string_view::npos) return body;
    std::size_t size = 0;
    std::from_chars(input.data(), input.data() + end, size, 16);
    if (input.size() < end + 2 + size + 2) return body;
    body.append(input.substr(end + 2, size));
    input.remove_prefix(end + 2 + size + 2);
    if (size == 0) {
      is_complete = true;
      return body;
    }
  }
}

}  // namespace

std::string Answer::field(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    const auto colon = line.find(": ");
    if (colon != std::string_view::npos && equal_names(line.substr(0, colon), name))
      return std::string(line.substr(colon + 2));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 2);
  }
  return {};
}

RawClient::RawClient(std::uint16_t port, const std::string& address) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  UniqueFd fd(::socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int one = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(fd.get(), list->ai_addr, list->ai_addrlen) == 0) fd_ = std::move(fd);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::finish_sending() { ::shutdown(fd_.get(), SHUT_WR); }

void RawClient::reset() {
  const linger hard{1, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  fd_.reset();
}

void RawClient::shrink_receive_buffer() {
  const int bytes = 4096;
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool RawClient::fill() {
  if (!fd_.is_open() || was_closed_) return false;
  pollfd readable{fd_.get(), POLLIN, 0};
  if (::poll(&readable, 1, kPatienceMs) <= 0) return false;
  std::array<char, 16384> buffer{};
  const ssize_t count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    was_closed_ = true;
    return false;
  }
  input_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

Answer RawClient::read_answer(bool to_head) {
  std::size_t end = 0;
  while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return {};
  }
  Answer answer;
  answer.head = input_.substr(0, end);
  std::from_chars(answer.head.data() + 9, answer.head.data() + 12, answer.status);
  input_.erase(0, end + 4);
  if (to_head || answer.status < 200 || answer.status == 204 || answer.status == 304) return answer;
  if (answer.field("Transfer-Encoding") == "chunked") {
    for (;;) {
      std::string_view rest = input_;
      bool is_complete = false;
      answer.body = decode_chunks(rest, is_complete);
      if (is_complete) {
        input_.erase(0, input_.size() - rest.size());
        return answer;
      }
      if (!fill()) return {};
    }
  }
  const std::string length = answer.field("Content-Length");
  if (length.empty()) {
    answer.body = read_until_closed();
    return answer;
  }
  const auto size = static_cast<std::size_t>(std::stoull(length));
  while (input_.size() < size) {
    if (!fill()) return {};
  }
  answer.body = input_.substr(0, size);
  input_.erase(0, size);
  return answer;
}

std::string RawClient::read_until_closed() {
  while (fill()) {
  }
  return std::exchange(input_, {});
}

bool RawClient::is_closed_by_server() { return read_until_closed().empty() && was_closed_; }

Answer RawClient::ask(std::string_view bytes, bool to_head) {
  send(bytes);
  return read_answer(to_head);
}

std::string get(std::string_view path, std::string_view more_fields) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(more_fields) + "\r\n";
}

std::string post(std::string_view path, std::string_view body, std::string_view more_fields) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(more_fields) + "\r\n" + std::string(body);
}

}  // namespace modhost::http::test
