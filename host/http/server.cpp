#include "http/server.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "http/core.hpp"
#include "http/mailbox.hpp"
#include "http/pistache.hpp"
#include "http/transport.hpp"

namespace modhost::http {

namespace {

using Pistache::Tcp::Options;

Result<Pistache::Address> resolve(const std::string& address, std::uint16_t port) {
  std::string host = address;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    return invalid("listen address '" + address + "' is not an address of this machine (" + ::gai_strerror(error) +
                   "): use e.g. 127.0.0.1, 0.0.0.0 or [::]");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  try {
    return Pistache::Address(Pistache::IP(list->ai_addr), Pistache::Port(port));
  } catch (const std::exception& error_thrown) {
    return invalid("listen address '" + address + "' can not be used: " + error_thrown.what());
  }
}

std::uint16_t port_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &address, sizeof ipv6);
    return ntohs(ipv6.sin6_port);
  }
  sockaddr_in ipv4{};
  std::memcpy(&ipv4, &address, sizeof ipv4);
  return ntohs(ipv4.sin_port);
}

bool is_listening(int fd) {
  int is_listening = 0;
  socklen_t size = sizeof is_listening;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0 && is_listening != 0;
}

bool is_on_port(int fd, std::uint16_t port) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 && port_of(address) == port;
}

// Pistache keeps its listening descriptor to itself, and we need it for the backlog and for the drain: it is the one
// that listens now and did not before. New descriptors get the lowest free numbers, so a look at the lowest ones does.
std::vector<int> listening_descriptors() {
  constexpr int kLookedAt = 4096;
  std::vector<int> found;
  for (int fd = 0; fd < kLookedAt; ++fd) {
    if (is_listening(fd)) found.push_back(fd);
  }
  return found;
}

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, const Clock& clock, Handler handler, HeadCheck head_check)
      : core_(std::make_shared<Core>(std::move(options), clock)) {
    core_->handler = std::move(handler);
    core_->head_check = std::move(head_check);
  }

  Result<void> bind();
  void start();
  void drain(Deadline deadline);
  void stop();
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] ServerCounters counters() const;

 private:
  bool ask_all(Mailbox::Command command, SteadyTime deadline);  // true: all http threads have carried it out
  [[nodiscard]] bool is_backlog_empty() const;

  const std::shared_ptr<Core> core_;
  const std::shared_ptr<Mailboxes> mailboxes_ = std::make_shared<Mailboxes>();
  std::unique_ptr<Pistache::Tcp::Listener> listener_;
  int listening_fd_ = -1;
  std::uint16_t port_ = 0;
  bool is_started_ = false;
};

Result<void> Server::Impl::bind() {
  const auto& options = core_->options;
  auto address = resolve(options.address, options.port);
  if (!address) return std::move(address.error());
  const auto listening_before = listening_descriptors();
  auto listener = std::make_unique<Pistache::Tcp::Listener>();
  const std::string where = "port " + std::to_string(options.port) + " on " + options.address;
  try {
    listener->init(static_cast<std::size_t>(std::max(options.threads, 1)),
                   Pistache::Flags<Options>(Options::ReuseAddr | Options::CloseOnExec | Options::NoDelay), options.name,
                   options.backlog);
    listener->setTransportFactory(
        [core = core_, mailboxes = mailboxes_] { return std::make_shared<Transport>(core, mailboxes); });
    listener->bind(*address);
  } catch (const std::exception& error) {
    mailboxes_->clear();
    // Pistache throws the text of the error number and nothing else.
    const auto is = [&error](int number) { return error.what() == std::generic_category().message(number); };
    if (is(EADDRINUSE)) {
      return Error{Code::kConflict, where + " is taken by another program: stop it or listen elsewhere"};
    }
    if (is(EACCES)) return Error{Code::kDenied, where + " may not be opened: ports below 1024 need a right"};
    return Error{Code::kUnavailable, where + " can not be opened: " + error.what()};
  }
  port_ = static_cast<std::uint16_t>(listener->getPort());
  for (const int fd : listening_descriptors()) {
    const bool is_new = std::find(listening_before.begin(), listening_before.end(), fd) == listening_before.end();
    if (is_new && is_on_port(fd, port_)) listening_fd_ = fd;
  }
  if (listening_fd_ >= 0) ::listen(listening_fd_, options.backlog);  // Pistache asks for 128 whatever it is told
  listener_ = std::move(listener);
  return {};
}

