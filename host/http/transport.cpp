#include "http/transport.hpp"

#include <sys/socket.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace modhost::http {

namespace {

using Pistache::Polling::NotifyOn;
using Verdict = Connection::Verdict;

constexpr std::size_t kReadBytes = 64 * 1024;   // one read of one connection
constexpr int kReadsInARow = 8;                 // then the others have their turn
constexpr std::chrono::seconds kIdleToShed{1};  // a younger connection's request may be on its way
constexpr std::chrono::milliseconds kShedPause{100};
constexpr std::size_t kShedShare = 16;  // of the idle ones go at once, so that the search for them is rare

// Deadlines are looked at so often that none is late by more than an eighth.
std::chrono::nanoseconds tick_period(const ServerOptions& options) {
  const auto shortest =
      std::min({options.head_timeout, options.body_timeout, options.keep_alive_timeout, options.write_timeout});
  return std::clamp<std::chrono::nanoseconds>(shortest / 8, std::chrono::milliseconds(5),
                                              std::chrono::milliseconds(500));
}

UniqueFd make_timer(std::chrono::nanoseconds period) {
  UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  itimerspec spec{};
  spec.it_interval.tv_sec = period.count() / 1'000'000'000;
  spec.it_interval.tv_nsec = period.count() % 1'000'000'000;
  spec.it_value = spec.it_interval;
  ::timerfd_settime(timer.get(), 0, &spec, nullptr);
  return timer;
}

std::shared_ptr<Door> make_door(Door::OnPeer on_peer) { return std::make_shared<Door>(std::move(on_peer)); }

}  // namespace

Transport::Transport(std::shared_ptr<Core> core, std::shared_ptr<Mailboxes> mailboxes)
    : Pistache::Tcp::Transport(make_door([this](const std::shared_ptr<Pistache::Tcp::Peer>& peer) { greet(peer); })),
      core_(std::move(core)),
      mailboxes_(std::move(mailboxes)),
      mailbox_(std::make_shared<Mailbox>()) {}

std::shared_ptr<Pistache::Aio::Handler> Transport::clone() const {
  auto transport = std::make_shared<Transport>(core_, mailboxes_);
  mailboxes_->push_back(transport->mailbox_);
  return transport;
}

void Transport::registerPoller(Pistache::Polling::Epoll& poller) {
  Pistache::Tcp::Transport::registerPoller(poller);
  buffer_.resize(kReadBytes);
  timer_ = make_timer(tick_period(core_->options));
  const auto add = [&poller](int fd) {
    poller.addFd(fd, Pistache::Flags<NotifyOn>(NotifyOn::Read), Pistache::Polling::Tag(static_cast<std::uint64_t>(fd)));
  };
  add(mailbox_->fd());
  add(timer_.get());
}

void Transport::onReady(const Pistache::Aio::FdSet& fds) {
  bool has_mail = false;
  bool has_ticked = false;
  for (const auto& entry : fds) {
    const auto fd = static_cast<int>(entry.getTag().value());
    if (fd == mailbox_->fd()) {
      has_mail = true;
    } else if (fd == timer_.get()) {
      has_ticked = true;
    } else if (static_cast<std::size_t>(fd) < connections_.size() && connections_[fd] != nullptr) {
      serve(std::shared_ptr<Connection>(connections_[fd]));
    } else {
      hand_to_pistache(entry);
    }
  }
  // Last, so that a command finds every peer that was accepted before it was given.
  if (has_mail) collect_mail();
  if (has_ticked) tick();
  if (is_draining_) drain();
}

// Everything that is not one of our connections: Pistache's queues, above all that of new peers.
void Transport::hand_to_pistache(const Pistache::Aio::FdSet::Entry& entry) {
  Pistache::Polling::Event event(entry.getTag());
  event.flags.setFlag(NotifyOn::Read);
  std::vector<Pistache::Polling::Event> events(1, event);
  try {
    Pistache::Tcp::Transport::onReady(Pistache::Aio::FdSet(std::move(events)));
  } catch (const std::exception&) {
    // A peer could not be registered with epoll: its connection exists and dies of its timeout.
  }
  admit_newcomers();
}

void Transport::greet(const std::shared_ptr<Pistache::Tcp::Peer>& peer) {
  const int fd = peer->fd();
  if (static_cast<std::size_t>(fd) >= connections_.size()) connections_.resize(static_cast<std::size_t>(fd) * 2 + 64);
  connections_[fd] = std::make_shared<Connection>(core_, mailbox_, fd, peer->address().host());
  newcomers_.push_back(fd);  // Pistache registers it after this call: only then can it be refused
}

void Transport::admit_newcomers() {
  for (const int fd : std::exchange(newcomers_, {})) {
    const auto connection = connections_[fd];
    if (connection == nullptr) continue;
    if (is_stopped_) {
      drop(connection, Verdict::kDrop);
    } else if ((core_->open_connections.load(std::memory_order_relaxed) > core_->options.connections_max ||
                reserve_.is_scarce(fd)) &&
               !shed_idle()) {
      refuse(connection);
    }
  }
}

void Transport::refuse(const std::shared_ptr<Connection>& connection) {
  connection->refuse(503);
  if (!reserve_.is_critical(connection->fd())) return;
  Verdict verdict = Verdict::kKeep;
  read(*connection, verdict);  // closing with unread input would reset the connection and the answer be lost
  drop(connection, Verdict::kDrop);
}

