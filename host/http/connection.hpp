// One client: bytes in, requests to the handler, answers in order out, and the deadlines of both directions. Knows
// nothing of Pistache; the transport feeds it and drops it when told to.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "http/core.hpp"
#include "http/mailbox.hpp"
#include "http/outbox.hpp"
#include "http/parser.hpp"

namespace modhost::http {

// Everything is called by the connection's http thread unless marked otherwise.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  enum class Verdict {
    kKeep,
    kDrop,  // close the descriptor
    kReset  // close it and throw away what the peer has not read
  };

  Connection(std::shared_ptr<Core> core, std::shared_ptr<Mailbox> mailbox, int fd, std::string peer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool wants_input() const { return !is_paused_ && !peer_eof_; }
  Verdict on_input(std::string_view bytes);
  Verdict on_end_of_input();
  Verdict on_attention();
  Verdict on_tick(SteadyTime now);
  Verdict on_drain(SteadyTime now);  // closes when idle
  void refuse(int status);           // before any request: answer and end
  void close(Verdict verdict);       // the descriptor is about to be closed

  [[nodiscard]] bool is_busy() const;                          // a request is being received, handled or answered
  [[nodiscard]] std::optional<SteadyTime> idle_since() const;  // nothing when busy
  bool arm_writing();  // true once: unsent bytes need to hear when the socket is writable
  [[nodiscard]] bool is_writing_armed() const { return is_writing_armed_; }

  // [any]
  bool deliver(std::uint64_t place, const Outbox::Piece& piece);
  void release_body(std::size_t bytes);
  [[nodiscard]] bool is_draining() const { return core_->is_draining.load(std::memory_order_relaxed); }
  void count_answer() { count(mailbox_->counters.answered); }

 private:
  enum class Phase { kIdle, kHead, kBody };

  Verdict process(std::string_view input);
  void on_head();
  void on_request();
  void on_partial();
  bool account_body();
  void fail(int status, std::atomic<std::uint64_t>& counter);
  void answer_early(const Response& response, bool closes);
  void answer_overdue(const Outbox::Status& status);
  [[nodiscard]] bool is_quiet(const Outbox::Status& status) const;
  [[nodiscard]] bool is_receiving_too_slowly(SteadyTime now);

  const std::shared_ptr<Core> core_;
  const std::shared_ptr<Mailbox> mailbox_;
  const int fd_;
  const std::string peer_;
  Outbox outbox_;
  RequestParser parser_;
  std::string held_;  // input behind a full pipeline
  std::size_t accounted_bytes_ = 0;
  SteadyTime phase_since_{};      // or the current slice of a body's time
  std::size_t bytes_before_ = 0;  // of the body, when that slice began
  Phase phase_ = Phase::kIdle;
  bool is_paused_ = false;
  bool is_done_reading_ = false;  // the rest of the input has no meaning: it is read and dropped
  bool is_rejected_ = false;      // the current request was answered from its head
  bool is_continue_sent_ = false;
  bool peer_eof_ = false;
  bool is_writing_armed_ = false;
  bool has_had_request_ = false;
};

}  // namespace modhost::http
