// std::mutex with clang's thread-safety annotations: members say by which mutex they are guarded and the tidy preset
// checks it. A class has at most one mutex and calls nothing outside itself while holding it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define MODHOST_TSA(x) __attribute__((x))
#else
#define MODHOST_TSA(x)
#endif
#define GUARDED_BY(x) MODHOST_TSA(guarded_by(x))
#define REQUIRES(...) MODHOST_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) MODHOST_TSA(locks_excluded(__VA_ARGS__))
// For a function that unlocks and locks again the MutexLock it is given: the analysis does not follow it there.
#define NO_THREAD_SAFETY_ANALYSIS MODHOST_TSA(no_thread_safety_analysis)

namespace modhost {

class MODHOST_TSA(capability("mutex")) Mutex {
 public:
  void lock() MODHOST_TSA(acquire_capability()) { mutex_.lock(); }
  void unlock() MODHOST_TSA(release_capability()) { mutex_.unlock(); }
  bool try_lock() MODHOST_TSA(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

// Scoped lock; wait() and wait_until() release it while blocked, as std::condition_variable does.
class MODHOST_TSA(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) MODHOST_TSA(acquire_capability(mutex)) : lock_(mutex.mutex_) {}
  ~MutexLock() MODHOST_TSA(release_capability()) = default;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() MODHOST_TSA(release_capability()) { lock_.unlock(); }
  void lock() MODHOST_TSA(acquire_capability()) { lock_.lock(); }
  void wait(std::condition_variable& condition) { condition.wait(lock_); }
  std::cv_status wait_until(std::condition_variable& condition, std::chrono::steady_clock::time_point at) {
    // Far future overflows the conversion to timespec inside libstdc++.
    const auto cap = std::chrono::steady_clock::now() + std::chrono::hours(24);
    return condition.wait_until(lock_, at < cap ? at : cap);
  }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace modhost
