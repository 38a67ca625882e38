#include "http/outbox.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/limits.hpp"
#include "http/response_writer.hpp"

namespace modhost::http {

Outbox::Outbox(int fd, const Clock& clock)
    : clock_(clock), fd_(fd), idle_since_(clock.steady_now()), progress_at_(idle_since_) {}

std::uint64_t Outbox::reserve(SteadyTime now) {
  MutexLock lock(mutex_);
  if (next_ == turn_) waiting_since_ = now;
  return next_++;
}

bool Outbox::send_continue() {
  MutexLock lock(mutex_);
  if (fd_ < 0 || is_ended_ || is_broken_) return false;
  if (turn_ == next_) {
    send(kContinue, {});
  } else {
    continue_at_ = next_;  // an earlier answer comes first, or the client takes this for its status
  }
  return take_attention();
}

bool Outbox::try_pause(std::size_t in_flight_max, std::size_t unsent_bytes_max) {
  MutexLock lock(mutex_);
  if (next_ - turn_ >= in_flight_max) {
    resume_below_ = in_flight_max / 2 + 1;
    return true;
  }
  return unsent_.size() - sent_of_unsent_ > unsent_bytes_max;
}

void Outbox::set_peer_eof() {
  MutexLock lock(mutex_);
  peer_eof_ = true;
}

bool Outbox::end() {
  MutexLock lock(mutex_);
  is_ended_ = true;
  waiting_.clear();
  waiting_bytes_ = 0;
  finish();
  return take_attention();
}

void Outbox::close(bool with_reset) {
  MutexLock lock(mutex_);
  if (fd_ >= 0 && with_reset) {
    // What the peer does not read is thrown away now instead of staying in the kernel for minutes.
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  fd_ = -1;
  waiting_.clear();
  waiting_bytes_ = 0;
  std::string().swap(unsent_);
  sent_of_unsent_ = 0;
}

Outbox::Effect Outbox::deliver(std::uint64_t place, const Piece& piece) {
  MutexLock lock(mutex_);
  // Below its turn: the answer came after the server had given its own.
  if (fd_ < 0 || is_ended_ || is_broken_ || place < turn_) return {};
  if (place != turn_) {
    hold(place, piece);
  } else {
    send(piece.head, piece.body);
    is_streaming_ = !piece.is_last;
    if (piece.is_last) advance(piece.closes);
  }
  return {!is_broken_, take_attention()};
}

Outbox::Status Outbox::status() const {
  MutexLock lock(mutex_);
  return {next_ - turn_, unsent_.size() - sent_of_unsent_,
          is_broken_,    is_ended_,
          is_streaming_, shut_since_,
          idle_since_,   turn_,
          waiting_since_};
}

bool Outbox::take_attention() { return std::exchange(calls_attention_, false); }

void Outbox::hold(std::uint64_t place, const Piece& piece) {
  if (waiting_bytes_ > limits::kUnsentBytesMax) {
    fail();
    return;
  }
  auto at = std::find_if(waiting_.begin(), waiting_.end(), [place](const Waiting& w) { return w.place == place; });
  if (at == waiting_.end()) at = waiting_.insert(at, Waiting{place, {}, false, false});
  at->bytes.append(piece.head).append(piece.body);
  at->is_last = piece.is_last;
  at->closes = piece.closes;
  waiting_bytes_ += piece.head.size() + piece.body.size();
}

// The answer whose turn it was is complete: the held ones that follow it leave too.
void Outbox::advance(bool closes) {
  ++turn_;
  waiting_since_ = idle_since_ = clock_.steady_now();
  for (;;) {
    if (closes) {
      is_ended_ = true;
      waiting_.clear();
      waiting_bytes_ = 0;
      break;
    }
    if (continue_at_ == turn_) {
      continue_at_.reset();
      send(kContinue, {});
    }
    const auto at = std::find_if(waiting_.begin(), waiting_.end(),
                                 [this](const Waiting& w) REQUIRES(mutex_) { return w.place == turn_; });
    if (at == waiting_.end()) break;
    const Waiting next = std::move(*at);
    waiting_.erase(at);
    waiting_bytes_ -= next.bytes.size();
    send(next.bytes, {});
    is_streaming_ = !next.is_last;
    if (is_streaming_) break;
    closes = next.closes;
    ++turn_;
  }
  if (next_ - turn_ < resume_below_) {
    resume_below_ = 0;
    calls_attention_ = true;
  }
  finish();
}

void Outbox::finish() {
  if (fd_ < 0 || sent_of_unsent_ < unsent_.size()) return;
  if (is_ended_ && !shut_since_) {
    ::shutdown(fd_, SHUT_WR);
    shut_since_ = clock_.steady_now();
  }
  if (peer_eof_ && (turn_ == next_ || is_ended_)) calls_attention_ = true;
}

// Nothing can be sent any more. Shutting down wakes the http thread, which then drops the connection.
void Outbox::fail() {
  is_broken_ = true;
  calls_attention_ = true;
  if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

void Outbox::keep(std::string_view bytes) {
  if (bytes.empty()) return;
  // One answer may be of any size; on top of so much unsent there is no other.
  if (unsent_.size() - sent_of_unsent_ > limits::kUnsentBytesMax) {
    fail();
    return;
  }
  if (sent_of_unsent_ > unsent_.size() / 2) unsent_.erase(0, std::exchange(sent_of_unsent_, 0));
  unsent_.append(bytes);
}

void Outbox::send(std::string_view head, std::string_view body) {
  if (is_broken_) return;
  if (sent_of_unsent_ < unsent_.size()) {
    keep(head);
    keep(body);
    return;
  }
  std::array<iovec, 2> parts{iovec{const_cast<char*>(head.data()), head.size()},
                             iovec{const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = body.empty() ? 1 : 2;
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
    fail();
    return;
  }
  const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (done == head.size() + body.size()) return;
  progress_at_ = clock_.steady_now();
  calls_attention_ = true;  // somebody has to wait until the socket is writable
  keep(head.substr(std::min(done, head.size())));
  keep(body.substr(done > head.size() ? done - head.size() : 0));
}

// A slow reader is not a stalled one: what it takes from the kernel's buffer is progress, long before there is room for
// more of ours.
bool Outbox::is_stalled(SteadyTime now, SteadyTime::duration timeout) {
  MutexLock lock(mutex_);
  if (fd_ < 0 || sent_of_unsent_ == unsent_.size()) return false;
  int queued = 0;
  if (::ioctl(fd_, SIOCOUTQ, &queued) == 0 && queued != std::exchange(queued_bytes_, queued)) progress_at_ = now;
  return now - progress_at_ > timeout;
}

void Outbox::flush() {
  MutexLock lock(mutex_);
  if (fd_ < 0 || is_broken_) return;
  while (sent_of_unsent_ < unsent_.size()) {
    const ssize_t sent =
        ::send(fd_, unsent_.data() + sent_of_unsent_, unsent_.size() - sent_of_unsent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) fail();
      return;
    }
    sent_of_unsent_ += static_cast<std::size_t>(sent);
    progress_at_ = clock_.steady_now();
  }
  std::string().swap(unsent_);
  sent_of_unsent_ = 0;
  finish();
}

}  // namespace modhost::http
