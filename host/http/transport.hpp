// The part of the server that runs on Pistache's reactor threads: one Transport a thread. Pistache accepts, polls and
// closes; reading, deadlines and the cap on connections are done here, because its own reading loop neither stops for a
// slow consumer nor keeps a half-closed connection open for its answer.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/unique_fd.hpp"
#include "http/connection.hpp"
#include "http/core.hpp"
#include "http/descriptors.hpp"
#include "http/mailbox.hpp"
#include "http/pistache.hpp"

namespace modhost::http {

// Pistache's view of us: tells the transport of new peers. Input never comes this way.
class Door final : public Pistache::Tcp::Handler {
 public:
  using OnPeer = std::function<void(const std::shared_ptr<Pistache::Tcp::Peer>&)>;
  explicit Door(OnPeer on_peer) : on_peer_(std::move(on_peer)) {}

  void onConnection(const std::shared_ptr<Pistache::Tcp::Peer>& peer) override { on_peer_(peer); }
  void onInput(const char* /*bytes*/, std::size_t /*count*/,
               const std::shared_ptr<Pistache::Tcp::Peer>& /*peer*/) override {}
  std::shared_ptr<Pistache::Tcp::Handler> clone() const override { return std::make_shared<Door>(on_peer_); }

 private:
  OnPeer on_peer_;
};

// Where the transports leave their mailboxes for the server. Filled while the listener binds, read afterwards.
using Mailboxes = std::vector<std::shared_ptr<Mailbox>>;

class Transport final : public Pistache::Tcp::Transport {
 public:
  Transport(std::shared_ptr<Core> core, std::shared_ptr<Mailboxes> mailboxes);

  void registerPoller(Pistache::Polling::Epoll& poller) override;
  void onReady(const Pistache::Aio::FdSet& fds) override;
  [[nodiscard]] std::shared_ptr<Pistache::Aio::Handler> clone() const override;  // one a reactor thread

 private:
  void greet(const std::shared_ptr<Pistache::Tcp::Peer>& peer);
  void admit_newcomers();
  void serve(const std::shared_ptr<Connection>& connection);
  void read(Connection& connection, Connection::Verdict& verdict);
  Connection::Verdict await_writable(int fd);
  void collect_mail();
  void stop();
  void drain();
  void tick();
  bool shed_idle();
  void refuse(const std::shared_ptr<Connection>& connection);
  void drop(const std::shared_ptr<Connection>& connection, Connection::Verdict verdict);
  void hand_to_pistache(const Pistache::Aio::FdSet::Entry& entry);

  const std::shared_ptr<Core> core_;
  const std::shared_ptr<Mailboxes> mailboxes_;
  const std::shared_ptr<Mailbox> mailbox_;
  UniqueFd timer_;
  std::vector<std::shared_ptr<Connection>> connections_;  // by descriptor
  std::vector<int> newcomers_;
  std::vector<char> buffer_;
  DescriptorReserve reserve_;
  SteadyTime shed_again_at_{};  // there was nothing to shed: look again then
  bool is_draining_ = false;    // and the drain is not yet reported as done
  bool is_stopped_ = false;
};

}  // namespace modhost::http
