// What the coroutine that writes an answer shares with the one that shows it.
#pragma once

#include <chrono>
#include <coroutine>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "modhost/sdk/when_all.hpp"
#include "modhost/unique/citations.hpp"
#include "modhost/unique/detail/timestamp.hpp"

namespace modhost::unique::detail {

// Snapshots of a text: the first at once, then at most one in `interval` and never two at a time; the latest text wins.
// What is on its way may end after the event, so of that only http() and sleep() are used, which borrow nothing of it.
// Thread-safe.
class Bubble : public std::enable_shared_from_this<Bubble> {
 public:
  Bubble(const Event& event, std::string_view message_id, std::span<const Chunk> sources,
         std::chrono::milliseconds interval)
      : event_(event),
        target_("/messages/" + url_encode(message_id)),
        chat_id_(event.chat_id()),
        interval_(interval),
        citations_(sources) {}

  void write(std::string_view piece) {
    {
      const std::lock_guard lock(mutex_);
      const std::size_t bytes_before = citations_.text().size();
      citations_.write(piece);
      is_new_ |= citations_.text().size() != bytes_before;
      if (!is_new_ || is_running_ || is_closed_) return;
      if (event_.is_blocking() && std::chrono::steady_clock::now() < rested_at_) return;
      is_running_ = is_sending_ = true;
    }
    run(shared_from_this());
  }
  // No snapshot begins after this.
  void close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  // Awaited after close(): until the snapshot on its way, if any, has arrived.
  auto arrival() {
    struct Awaiter {
      explicit Awaiter(std::shared_ptr<Bubble> of) : bubble(std::move(of)) {}
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> waiter) {
        const auto keep = bubble;  // resumed elsewhere, this frame may be gone before the lock is
        const std::lock_guard lock(keep->mutex_);
        if (keep->is_sending_) keep->waiter_ = waiter;
        return keep->is_sending_;
      }
      void await_resume() const noexcept {}
      const std::shared_ptr<Bubble> bubble;
    };
    return Awaiter(shared_from_this());
  }
  template <class Use>
  auto with_citations(Use use) {
    const std::lock_guard lock(mutex_);
    return use(citations_);
  }
  [[nodiscard]] std::size_t failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
  }

 private:
  // While there is something new to show. Ends for good when the event is cancelled. A module that blocks is not kept
  // for the interval: one of its later texts is shown.
  static modhost::detail::Detached run(std::shared_ptr<Bubble> self) {
    try {
      if (self->event_.is_blocking()) {
        co_await self->show();
        co_return self->rest();
      }
      do co_await when_all(self->show(), self->event_.sleep(self->interval_));
      while (self->goes_on());
    } catch (...) {
      self->close();
      self->arrive();
    }
  }
  Async<void> show() {
    try {
      if (!std::exchange(is_started_, true))
        co_await send("PATCH", target_, fields("startedStreamingAt", timestamp(), "references", array({})));
      co_await send("POST", target_ + "/event", snapshot());
    } catch (...) {
      close();
    }
    arrive();
  }
  // Nobody waits for these: what fails is counted, the next one shows all of the text anyway.
  Async<void> send(std::string method, std::string target, Fields body) {
    constexpr auto kTimeout = std::chrono::seconds(10);
    HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    body.push_back({"chatId", chat_id_});
    request.body = object(body).text();
    request.timeout = kTimeout;
    const auto answer = co_await event_.http().send(std::move(request));
    const std::lock_guard lock(mutex_);
    if (!answer || answer->status < 200 || answer->status >= 300) ++failures_;
  }
  Fields snapshot() {
    const std::lock_guard lock(mutex_);
    is_new_ = false;
    const std::vector<Reference> references = citations_.references();
    return fields("text", citations_.text(), "originalText", citations_.original_text(), "references",
                  json_of(std::span<const Reference>(references)));
  }
  void arrive() {
    std::unique_lock lock(mutex_);
    is_sending_ = false;
    const auto waiter = std::exchange(waiter_, nullptr);
    lock.unlock();
    if (waiter) waiter.resume();
  }
  void rest() {
    const std::lock_guard lock(mutex_);
    is_running_ = is_sending_ = false;
    rested_at_ = std::chrono::steady_clock::now() + interval_;
  }
  bool goes_on() {
    const std::lock_guard lock(mutex_);
    is_running_ = is_sending_ = is_new_ && !is_closed_;
    return is_running_;
  }

  const Event event_;
  const std::string target_, chat_id_;
  const std::chrono::milliseconds interval_;
  bool is_started_ = false;  // of the one that shows
  mutable std::mutex mutex_;
  CitationStream citations_;
  std::chrono::steady_clock::time_point rested_at_{};
  bool is_new_ = false, is_running_ = false, is_sending_ = false, is_closed_ = false;
  std::size_t failures_ = 0;
  std::coroutine_handle<> waiter_;
};

}  // namespace modhost::unique::detail
