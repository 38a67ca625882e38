// One thread and one heap of deadlines for the whole host. Callbacks run on that thread: they are short, never block
// and never call plugin code.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace modhost::executor {

// Thread-safe. Borrows the clock. Destroyed, it drops what has not run.
class Watchdog {
 public:
  using Callback = std::function<void()>;
  using EntryId = std::uint64_t;  // never 0, never used twice

  explicit Watchdog(const Clock& clock);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Runs callback once, soon after `at`. [any]
  EntryId schedule(SteadyTime at, Callback callback);
  // True: the callback will not run. False: it ran, runs or was cancelled before. [any]
  bool cancel(EntryId entry);
  // Looks at the clock again: for clocks that jump, which only those of tests do. [any]
  void wake();
  [[nodiscard]] std::size_t size() const;

 private:
  struct Slot {
    SteadyTime at{};
    std::uint32_t generation = 0;
    std::uint32_t position = kNowhere;  // in heap_
    Callback callback;
  };
  static constexpr std::uint32_t kNowhere = UINT32_MAX;

  void run();
  Callback take(std::uint32_t slot) REQUIRES(mutex_);
  void place(std::uint32_t slot, std::size_t position) REQUIRES(mutex_);
  void sift_up(std::size_t position) REQUIRES(mutex_);
  void sift_down(std::size_t position) REQUIRES(mutex_);
  [[nodiscard]] bool is_before(std::uint32_t a, std::uint32_t b) const REQUIRES(mutex_);

  const Clock& clock_;
  mutable Mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_ GUARDED_BY(mutex_);
  std::vector<std::uint32_t> free_ GUARDED_BY(mutex_);
  std::vector<std::uint32_t> heap_ GUARDED_BY(mutex_);  // slots, the earliest first
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace modhost::executor
