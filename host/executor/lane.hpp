// The threads of one instance: started on demand up to `threads`, ended when idle, never shared with another instance.
// Tasks run in the order they came. A thread that does not come back from plugin code is counted and replaced, so one
// hung call does not end the lane.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"

namespace modhost::executor {

// Thread-safe. Its threads share ownership of its state, so one that is abandoned touches nothing that was freed.
class Lane {
 public:
  using Ticket = std::uint64_t;  // one run of one task; never 0, never used twice
  using Task = std::function<void(Ticket)>;

  struct Options {
    std::string name;                        // of its threads, as `top -H` shows it
    unsigned threads = 1;                    // most tasks that run at once
    std::size_t queue_max = 1024;            // tasks that wait
    unsigned substitutes_max = 8;            // threads that may hang before the lane stands still
    std::chrono::milliseconds idle{10'000};  // an idle thread ends after so long
  };

  struct Status {
    std::size_t queued = 0;
    unsigned threads = 0;  // alive, stuck ones included
    unsigned running = 0;  // in a task, stuck ones included
    unsigned stuck = 0;
  };

  explicit Lane(Options options);
  // Abandons what still runs: call stop() before for an orderly end.
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // False when the queue is full or the lane is closed; the task is dropped then. Never waits. [any]
  bool submit(Task task);
  // The run with this ticket is late: its thread no longer counts against `threads` until it comes back. Nothing
  // happens when it has ended. True: it is stuck now. [any]
  bool overdue(Ticket ticket);
  // Nothing is accepted from now on; what is queued still runs. [any]
  void close();
  // Closes and waits until everything queued has run and every thread is joined. At the deadline drops the queue,
  // abandons the threads that still run and answers false. Not from a task. [one caller]
  bool stop(const Clock& clock, Deadline deadline);
  [[nodiscard]] Status status() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace modhost::executor
