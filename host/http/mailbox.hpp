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
    kDrain,  // close what is idle, report what is left
    kStop    // close everything, refuse what comes
  };
  struct Mail {
    std::vector<std::shared_ptr<Connection>> attention;
    std::optional<Command> command;
  };

  Mailbox();

  void post(std::shared_ptr<Connection> connection);  // [any]

  // [any but http threads] Blocks until the http thread has carried the command out; how many connections are busy
  // then, or nothing when the deadline came first.
  std::optional<std::size_t> ask(Command command, std::chrono::steady_clock::time_point deadline);

  // [http thread]
  Mail collect();
  void reply(std::size_t busy_connections);
  [[nodiscard]] int fd() const { return event_.get(); }

  Counters counters;

 private:
  void notify() const;

  UniqueFd event_;
  Mutex mutex_;
  std::condition_variable replied_;
  std::vector<std::shared_ptr<Connection>> attention_ GUARDED_BY(mutex_);
  std::optional<Command> command_ GUARDED_BY(mutex_);
  std::optional<std::size_t> reply_ GUARDED_BY(mutex_);
};

}  // namespace modhost::http
