// The sending half of one connection: answers come from any thread in any order and leave in the order of the requests.
// Once closed it never touches the descriptor again, so an answer can not reach the client that got its number next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace modhost::http {

// Thread-safe. Borrows the descriptor and the clock until close().
class Outbox {
 public:
  // One answer or a part of it, its place being the number that reserve() gave.
  struct Piece {
    std::string_view head;
    std::string_view body;
    bool is_last = true;  // the answer is complete with it
    bool closes = false;  // and the connection is to end; only with is_last
  };
  struct Effect {
    bool is_taken = false;         // sent or kept to be sent; else the connection has ended
    bool needs_attention = false;  // the http thread has to look at the connection: Connection::on_attention()
  };
  struct Status {
    std::size_t in_flight = 0;  // requests without a complete answer
    std::size_t unsent_bytes = 0;
    bool is_broken = false;                // the peer is gone or does not read: drop it
    bool is_ended = false;                 // the closing answer was given
    bool is_streaming = false;             // a part of the next answer has left
    std::optional<SteadyTime> shut_since;  // the closing answer is sent and the sending side shut down
    SteadyTime idle_since{};               // when the last answer was given
    std::uint64_t turn = 0;                // the place whose answer leaves next
    SteadyTime waiting_since{};            // that answer has been awaited since; only with in_flight
  };

  Outbox(int fd, const Clock& clock);

  // [http thread] Those that return bool tell whether the connection needs attention.
  std::uint64_t reserve(SteadyTime now);
  bool send_continue();  // 100 for the request that reserve() will number next, when its turn comes
  // True when so many requests are in flight or bytes unsent; attention is called when half of the requests are left.
  bool try_pause(std::size_t in_flight_max, std::size_t unsent_bytes_max);
  void set_peer_eof();  // call for attention when everything is answered and sent
  void flush();
  bool is_stalled(SteadyTime now,
                  SteadyTime::duration timeout);  // for so long the peer has read nothing of what is unsent
  bool end();                                     // no more answers: shut the sending side down once everything is sent
  void close(bool with_reset);                    // the descriptor is about to be closed

  // [any]
  Effect deliver(std::uint64_t place, const Piece& piece);
  [[nodiscard]] Status status() const;

 private:
  struct Waiting {
    std::uint64_t place;
    std::string bytes;
    bool is_last;
    bool closes;
  };

  void send(std::string_view head, std::string_view body) REQUIRES(mutex_);
  void keep(std::string_view bytes) REQUIRES(mutex_);
  void hold(std::uint64_t place, const Piece& piece) REQUIRES(mutex_);
  void advance(bool closes) REQUIRES(mutex_);
  void finish() REQUIRES(mutex_);
  void fail() REQUIRES(mutex_);
  bool take_attention() REQUIRES(mutex_);

  const Clock& clock_;
  mutable Mutex mutex_;
  int fd_ GUARDED_BY(mutex_);                  // -1 once closed
  std::uint64_t next_ GUARDED_BY(mutex_) = 0;  // the place reserve() gives next
  std::uint64_t turn_ GUARDED_BY(mutex_) = 0;  // the place whose answer leaves next
  std::vector<Waiting> waiting_ GUARDED_BY(mutex_);
  std::size_t waiting_bytes_ GUARDED_BY(mutex_) = 0;
  std::string unsent_ GUARDED_BY(mutex_);
  std::size_t sent_of_unsent_ GUARDED_BY(mutex_) = 0;
  std::optional<std::uint64_t> continue_at_ GUARDED_BY(mutex_);
  std::optional<SteadyTime> shut_since_ GUARDED_BY(mutex_);
  std::size_t resume_below_ GUARDED_BY(mutex_) = 0;  // 0: not paused
  SteadyTime idle_since_ GUARDED_BY(mutex_);
  SteadyTime progress_at_ GUARDED_BY(mutex_);  // when bytes last left
  int queued_bytes_ GUARDED_BY(mutex_) = 0;    // in the kernel, when last looked at
  SteadyTime waiting_since_ GUARDED_BY(mutex_){};
  bool is_ended_ GUARDED_BY(mutex_) = false;
  bool is_streaming_ GUARDED_BY(mutex_) = false;
  bool is_broken_ GUARDED_BY(mutex_) = false;
  bool peer_eof_ GUARDED_BY(mutex_) = false;
  bool calls_attention_ GUARDED_BY(mutex_) = false;
};

}  // namespace modhost::http
