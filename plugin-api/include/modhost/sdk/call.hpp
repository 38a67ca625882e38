// Call<T>: an HTTP call that has not been made yet. `co_await` it in a coroutine, which keeps no thread, or get() it.
#pragma once

#include <modhost/plugin.h>

#include <coroutine>
#include <functional>
#include <memory>
#include <utility>

#include "modhost/sdk/pending_call.hpp"

namespace modhost {
namespace detail {

// T of a T or of a Result<T>.
template <class T>
struct Plain {
  using Type = T;
};
template <class T>
struct Plain<Result<T>> {
  using Type = T;
};

}  // namespace detail

// Made at most once. For one event: when that is cancelled, get() answers a Failure and co_await throws Cancelled.
template <class T>
class [[nodiscard]] Call {
 public:
  using Read = std::function<Result<T>(const HttpRequest&, HttpResponse&&)>;

  Call(std::shared_ptr<detail::Scope> scope, HttpRequest request, Read read)
      : scope_(std::move(scope)), request_(std::move(request)), read_(std::move(read)) {}

  // Waits, and keeps this thread.
  Result<T> get() && {
    auto answer = detail::perform(*scope_, request_);
    if (!answer) return answer.failure();
    return read_(request_, std::move(*answer));
  }

  // The same call with its answer read further: next(T) gives what is wanted, or a Result of it.
  template <class Next>
  auto then(Next next) && {
    using To = typename detail::Plain<std::decay_t<decltype(next(std::declval<T>()))>>::Type;
    return Call<To>(std::move(scope_), std::move(request_),
                    [read = std::move(read_), next](const HttpRequest& request, HttpResponse&& answer) -> Result<To> {
                      auto value = read(request, std::move(answer));
                      if (!value) return value.failure();
                      return next(std::move(*value));
                    });
  }

  auto operator co_await() && {
    struct Awaiter {
      explicit Awaiter(Call awaited) : call(std::move(awaited)) {}
      [[nodiscard]] bool await_ready() {
        if (call.scope_->reason() != 0) return true;
        if (call.scope_->is_blocking()) pending.perform(*call.scope_, call.request_);
        return call.scope_->is_blocking();
      }
      bool await_suspend(std::coroutine_handle<> waiter) { return pending.start(*call.scope_, call.request_, waiter); }
      Result<T> await_resume() {
        call.scope_->throw_if_cancelled(pending.status());
        auto answer = pending.take(call.request_);
        if (!answer) return answer.failure();
        return call.read_(call.request_, std::move(*answer));
      }
      Call call;
      detail::PendingCall pending;
    };
    return Awaiter(std::move(*this));
  }

 private:
  template <class>
  friend class Call;
  std::shared_ptr<detail::Scope> scope_;
  HttpRequest request_;
  Read read_;
};

}  // namespace modhost
