// attempt(): a coroutine's end as a Result, for code that has something left to do when it fails.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "modhost/sdk/async.hpp"

namespace modhost {
namespace detail {

template <class T>
struct AsResult {
  using Type = Result<T>;
};
template <class T>
struct AsResult<Result<T>> {
  using Type = Result<T>;
};

}  // namespace detail

// What `work` gives, or what it throws as a Failure. Cancelled goes on: the event is over, and nothing can be awaited.
// (Within a catch block nothing can be awaited either, that is C++.)
template <class T>
Async<typename detail::AsResult<T>::Type> attempt(Async<T> work) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(work);
      co_return Result<void>();
    } else {
      co_return co_await std::move(work);
    }
  } catch (const Error& error) {
    co_return error.failure();
  } catch (const std::exception& error) {
    co_return failed(error.what());
  }
}

}  // namespace modhost
