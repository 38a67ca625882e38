// Async<T>: a coroutine that a plugin awaits. It begins when it is awaited and resumes on the instance's threads.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "modhost/sdk/result.hpp"

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

}  // namespace detail

// Owns its coroutine; awaited at most once. What it was given by reference must outlive it.
template <class T>
class [[nodiscard]] Async {
 public:
  using promise_type = detail::AsyncPromise<T>;
  using value_type = T;

  explicit Async(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  Async(Async&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Async& operator=(Async&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~Async() {
    if (frame_) frame_.destroy();
  }

  auto operator co_await() && noexcept {
    struct Awaiter {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
        frame.promise().set_waiter(waiter);
        return frame;
      }
      T await_resume() { return frame.promise().take(); }
      std::coroutine_handle<promise_type> frame;
    };
    return Awaiter{frame_};
  }

 private:
  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <class T>
Async<T> AsyncPromise<T>::get_return_object() {
  return Async<T>(std::coroutine_handle<AsyncPromise>::from_promise(*this));
}
inline Async<void> AsyncPromise<void>::get_return_object() {
  return Async<void>(std::coroutine_handle<AsyncPromise>::from_promise(*this));
}

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

template <class T>
struct IsAsync : std::false_type {};
template <class T>
struct IsAsync<Async<T>> : std::true_type {};

}  // namespace detail
}  // namespace modhost
