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
  {
    MutexLock lock(mutex_);
    if (is_closed_) return;
    attention_.push_back(std::move(connection));
    if (attention_.size() > 1) return;  // the http thread knows already
  }
  notify();
}

std::uint64_t Mailbox::ask(Command command) {
  std::uint64_t number = 0;
  {
    MutexLock lock(mutex_);
    command_ = command;
    number = ++asked_;
  }
  notify();
  return number;
}

bool Mailbox::wait_for(std::uint64_t number, std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  while (done_ < number) {
    if (lock.wait_until(changed_, deadline) == std::cv_status::timeout && done_ < number) return false;
  }
  return true;
}

void Mailbox::close() {
  std::vector<std::shared_ptr<Connection>> dropped;  // outside the lock: connections know their mailbox
  MutexLock lock(mutex_);
  is_closed_ = true;
  dropped.swap(attention_);
}

Mailbox::Mail Mailbox::collect() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto bytes = ::read(event_.get(), &count, sizeof count);
  MutexLock lock(mutex_);
  collected_ = asked_;
  return {std::exchange(attention_, {}), std::exchange(command_, std::nullopt)};
}

void Mailbox::reply() {
  {
    MutexLock lock(mutex_);
    done_ = collected_;
  }
  changed_.notify_all();
}

}  // namespace modhost::http
