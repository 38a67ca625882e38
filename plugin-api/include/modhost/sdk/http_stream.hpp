// HttpStream: an answer taken piece by piece while it comes.
//
//   modhost::HttpStream stream = event.http().stream(request);
//   const auto head = co_await stream.head();
//   while (auto piece = co_await stream.next()) use(*piece);
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "modhost/sdk/streaming_call.hpp"

namespace modhost {

// One call, made when it is first asked for something; for one coroutine at a time. What comes faster than it is taken
// waits, 64 KiB and a piece of it, then the peer is held back. Dropped before its end, the call is cancelled.
//
// Each question is awaited, or waited for with get(). The host's blocking form has no pieces: get() keeps its thread
// until the whole answer is there and gives it as one. The first question decides which.
class HttpStream {
 public:
  HttpStream(std::shared_ptr<detail::Scope> scope, HttpRequest request)
      : call_(std::make_shared<detail::StreamingCall>(std::move(scope), std::move(request))) {}
  HttpStream(HttpStream&&) noexcept = default;
  HttpStream& operator=(HttpStream&& other) noexcept {
    if (call_) call_->drop();
    call_ = std::move(other.call_);
    return *this;
  }
  ~HttpStream() {
    if (call_) call_->drop();
  }

  // Result<HttpResponse> without a body. Any answer that came is a value, whatever its status.
  [[nodiscard]] auto head() const { return Question<detail::StreamingCall::Wanted::kHead>(call_); }
  // std::optional<std::string>: the next bytes, never empty; nothing at the end of a whole answer. An answer that
  // breaks off throws an Error: a retry, as for every call without an answer. co_await throws Cancelled when the event
  // is.
  [[nodiscard]] auto next() const { return Question<detail::StreamingCall::Wanted::kPiece>(call_); }

 private:
  template <detail::StreamingCall::Wanted wanted>
  class [[nodiscard]] Question {
   public:
    explicit Question(std::shared_ptr<detail::StreamingCall> call) : call_(std::move(call)) {}

    auto get() && {
      call_->perform();
      return taken(*call_);
    }
    auto operator co_await() && noexcept { return Awaiter(std::move(call_)); }

   private:
    class Awaiter {
     public:
      explicit Awaiter(std::shared_ptr<detail::StreamingCall> call) : call_(std::move(call)) {}
      [[nodiscard]] bool await_ready() const {
        if (call_->scope().reason() != 0) return true;
        if (call_->scope().is_blocking()) call_->perform();
        return call_->scope().is_blocking();
      }
      bool await_suspend(std::coroutine_handle<> waiter) {
        const auto call = call_;  // resumed elsewhere, this frame may be gone before wait() returns
        call->start();
        return call->wait(wanted, waiter);
      }
      auto await_resume() {
        call_->scope().throw_if_cancelled(call_->status());
        return taken(*call_);
      }

     private:
      const std::shared_ptr<detail::StreamingCall> call_;
    };
    static auto taken(detail::StreamingCall& call) {
      if constexpr (wanted == detail::StreamingCall::Wanted::kHead)
        return call.take_head();
      else
        return call.take_piece().value();
    }
    std::shared_ptr<detail::StreamingCall> call_;
  };
  std::shared_ptr<detail::StreamingCall> call_;
};

}  // namespace modhost
