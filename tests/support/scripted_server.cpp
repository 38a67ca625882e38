#include "support/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace modhost::test {
namespace {

using Way = ScriptedAnswer::Way;
constexpr auto kPatience = std::chrono::seconds(10);

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t bind_any(int fd) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("scripted server: no port");
  return ntohs(address.sin_port);
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Appends what arrives; false at the end of the connection.
bool receive(int fd, std::string& buffer) {
  char chunk[16 * 1024];
  const ssize_t size = ::recv(fd, chunk, sizeof chunk, 0);
  if (size <= 0) return false;
  buffer.append(chunk, static_cast<std::size_t>(size));
  return true;
}

void wait_for_end(int fd) {
  std::string ignored;
  while (receive(fd, ignored)) ignored.clear();
}

void close_with_reset(int fd) {
  const linger now{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

// Takes one request from the front of `buffer`, reading more as needed.
bool read_request(int fd, std::string& buffer, ScriptedRequest& request) {
  std::size_t head_end = 0;
  while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos)
    if (!receive(fd, buffer)) return false;
  std::size_t at = buffer.find("\r\n");
  const std::string line = buffer.substr(0, at);
  const auto first = line.find(' '), last = line.rfind(' ');
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  while (at < head_end) {
    const auto end = buffer.find("\r\n", at + 2);
    const std::string header = buffer.substr(at + 2, end - at - 2);
    const auto colon = header.find(':');
    const auto value = header.find_first_not_of(' ', colon + 1);
    request.headers.emplace_back(header.substr(0, colon), value == std::string::npos ? "" : header.substr(value));
    at = end;
  }
  const std::string length = request.header("content-length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  buffer.erase(0, head_end + 4);
  while (buffer.size() < size)
    if (!receive(fd, buffer)) return false;
  request.body = buffer.substr(0, size);
  buffer.erase(0, size);
  return true;
}

std::string head_of(const ScriptedAnswer& answer, const std::string& framing) {
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " Scripted\r\n";
  for (const auto& [name, value] : answer.headers) head += name + ": " + value + "\r\n";
  return head + framing + "\r\n";
}

std::string chunked(const std::string& body) {
  const std::size_t step = body.size() <= 64 ? 1 : 1024;
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += step) {
    const std::string piece = body.substr(at, step);
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    out += size + piece + "\r\n";
  }
  return out + "0\r\n\r\n";
}

void tunnel(int client, std::uint16_t port) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    pollfd ends[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    bool open = true;
    while (open && ::poll(ends, 2, -1) > 0)
      for (int from = 0; from < 2; ++from) {
        if (ends[from].revents == 0) continue;
        std::string bytes;
        open = open && receive(ends[from].fd, bytes) && send_all(ends[1 - from].fd, bytes);
      }
  }
  ::close(server);
}

// False: the connection ends here.
bool give(int fd, const ScriptedRequest& request, const ScriptedAnswer& answer) {
  const std::string length = "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
  const bool is_head = request.method == "HEAD";
  switch (answer.way) {
    case Way::kWhole:
      return send_all(fd, head_of(answer, answer.status == 204 ? "" : length) +
                              (is_head || answer.status == 204 ? "" : answer.body)) &&
             !answer.close_after;
    case Way::kChunked:
      return send_all(fd, head_of(answer, "Transfer-Encoding: chunked\r\n") + (is_head ? "" : chunked(answer.body))) &&
             !answer.close_after;
    case Way::kUntilClose:
      send_all(fd, head_of(answer, "Connection: close\r\n") + answer.body);
      return false;
    case Way::kCloseMidBody:
      send_all(fd, head_of(answer, length) + answer.body.substr(0, answer.body.size() / 2));
      return false;
    case Way::kCloseUnread:
      return false;
    case Way::kReset:
      close_with_reset(fd);
      return false;
    case Way::kNever:
      wait_for_end(fd);
      return false;
    case Way::kDrip: {
      const std::string endless = "Content-Length: 10000000\r\n";
      if (!send_all(fd, head_of(answer, endless) + answer.body)) return false;
      while (send_all(fd, "."))
        if (pollfd end{fd, POLLRDHUP, 0}; ::poll(&end, 1, 5) > 0) break;
      return false;
    }
    case Way::kStall:
      send_all(fd, head_of(answer, length) + answer.body.substr(0, answer.body.size() / 2));
      wait_for_end(fd);
      return false;
    case Way::kRaw:
      return send_all(fd, answer.body) && !answer.close_after;
    case Way::kTunnel:
      if (send_all(fd, "HTTP/1.1 200 Connection established\r\n\r\n")) tunnel(fd, answer.tunnel_port);
      return false;
  }
  return false;
}

}  // namespace

