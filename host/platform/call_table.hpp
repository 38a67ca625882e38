// Where callers and the client thread meet: the calls alive, and an inbox of those that have something to tell.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "platform/http_client.hpp"

namespace modhost::platform {

// One call, from start() to on_done.
struct Call {
  Call(CallId call_id, HttpRequest what, std::shared_ptr<Sink> receiver)
      : id(call_id), request(std::move(what)), sink(std::move(receiver)) {}

  const CallId id;
  const HttpRequest request;
  const std::shared_ptr<Sink> sink;
  std::atomic<bool> cancelled = false;  // wishes of callers, read by the client thread at any time
  std::atomic<bool> paused = false;

  // Client thread only.
  enum class State { kNew, kWaiting, kActive, kBackoff, kHeld, kDone };
  State state = State::kNew;
  int attempts = 0;
  std::string origin;
  std::optional<SteadyTime> timer;  // its place among the loop's timers
  bool head_delivered = false;      // once true, no further attempt is made
  HttpResponse held;                // a complete answer that waits for the sink (kHeld)

  [[nodiscard]] bool is_ended_by_caller() const {
    const bool is_under_way = state == State::kActive || state == State::kHeld;
    return cancelled && !(request.is_wanted_once_sent && is_under_way);
  }
};

class CallTable {
 public:
  CallTable(std::size_t calls_max, UniqueFd wake) : calls_max_(calls_max), wake_(std::move(wake)) {}
  // kUnavailable: no descriptor left.
  static Result<std::unique_ptr<CallTable>> open(std::size_t calls_max);

  // kFull, kGone once closed. [any]
  Result<CallId> add(HttpRequest request, std::shared_ptr<Sink> sink);
  void cancel(CallId id);              // [any]
  void pause(CallId id, bool paused);  // [any]
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::uint64_t started() const;

  // The client thread's side: readable when the inbox is not empty or the table was closed.
  [[nodiscard]] int wake_fd() const { return wake_.get(); }
  std::vector<std::shared_ptr<Call>> take_inbox();
  void remove(CallId id);
  void close();  // no call is added any more; wakes [any]
  [[nodiscard]] bool is_closed() const;
  std::vector<std::shared_ptr<Call>> alive() const;

 private:
  struct Entry {
    std::shared_ptr<Call> call;
    bool in_inbox = true;
  };
  void tell(CallId id, const std::function<void(Call&)>& wish);
  void wake();

  const std::size_t calls_max_;
  const UniqueFd wake_;
  mutable Mutex mutex_;
  std::unordered_map<CallId, Entry> calls_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Call>> inbox_ GUARDED_BY(mutex_);  // each call at most once
  CallId last_id_ GUARDED_BY(mutex_) = 0;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace modhost::platform
