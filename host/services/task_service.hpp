// modhost.task/1, message-shaped: work and timers of a plugin on the instance's own threads. Every task that was taken
// runs exactly once, unless its timer is cancelled.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "modhost/plugin.h"
#include "services/call.hpp"
#include "services/handle_table.hpp"

namespace modhost::services {

// Runs work soon after a time, on a thread that must not be held up; what cancel() answers true for does not run.
struct Timers {
  std::function<std::uint64_t(SteadyTime at, std::function<void()> work)> schedule;  // 0: none any more
  std::function<bool(std::uint64_t)> cancel;
};

// Thread-safe. Borrows the clock.
class TaskService {
 public:
  using Work = std::function<void(modhost_status why)>;

  TaskService(const Clock& clock, std::uint16_t tag, std::size_t tasks_max, Post post, Timers timers);

  modhost_status submit(Work work);
  modhost_status after(std::chrono::milliseconds delay, Work work, Handle& timer);
  modhost_status cancel(Handle timer);
  // What waits runs now with E_CLOSED, and nothing is taken from now on. [any]
  void close();

 private:
  struct Context;
  struct Task;
  static void run(const std::shared_ptr<Context>& context, const std::shared_ptr<Task>& task);
  modhost_status take(Work work, std::shared_ptr<Task>& task);

  const Clock& clock_;
  const std::shared_ptr<Context> context_;  // outlived by no task
  const Timers timers_;
};

}  // namespace modhost::services
