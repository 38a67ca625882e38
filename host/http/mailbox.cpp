#include "http/mailbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace modhost::http {

Mailbox::Mailbox() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Mailbox::notify() const {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the descriptor is readable already.
  [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
}

void Mailbox::post(std::shared_ptr<Connection> connection) {
  bool is_first = false;
  {
    MutexLock lock(mutex_);
    is_first = attention_.empty();
    attention_.push_back(std::move(connection));
  }
  if (is_first) notify();
}

std::optional<std::size_t> Mailbox::ask(Command command, std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  command_ = command;
  reply_.reset();
  notify();
  while (!reply_) {
    if (lock.wait_until(replied_, deadline) == std::cv_status::timeout && !reply_) return std::nullopt;
  }
  return std::exchange(reply_, std::nullopt);
}

Mailbox::Mail Mailbox::collect() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto bytes = ::read(event_.get(), &count, sizeof count);
  MutexLock lock(mutex_);
  return {std::exchange(attention_, {}), std::exchange(command_, std::nullopt)};
}

void Mailbox::reply(std::size_t busy_connections) {
  {
    MutexLock lock(mutex_);
    reply_ = busy_connections;
  }
  replied_.notify_all();
}

}  // namespace modhost::http
