// Keeps the open streams and writes frames to them.
#include "playground/live_feed.hpp"

#include <memory>

namespace modhost::playground {

namespace {
constexpr auto kBeatInterval = std::chrono::seconds(15);  // finds pages that have gone
}

void LiveFeed::watch(http::Responder responder) {
  if (watcher_count_.load() >= kWatchersMax) {
    responder.respond({503, "text/plain", "too many open pages: close one and reload", {}, false});
    return;
  }
  ++watcher_count_;
  auto shared = std::make_shared<http::Responder>(std::move(responder));  // a task is copyable, a responder is not
  const bool is_posted = worker_.post([this, shared] {
    shared->begin_stream({200, "text/event-stream", {}, {{"Cache-Control", "no-cache"}}, false});
    if (!shared->write("event: hello\ndata: {}\n\n")) {
      --watcher_count_;
      return;
    }
    watchers_.push_back(std::move(*shared));
    if (!is_beating_) beat();
  });
  if (!is_posted) --watcher_count_;
}

void LiveFeed::publish(std::string_view kind, const std::function<std::string()>& json) {
  if (watcher_count_.load() == 0) return;
  std::string frame = "event: ";
  frame.append(kind).append("\ndata: ").append(json()).append("\n\n");
  if (!worker_.post([this, frame = std::move(frame)] { write(frame); })) has_lost_ = true;
}

void LiveFeed::write(const std::string& frame) {
  if (has_lost_.exchange(false)) {
    end();
    return;
  }
  const std::size_t gone = std::erase_if(watchers_, [&](http::Responder& watcher) { return !watcher.write(frame); });
  watcher_count_ -= gone;
}

void LiveFeed::beat() {
  is_beating_ = !watchers_.empty();
  if (!is_beating_) return;
  write(":\n\n");
  is_beating_ = worker_.at(clock_.steady_now() + kBeatInterval, [this] { beat(); });
}

void LiveFeed::end() {
  for (http::Responder& watcher : watchers_) watcher.end_stream();
  watcher_count_ -= watchers_.size();
  watchers_.clear();
}

}  // namespace modhost::playground
