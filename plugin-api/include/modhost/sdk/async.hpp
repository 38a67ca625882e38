// Async<T>: a coroutine that a plugin awaits. It begins when it is awaited and resumes on the instance's threads.
#pragma once

#include <coroutine>
#include <memory>
#include <type_traits>
#include <utility>

#include "modhost/sdk/async_promise.hpp"
#include "modhost/sdk/result.hpp"

namespace modhost {

// Owns its coroutine; awaited at most once, or waited for. What it was given by reference must outlive it.
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

  // Runs it and keeps this thread until its end, for a module whose on_event returns an Outcome: whatever it awaits
  // there is done on this thread. What was cancelled is a Failure of a Result; of anything else it throws Cancelled.
  T get() &&;

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

template <class T>
struct IsAsync : std::false_type {};
template <class T>
struct IsAsync<Async<T>> : std::true_type {};

}  // namespace detail

template <class T>
T Async<T>::get() && {
  const auto ended = std::make_shared<detail::Ended>();
  detail::run_and_tell(frame_, ended);
  ended->wait();
  if constexpr (std::is_constructible_v<T, Failure> && !std::is_void_v<T>) {
    try {
      return frame_.promise().take();
    } catch (const Cancelled&) {
      return cancelled();
    }
  } else {
    return frame_.promise().take();
  }
}

}  // namespace modhost
