// A host without a platform: it answers a plugin's calls from a script and remembers everything the plugin did. Safe
// from every thread; outlives the instances made on it.
#pragma once

#include <modhost/plugin.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "modhost/testing/records.hpp"

namespace modhost::testing {

class FakeHost {
 public:
  // `config:` of the module as JSON.
  explicit FakeHost(std::string_view config = "{}");
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;
  ~FakeHost();

  // The next call of this method to a target that begins so gets this answer; the last one given stays. A call nobody
  // scripted is answered 200 {}.
  FakeHost& answer(std::string method, std::string target, Answer answer);
  FakeHost& secret(std::string name, std::string value);
  // What cancelled() answers from now on, for every event; awaited calls end. PluginUnderTest::cancel() also tells the
  // plugin.
  void cancel(std::int32_t reason);
  // Answers that were held, or the rest of them, are given.
  void release();
  // Time passes for timers, which stands still otherwise: except that it jumps to the next one by itself while
  // PluginUnderTest waits for an end, or a thread of the plugin for a time, and nothing else is left to do.
  void advance(std::chrono::milliseconds time);
  // Returns once so many calls have been made, or lines logged.
  void await_calls(std::size_t count);
  void await_logs(std::size_t count);

  [[nodiscard]] std::vector<Call> calls() const;
  [[nodiscard]] std::size_t unfinished_calls() const;  // awaited ones that have not ended
  [[nodiscard]] std::vector<MetricUpdate> metrics() const;
  [[nodiscard]] std::map<std::string, std::string> key_values() const;
  [[nodiscard]] std::string checkpoint(modhost_event_id event) const;
  [[nodiscard]] std::vector<LogLine> logs() const;
  [[nodiscard]] const modhost_host* raw() const { return &host_; }
  [[nodiscard]] Json config() const { return config_.root(); }

  // For PluginUnderTest: an event begins, and ends by what on_event returned or by complete().
  modhost_event_id begin();
  Ended await(modhost_event_id event, modhost_status returned, std::chrono::milliseconds limit);
  // As a host does when an instance stops: ends what is awaited, timers with MODHOST_E_CLOSED, and returns when no
  // plugin code runs any more.
  void settle();

 private:
  friend struct FakeServices;
  friend struct FakeHttp;
  friend struct FakeTask;
  friend struct FakeState;
  struct Script {
    std::string method, target;
    std::deque<Answer> answers;
  };
  struct Live {
    std::optional<Ended> ended;
    bool leave_turn_open = false;
  };
  // An asynchronous call: the next step of it is its head, a piece, or its end.
  struct Delivery {
    modhost_call_id call = 0;
    modhost_event_id event = 0;
    modhost_http_sink sink{};
    Answer answer;
    std::size_t next = 0;
    bool is_paused = false, is_over = false;  // over: only its end is left, paused or not
    std::chrono::milliseconds due{0};
    void end(modhost_status result);
    [[nodiscard]] bool is_ready(std::chrono::milliseconds now) const;
  };
  struct Task {
    modhost_task_fn fn = nullptr;
    void* user = nullptr;
    modhost_timer_id timer = 0;
    modhost_status why = MODHOST_OK;
  };
  struct Metric {
    std::int32_t kind = MODHOST_COUNTER;
    std::string name;
    std::vector<std::string> labels;
  };
  struct KeyValue {
    std::string value;
    std::uint64_t version = 0;
  };

  template <class Has>
  void await_that(Has has, const char* what, std::size_t count);
  Answer record(const modhost_http_request& request);
  void end(modhost_event_id event, Ended ended);  // and its calls; with the lock held
  // The worker's loop, and what it finds to do next; with the lock held.
  void deliver();
  void step(std::list<Delivery>::iterator delivery, std::unique_lock<std::mutex>& lock);
  [[nodiscard]] std::list<Delivery>::iterator ready();
  [[nodiscard]] bool is_idle() { return tasks_.empty() && ready() == deliveries_.end(); }
  [[nodiscard]] std::optional<std::chrono::milliseconds> next_moment() const;
  void ring();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  modhost_host host_{};
  JsonDocument config_;
  std::map<std::string, std::string> secrets_;
  std::vector<Script> scripts_;
  std::vector<Call> calls_;
  std::vector<LogLine> logs_;
  std::map<modhost_event_id, Live> events_;
  std::list<Delivery> deliveries_;
  std::deque<Task> tasks_;
  std::multimap<std::chrono::milliseconds, Task> timers_;
  std::chrono::milliseconds now_{0};
  std::multiset<std::chrono::milliseconds> waits_;  // until when threads of the plugin wait
  std::vector<Metric> metrics_;
  std::vector<MetricUpdate> metric_updates_;
  std::map<std::string, KeyValue> key_values_;
  std::map<modhost_event_id, std::string> checkpoints_;
  std::uint64_t handles_ = 0, versions_ = 0;
  std::int32_t cancel_reason_ = 0;
  int awaiting_ = 0;
  bool is_ending_ = false, is_delivering_ = false, is_closing_ = false;
  std::thread worker_;  // runs the sinks of asynchronous calls, and tasks
};

}  // namespace modhost::testing
