// How other threads reach one http thread: connections that need its attention, and commands for all of its
// connections. The descriptor becomes readable when there is something to collect.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/unique_fd.hpp"
#include "http/core.hpp"

namespace modhost::http {

class Connection;

class Mailbox {
 public:
  enum class Command {
    kDrain,  // close what is idle; done when no connection is busy
    kStop    // close everything, refuse what comes
  };
  struct Mail {
    std::vector<std::shared_ptr<Connection>> attention;
    std::optional<Command> command;
  };

  Mailbox();

  void post(std::shared_ptr<Connection> connection);  // [any]

  // [any but http threads] What is asked for is done when wait_for() its number returns true; false: the time is over.
  std::uint64_t ask(Command command);
  bool wait_for(std::uint64_t number, std::chrono::steady_clock::time_point deadline);
  void close();  // the http thread has ended: nothing is kept any more

  // [http thread]
  Mail collect();
  void reply();  // the command that was collected last is carried out
  [[nodiscard]] int fd() const { return event_.get(); }

  Counters counters;

 private:
  void notify() const;

  UniqueFd event_;
  Mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Connection>> attention_ GUARDED_BY(mutex_);
  std::optional<Command> command_ GUARDED_BY(mutex_);
  std::uint64_t asked_ GUARDED_BY(mutex_) = 0;
  std::uint64_t collected_ GUARDED_BY(mutex_) = 0;
  std::uint64_t done_ GUARDED_BY(mutex_) = 0;
  bool is_closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace modhost::http