void Server::Impl::start() {
  if (listener_ == nullptr || is_started_) return;
  is_started_ = true;
  listener_->runThreaded();
}

bool Server::Impl::ask_all(Mailbox::Command command, SteadyTime deadline) {
  std::vector<std::uint64_t> numbers;
  for (const auto& mailbox : *mailboxes_) numbers.push_back(mailbox->ask(command));
  bool all_done = true;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    all_done = (*mailboxes_)[i]->wait_for(numbers[i], deadline) && all_done;
  }
  return all_done;
}

bool Server::Impl::is_backlog_empty() const {
  pollfd listening{listening_fd_, POLLIN, 0};
  return listening_fd_ < 0 || ::poll(&listening, 1, 0) == 0;
}

void Server::Impl::drain(Deadline deadline) {
  if (listener_ == nullptr) return;
  core_->is_draining.store(true, std::memory_order_relaxed);
  const auto end = std::chrono::steady_clock::now() + deadline.remaining(core_->clock);
  // Two quiet looks: a peer can be accepted and not yet handed over at the first one.
  for (int quiet = 0; is_started_ && quiet < 2;) {
    const bool was_empty = is_backlog_empty();
    if (!ask_all(Mailbox::Command::kDrain, end)) break;
    quiet = was_empty ? quiet + 1 : 0;
    if (std::chrono::steady_clock::now() >= end) break;
  }
  stop();
}

void Server::Impl::stop() {
  if (listener_ == nullptr) return;
  if (is_started_) {
    ask_all(Mailbox::Command::kStop, SteadyTime::max());
    listener_->shutdown();
  }
  listener_.reset();  // joins its threads
  for (const auto& mailbox : *mailboxes_) mailbox->close();
  core_->handler = nullptr;
  core_->head_check = nullptr;
}

ServerCounters Server::Impl::counters() const {
  ServerCounters sum;
  std::uint64_t closed = 0;
  std::uint64_t answered = 0;
  const auto get = [](const std::atomic<std::uint64_t>& counter) { return counter.load(std::memory_order_relaxed); };
  for (const auto& mailbox : *mailboxes_) {
    const auto& counters = mailbox->counters;
    answered += get(counters.answered);
    closed += get(counters.closed);
    sum.connections_total += get(counters.opened);
    sum.connections_refused += get(counters.refused);
    sum.requests_total += get(counters.requests);
    sum.bad_requests += get(counters.bad);
    sum.timeouts += get(counters.timeouts);
    sum.too_large += get(counters.too_large);
  }
  sum.connections_open = sum.connections_total - std::min(closed, sum.connections_total);
  sum.requests_in_flight = sum.requests_total - std::min(answered, sum.requests_total);
  return sum;
}

Server::Server(ServerOptions options, const Clock& clock, Handler handler, HeadCheck head_check)
    : impl_(std::make_unique<Impl>(std::move(options), clock, std::move(handler), std::move(head_check))) {}

Server::~Server() { impl_->stop(); }

Result<void> Server::bind() { return impl_->bind(); }
void Server::start() { impl_->start(); }
std::uint16_t Server::port() const { return impl_->port(); }
ServerCounters Server::counters() const { return impl_->counters(); }
void Server::drain(Deadline deadline) { impl_->drain(deadline); }
void Server::stop() { impl_->stop(); }

}  // namespace modhost::http
