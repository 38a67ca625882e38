// SseStream: the events of an event stream, while it comes.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "modhost/sdk/async.hpp"
#include "modhost/sdk/http_stream.hpp"
#include "modhost/sdk/sse.hpp"

namespace modhost {

// For one coroutine at a time. Reads what is fed from an HttpStream; dropped before its end, the call is cancelled.
class SseStream {
 public:
  explicit SseStream(HttpStream bytes, SseParser parser = SseParser())
      : bytes_(std::move(bytes)), parser_(std::move(parser)) {}

  // As of the HttpStream. Ask for it first: an answer that is no 200 text/event-stream has no events.
  [[nodiscard]] auto head() const { return bytes_.head(); }
  // The next event; nothing at the end. Throws as HttpStream::next() does, and when the stream breaks the parser's
  // limits. This object must outlive it.
  Async<std::optional<SseEvent>> next() {
    while (ready_.empty()) {
      const std::optional<std::string> piece = co_await bytes_.next();
      if (!piece) co_return std::nullopt;
      read(*piece);
    }
    co_return take();
  }
  // The same on this thread, see HttpStream.
  std::optional<SseEvent> get_next() {
    while (ready_.empty()) {
      const std::optional<std::string> piece = bytes_.next().get();
      if (!piece) return std::nullopt;
      read(*piece);
    }
    return take();
  }
  // All bytes that are left, of an answer that is not an event stream; at most bytes_max of them.
  Async<std::string> rest(std::size_t bytes_max = 16 * 1024 * 1024) {
    std::string all;
    while (const auto piece = co_await bytes_.next()) {
      all += *piece;
      if (all.size() > bytes_max) throw Error(failed("an answer of more than " + std::to_string(bytes_max) + " bytes"));
    }
    co_return all;
  }
  std::string get_rest() { return bytes_.next().get().value_or(""); }
  [[nodiscard]] const SseParser& parser() const { return parser_; }

 private:
  void read(std::string_view bytes) {
    for (SseEvent& event : parser_.feed(bytes).value()) ready_.push_back(std::move(event));
  }
  std::optional<SseEvent> take() {
    SseEvent event = std::move(ready_.front());
    ready_.pop_front();
    return event;
  }
  HttpStream bytes_;
  SseParser parser_;
  std::deque<SseEvent> ready_;
};

}  // namespace modhost
