// Server-sent events to the open pages. Writing happens on the worker's thread, so that neither a slow browser nor the
// number of pages is felt by the API.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.hpp"
#include "playground/worker.hpp"

namespace modhost::playground {

inline constexpr std::size_t kWatchersMax = 64;

class LiveFeed {
 public:
  // The worker must be stopped before this object goes.
  LiveFeed(const Clock& clock, Worker& worker) : clock_(clock), worker_(worker) {}

  void watch(http::Responder responder);  // answers with a stream that begins with the event "hello" [any thread]

  // Builds the text only when somebody watches. [any thread]
  void publish(std::string_view kind, const std::function<std::string()>& json);

  void end();  // ends every stream; after the worker has stopped

 private:
  void write(const std::string& frame);
  void beat();

  const Clock& clock_;
  Worker& worker_;
  std::atomic<std::size_t> watcher_count_{0};
  std::atomic<bool> has_lost_{false};      // a frame was dropped: pages must connect again to see the truth
  std::vector<http::Responder> watchers_;  // worker's thread only
  bool is_beating_ = false;                // worker's thread only
};

}  // namespace modhost::playground
