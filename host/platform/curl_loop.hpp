// The client thread: epoll, libcurl multi handles, the calls' queues and timers. Runs no locks but the call table's.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "platform/call_table.hpp"
#include "platform/curl_client.hpp"
#include "platform/origin.hpp"
#include "platform/retry_policy.hpp"
#include "platform/transfer.hpp"

namespace modhost::platform {

class CurlLoop {
 public:
  struct Counters {
    std::atomic<std::uint64_t> attempts = 0, connections = 0;
  };

  // Clock, options and table outlive the loop. kUnavailable: no descriptor or memory left.
  static Result<std::unique_ptr<CurlLoop>> open(const Clock& clock, const CurlClientOptions& options, CallTable& table);
  CurlLoop(const Clock& clock, const CurlClientOptions& options, CallTable& table);
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  // Serves calls until the table is closed, then ends every call with kGone.
  void run();
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  using CallPtr = std::shared_ptr<Call>;
  struct CurlGlobal {
    CurlGlobal() { curl_global_init(CURL_GLOBAL_DEFAULT); }
    ~CurlGlobal() { curl_global_cleanup(); }
  };

  // libcurl looks for a kept connection by walking those that are open, so many at once are spread over several multi
  // handles of at most kShardCallsMax. The first that has room takes a call: few calls share one pool.
  struct Shard {
    Shard(CurlLoop& owner, std::uint32_t place) : loop(owner), index(place) {}
    CurlLoop& loop;
    const std::uint32_t index;
    MultiHandle multi;  // null while it has no work
    std::size_t active = 0;
    std::optional<SteadyTime> timer;
  };
  struct Active {
    std::unique_ptr<Transfer> transfer;
    Shard* shard = nullptr;
  };

  Result<void> set_up();
  Shard* shard_with_room();
  bool open(Shard& shard);
  void close_idle_shards();
  void turn();
  [[nodiscard]] int wait_ms() const;
  void read_inbox();
  void fire_timers();
  void collect_ended(Shard& shard);

  void admit(const CallPtr& call);
  Result<void> begin(const CallPtr& call, Origin& origin);
  void serve_waiting(const std::string& origin_name);
  void attempt_ended(Transfer& transfer, CURLcode code);
  void deliver_held(const CallPtr& call);
  void give_up(const CallPtr& call, Error why);
  void finish(const CallPtr& call, Result<void> outcome);
  void release(const CallPtr& call);
  void set_timer(const CallPtr& call, SteadyTime at);
  void clear_timer(Call& call);

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* shard, void* known);
  static int on_timer(CURLM* multi, long timeout_ms, void* shard);

  const Clock& clock_;
  const CurlClientOptions& options_;
  CallTable& table_;
  Counters counters_;
  RetryPolicy policy_;
  // Destroyed from below: transfers before the multi handles they may be part of, and all before what they share.
  CurlGlobal global_;
  UniqueFd epoll_;
  ShareHandle share_;
  std::vector<std::unique_ptr<Shard>> shards_;  // never shrinks
  std::vector<std::unique_ptr<Transfer>> idle_;
  std::unordered_map<CallId, Active> active_;
  std::unordered_map<std::string, Origin> origins_;
  std::map<std::pair<SteadyTime, CallId>, CallPtr> timers_;  // of waiting calls, pauses and held answers
};

}  // namespace modhost::platform