std::string ScriptedRequest::header(std::string_view name) const {
  for (const auto& [known, value] : headers)
    if (known.size() == name.size() && ::strncasecmp(known.data(), name.data(), name.size()) == 0) return value;
  return {};
}

struct ScriptedServer::Impl {
  explicit Impl(Handler the_handler) : handler(std::move(the_handler)) {}

  const Handler handler;
  int listener = -1;
  std::uint16_t port = 0;
  std::thread acceptor;
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  bool stopping = false;
  int resets = 0;
  int accepted = 0;
  std::deque<ScriptedAnswer> script;
  std::vector<ScriptedRequest> requests;
  std::vector<int> open;
  std::list<std::thread> threads;

  void accept_all();
  void serve(int fd, int connection);
  ScriptedAnswer next(const ScriptedRequest& request);
  void cut_all();
};

void ScriptedServer::Impl::accept_all() {
  while (true) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const std::lock_guard lock(mutex);
    ++accepted;
    if (stopping || resets > 0) {
      if (resets > 0) --resets;
      close_with_reset(fd);
      ::close(fd);
    } else {
      open.push_back(fd);
      threads.emplace_back([this, fd, connection = accepted] { serve(fd, connection); });
    }
    changed.notify_all();
  }
}

void ScriptedServer::Impl::serve(int fd, int connection) {
  std::string buffer;
  bool is_open = true;
  for (int number = 1; is_open; ++number) {
    ScriptedRequest request;
    request.connection = connection;
    request.number_on_connection = number;
    if (!read_request(fd, buffer, request)) break;
    const ScriptedAnswer answer = next(request);
    is_open = give(fd, request, answer);
  }
  const std::lock_guard lock(mutex);
  std::erase(open, fd);
  ::close(fd);
  changed.notify_all();
}

ScriptedAnswer ScriptedServer::Impl::next(const ScriptedRequest& request) {
  {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
    changed.notify_all();
    if (!script.empty()) {
      ScriptedAnswer answer = std::move(script.front());
      script.pop_front();
      return answer;
    }
  }
  return handler(request);
}

void ScriptedServer::Impl::cut_all() {
  const std::lock_guard lock(mutex);
  for (const int fd : open) ::shutdown(fd, SHUT_RDWR);
}

ScriptedServer::ScriptedServer(Handler handler) : impl_(std::make_unique<Impl>(std::move(handler))) {
  impl_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  impl_->port = bind_any(impl_->listener);
  if (::listen(impl_->listener, 1024) != 0) throw std::runtime_error("scripted server: can not listen");
  impl_->acceptor = std::thread([impl = impl_.get()] { impl->accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  ::shutdown(impl_->listener, SHUT_RDWR);
  impl_->acceptor.join();
  ::close(impl_->listener);
  impl_->cut_all();
  for (std::thread& thread : impl_->threads) thread.join();
}

void ScriptedServer::enqueue(ScriptedAnswer answer) {
  const std::lock_guard lock(impl_->mutex);
  impl_->script.push_back(std::move(answer));
}

void ScriptedServer::reset_next_connections(int count) {
  const std::lock_guard lock(impl_->mutex);
  impl_->resets = count;
}

void ScriptedServer::cut_connections() { impl_->cut_all(); }

std::uint16_t ScriptedServer::port() const { return impl_->port; }

std::string ScriptedServer::url(std::string_view target) const {
  return "http://127.0.0.1:" + std::to_string(impl_->port) + std::string(target);
}

std::vector<ScriptedRequest> ScriptedServer::requests() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->requests;
}

int ScriptedServer::connections() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->accepted;
}

bool ScriptedServer::wait_for_requests(std::size_t count) const {
  std::unique_lock lock(impl_->mutex);
  return impl_->changed.wait_for(lock, kPatience, [&] { return impl_->requests.size() >= count; });
}

bool ScriptedServer::wait_for_open_connections(std::size_t count) const {
  std::unique_lock lock(impl_->mutex);
  return impl_->changed.wait_for(lock, kPatience, [&] { return impl_->open.size() == count; });
}

DeadPort::DeadPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), port_(bind_any(fd_)) {}

DeadPort::~DeadPort() { ::close(fd_); }

std::string DeadPort::url(std::string_view target) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
}

FullPort::FullPort() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), port_(bind_any(listener_)) {
  if (::listen(listener_, 0) != 0) throw std::runtime_error("full port: can not listen");
  const sockaddr_in address = loopback(port_);
  for (int i = 0; i < 4; ++i) {  // a backlog of 0 takes one, the kernel drops the handshakes of the others
    fillers_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    static_cast<void>(::connect(fillers_.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  }
}

FullPort::~FullPort() {
  for (const int fd : fillers_) ::close(fd);
  ::close(listener_);
}

std::string FullPort::url(std::string_view target) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
}

}  // namespace modhost::test