// Closes the oldest idle connections; false when there are none.
bool Transport::shed_idle() {
  const SteadyTime now = core_->clock.steady_now();
  if (now < shed_again_at_) return false;
  std::vector<std::pair<SteadyTime, std::shared_ptr<Connection>>> idle;
  for (const auto& connection : connections_) {
    const auto since = connection != nullptr ? connection->idle_since() : std::nullopt;
    if (since && now - *since >= kIdleToShed) idle.emplace_back(*since, connection);
  }
  if (idle.empty()) shed_again_at_ = now + kShedPause;
  const auto end = idle.begin() + static_cast<std::ptrdiff_t>((idle.size() + kShedShare - 1) / kShedShare);
  std::partial_sort(idle.begin(), end, idle.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::for_each(idle.begin(), end, [this](const auto& one) { drop(one.second, Verdict::kDrop); });
  return !idle.empty();
}

void Transport::serve(const std::shared_ptr<Connection>& connection) {
  Verdict verdict = Verdict::kKeep;
  if (connection->is_writing_armed()) verdict = connection->on_attention();
  if (verdict == Verdict::kKeep) read(*connection, verdict);
  if (verdict != Verdict::kKeep) drop(connection, verdict);
}

void Transport::read(Connection& connection, Verdict& verdict) {
  for (int reads = 0; verdict == Verdict::kKeep; ++reads) {
    const bool is_wanted = connection.wants_input();
    if (is_wanted && reads == kReadsInARow) {
      mailbox_->post(connection.shared_from_this());
      return;
    }
    // Without appetite a look still tells whether the peer has reset the connection.
    const int flags = is_wanted ? MSG_DONTWAIT : MSG_DONTWAIT | MSG_PEEK;
    const ssize_t count = ::recv(connection.fd(), buffer_.data(), is_wanted ? buffer_.size() : 1, flags);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) verdict = Verdict::kDrop;
      return;
    }
    if (!is_wanted) return;
    verdict = count == 0 ? connection.on_end_of_input()
                         : connection.on_input(std::string_view(buffer_.data(), static_cast<std::size_t>(count)));
  }
}

// Edge triggered and armed for good: from now on the connection is heard of when it becomes writable, too.
Verdict Transport::await_writable(int fd) {
  try {
    reactor()->modifyFd(key(), fd, NotifyOn::Read | NotifyOn::Write | NotifyOn::Shutdown,
                        Pistache::Polling::Mode::Edge);
    return Verdict::kKeep;
  } catch (const std::exception&) {
    return Verdict::kReset;  // epoll does not know it: it could never be sent to
  }
}

void Transport::collect_mail() {
  auto mail = mailbox_->collect();
  for (const auto& connection : mail.attention) {
    if (connections_[connection->fd()] != connection) continue;  // gone meanwhile, its number perhaps reused
    Verdict verdict = connection->on_attention();
    if (verdict == Verdict::kKeep && connection->arm_writing()) {
      verdict = await_writable(connection->fd());
    }
    if (verdict == Verdict::kKeep) read(*connection, verdict);
    if (verdict != Verdict::kKeep) drop(connection, verdict);
  }
  if (mail.command == Mailbox::Command::kStop) stop();
  if (mail.command == Mailbox::Command::kDrain) is_draining_ = true;
}

void Transport::stop() {
  is_stopped_ = true;
  is_draining_ = false;
  for (std::size_t fd = 0; fd < connections_.size(); ++fd) {
    const auto connection = connections_[fd];
    if (connection != nullptr) drop(connection, Verdict::kDrop);
  }
  mailbox_->reply();
}

// Looked at after each batch of events: an answer given elsewhere posts its connection while draining.
void Transport::drain() {
  const SteadyTime now = core_->clock.steady_now();
  bool is_busy = false;
  for (std::size_t fd = 0; fd < connections_.size(); ++fd) {
    const auto connection = connections_[fd];
    if (connection == nullptr) continue;
    Verdict verdict = Verdict::kKeep;
    read(*connection, verdict);  // a request may have come before the decision to close
    if (verdict == Verdict::kKeep) verdict = connection->on_drain(now);
    if (verdict != Verdict::kKeep) drop(connection, verdict);
    is_busy = is_busy || (verdict == Verdict::kKeep && connection->is_busy());
  }
  if (is_busy) return;
  is_draining_ = false;
  mailbox_->reply();
}

void Transport::tick() {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const auto bytes = ::read(timer_.get(), &expirations, sizeof expirations);
  const SteadyTime now = core_->clock.steady_now();
  if (reserve_.watch()) shed_idle();
  for (std::size_t fd = 0; fd < connections_.size(); ++fd) {
    if (connections_[fd] == nullptr) continue;
    const auto connection = connections_[fd];
    const Verdict verdict = connection->on_tick(now);
    if (verdict != Verdict::kKeep) drop(connection, verdict);
  }
}

// After close() no thread touches the descriptor any more; then Pistache forgets and closes it.
void Transport::drop(const std::shared_ptr<Connection>& connection, Verdict verdict) {
  const int fd = connection->fd();
  connection->close(verdict);
  connections_[fd] = nullptr;
  const auto at = peers.find(fd);
  if (at == peers.end()) return;
  const auto peer = at->second;
  try {
    removePeer(peer);
  } catch (const std::exception&) {
    ::close(fd);  // it throws between forgetting and closing when the peer was never registered
  }
}

}  // namespace modhost::http

#if defined(__SANITIZE_THREAD__)
// Pistache is not instrumented: tsan does not see that its accept thread drops its reference to a peer atomically. That
// thread runs nothing of ours, so the suppression hides nothing else.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:Pistache::Tcp::Listener::handleNewConnection\nrace:Pistache::Tcp::Listener::acceptConnection\n";
}
#endif
