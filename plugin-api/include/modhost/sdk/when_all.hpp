// Work side by side: when_all() begins every coroutine it is given and goes on when all of them have ended.
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "modhost/sdk/async.hpp"

namespace modhost {
namespace detail {

template <class T>
using Awaited = decltype(std::declval<T>().operator co_await().await_resume());
// What is kept of it: nothing becomes a value too.
template <class T>
using Kept = std::conditional_t<std::is_void_v<Awaited<T>>, std::monostate, std::decay_t<Awaited<T>>>;

// How one of them ended.
template <class T>
class Slot {
 public:
  template <class Work>
  Async<void> fill(Work work) {
    try {
      if constexpr (std::is_void_v<Awaited<Work>>) {
        co_await std::move(work);
        value_.emplace();
      } else {
        value_.emplace(co_await std::move(work));
      }
    } catch (...) {
      error_ = std::current_exception();
    }
  }
  [[nodiscard]] const std::exception_ptr& error() const { return error_; }
  T take() { return std::move(*value_); }

 private:
  std::optional<T> value_;
  std::exception_ptr error_;
};

// Counts down; the last one resumes who waits. One is counted for the waiter itself, so that nobody resumes it before
// it has begun to wait.
class Countdown {
 public:
  explicit Countdown(std::size_t count) : left_(count + 1) {}
  void arrive() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) waiter_.resume();
  }
  bool await_ready() const noexcept { return left_.load(std::memory_order_acquire) == 1; }
  bool await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    return left_.fetch_sub(1, std::memory_order_acq_rel) != 1;
  }
  void await_resume() const noexcept {}

 private:
  std::atomic<std::size_t> left_;
  std::coroutine_handle<> waiter_;
};

inline Detached run_beside(Async<void> work, Countdown& countdown) {
  {
    Async<void> running = std::move(work);
    co_await std::move(running);
  }  // all of it is gone before anybody goes on
  countdown.arrive();
}

template <class T>
void rethrow_first(const std::vector<Slot<T>>& slots) {
  for (const auto& slot : slots)
    if (slot.error()) std::rethrow_exception(slot.error());
}

}  // namespace detail

// The values in the order of the arguments, std::monostate for what has none. When some throw, all have ended before
// the first one's exception goes on.
template <class Work>
Async<std::vector<detail::Kept<Work>>> when_all(std::vector<Work> work) {
  std::vector<detail::Slot<detail::Kept<Work>>> slots(work.size());
  detail::Countdown countdown(work.size());
  for (std::size_t i = 0; i < work.size(); ++i) detail::run_beside(slots[i].fill(std::move(work[i])), countdown);
  co_await countdown;
  detail::rethrow_first(slots);
  std::vector<detail::Kept<Work>> values;
  values.reserve(slots.size());
  for (auto& slot : slots) values.push_back(slot.take());
  co_return values;
}

template <class... Work>
requires(sizeof...(Work) > 1) Async<std::tuple<detail::Kept<Work>...>> when_all(Work... work) {
  std::tuple<detail::Slot<detail::Kept<Work>>...> slots;
  detail::Countdown countdown(sizeof...(Work));
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (detail::run_beside(std::get<I>(slots).fill(std::move(work)), countdown), ...);
  }
  (std::index_sequence_for<Work...>());
  co_await countdown;
  std::apply(
      [](const auto&... slot) {
        for (const std::exception_ptr& error : {slot.error()...})
          if (error) std::rethrow_exception(error);
      },
      slots);
  co_return std::apply([](auto&... slot) { return std::tuple(slot.take()...); }, slots);
}

}  // namespace modhost
