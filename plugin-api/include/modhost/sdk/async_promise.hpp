// The inside of coroutines: their promises, and how a thread waits for one.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace modhost {

template <class T = void>
class Async;

// Thrown at an await point when the event is cancelled, so that everything unwinds by itself. Not a std::exception:
// `catch (const std::exception&)` is for errors and does not stop it.
struct Cancelled {
  std::int32_t reason = 0;  // MODHOST_CANCEL_*
};

namespace detail {

// What the promises of all Async have in common: who waits, and how it ended.
class AsyncPromiseBase {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept {
    struct Resume {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept { return waiter; }
      void await_resume() noexcept {}
      std::coroutine_handle<> waiter;
    };
    return Resume{waiter_};
  }
  void unhandled_exception() noexcept { error_ = std::current_exception(); }

  void set_waiter(std::coroutine_handle<> waiter) { waiter_ = waiter; }

 protected:
  void rethrow() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  std::coroutine_handle<> waiter_ = std::noop_coroutine();
  std::exception_ptr error_;
};

template <class T>
class AsyncPromise : public AsyncPromiseBase {
 public:
  Async<T> get_return_object();
  void return_value(T value) { value_.emplace(std::move(value)); }
  T take() {
    rethrow();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class AsyncPromise<void> : public AsyncPromiseBase {
 public:
  Async<void> get_return_object();
  void return_void() {}
  void take() { rethrow(); }
};

// A coroutine nobody waits for: it runs at once and frees itself at its end. Lets nothing out.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

// Lets a thread wait for a coroutine.
class Ended {
 public:
  void tell() {
    const std::lock_guard lock(mutex_);
    is_told_ = true;
    told_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    told_.wait(lock, [this] { return is_told_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable told_;
  bool is_told_ = false;
};

template <class Promise>
Detached run_and_tell(std::coroutine_handle<Promise> frame, std::shared_ptr<Ended> ended) {
  struct Run {
    bool await_ready() noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
      work.promise().set_waiter(waiter);
      return work;
    }
    void await_resume() noexcept {}
    std::coroutine_handle<Promise> work;
  };
  co_await Run{frame};
  ended->tell();
}

}  // namespace detail
}  // namespace modhost
