#include "client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>

namespace modhost::bench {
namespace {

// The value of a header whose name is written in one of the two usual ways.
std::string_view header(std::string_view head, std::string_view name, std::string_view lower) {
  std::size_t at = head.find(name);
  if (at == std::string_view::npos) at = head.find(lower);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = head.substr(at + name.size());
  return rest.substr(0, rest.find('\r'));
}

}  // namespace

bool Client::connect() {
  socket_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket_.get() < 0) return false;
  const int on = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  is_new_ = true;
  return ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
         errno == EINPROGRESS;
}

bool Client::begin(std::size_t index) {
  index_ = index;
  busy_ = true;
  sent_ = 0;
  received_.clear();
  is_new_ = false;
  began_ = std::chrono::steady_clock::now();
  if (socket_.get() < 0 && !connect()) {
    abandon();
    return false;
  }
  if (!is_new_ && !send_rest()) {  // the server closed an idle connection: a client tries once more
    sent_ = 0;
    if (!connect()) {
      abandon();
      return false;
    }
  }
  return true;
}

bool Client::send_rest() {
  while (sent_ < request_.size()) {
    const ssize_t n = ::send(socket_.get(), request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == ENOTCONN;
    sent_ += static_cast<std::size_t>(n);
  }
  return true;
}

Client::Step Client::advance() {
  if (sent_ < request_.size()) {
    if (!send_rest()) {
      abandon();
      return Step::kFailed;
    }
    if (sent_ < request_.size()) return Step::kWaiting;
  }
  char buffer[4096];
  while (true) {
    const ssize_t n = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (n < 0) return errno == EAGAIN ? parse(false) : (abandon(), Step::kFailed);
    if (n == 0) return parse(true);
    received_.append(buffer, static_cast<std::size_t>(n));
    if (static_cast<std::size_t>(n) < sizeof buffer) {
      const Step step = parse(false);
      if (step != Step::kWaiting) return step;
    }
  }
}

Client::Step Client::parse(bool at_end) {
  const std::size_t head_end = received_.find("\r\n\r\n");
  const auto incomplete = [&] { return at_end ? (abandon(), Step::kFailed) : Step::kWaiting; };
  if (head_end == std::string::npos) return incomplete();
  const std::string_view head = std::string_view(received_).substr(0, head_end + 2);
  const std::string_view length_text = header(head, "Content-Length: ", "content-length: ");
  std::size_t length = 0;
  std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
  if (received_.size() < head_end + 4 + length) return incomplete();

  answer_.status = std::atoi(received_.c_str() + sizeof "HTTP/1.1");
  const std::string_view body = std::string_view(received_).substr(head_end + 4, length);
  const std::string_view key = R"("status":")";
  const std::size_t at = body.find(key);
  answer_.outcome = at == std::string_view::npos
                        ? std::string()
                        : std::string(body.substr(at + key.size(), body.find('"', at + key.size()) - at - key.size()));
  const std::string_view connection = header(head, "Connection: ", "connection: ");
  if (at_end || connection == "close" || connection == "Close" || head.starts_with("HTTP/1.0")) socket_ = UniqueFd();
  busy_ = false;
  return Step::kAnswered;
}

void Client::abandon() {
  socket_ = UniqueFd();
  busy_ = false;
}

}  // namespace modhost::bench
