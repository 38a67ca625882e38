// A host without a platform: it answers a plugin's calls from a script and remembers everything the plugin did. Safe
// from every thread; outlives the instances made on it.
#pragma once

#include <modhost/plugin.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "modhost/sdk/json.hpp"
#include "modhost/sdk/services.hpp"

namespace modhost::testing {

// A call the plugin made.
struct Call {
  std::string method, target, body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::uint32_t flags = 0;
  modhost_event_id event = 0;
  [[nodiscard]] JsonDocument json() const { return JsonDocument::parse(body).value(); }
};

// What the fake platform says to a call. With a result other than MODHOST_OK no answer comes.
struct Answer {
  int status = 200;
  std::string body = "{}";
  std::string headers = {};  // "name: value\n" lines
  modhost_status result = MODHOST_OK;
  std::string detail = {};
};

struct LogLine {
  std::int32_t level = 0;
  std::string message;
  std::map<std::string, std::string> fields;
  modhost_event_id event = 0;
};

// How an event ended.
struct Ended {
  modhost_status status = MODHOST_OK;
  std::string detail;
  std::int64_t retry_after_ms = 0;
  bool left_turn_open = false;
};

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
  // What cancelled() answers from now on, for every event.
  void cancel(std::int32_t reason);

  [[nodiscard]] std::vector<Call> calls() const;
  [[nodiscard]] std::vector<LogLine> logs() const;
  [[nodiscard]] const modhost_host* raw() const { return &host_; }
  [[nodiscard]] Json config() const { return config_.root(); }

  // For PluginUnderTest: an event begins, and ends by what on_event returned or by complete().
  modhost_event_id begin();
  Ended await(modhost_event_id event, modhost_status returned, std::chrono::milliseconds limit);
  // Returns once every asynchronous call has been answered and no sink runs: an instance may be destroyed then.
  void settle();

 private:
  friend struct FakeServices;
  friend struct FakeHttp;
  struct Script {
    std::string method, target;
    std::deque<Answer> answers;
  };
  struct Live {
    std::optional<Ended> ended;
    bool leave_turn_open = false;
  };
  struct Delivery {
    modhost_call_id call = 0;
    modhost_http_sink sink{};
    Answer answer;
  };

  Answer record(const modhost_http_request& request);
  void deliver();  // the worker's loop

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  modhost_host host_{};
  JsonDocument config_;
  std::map<std::string, std::string> secrets_;
  std::vector<Script> scripts_;
  std::vector<Call> calls_;
  std::vector<LogLine> logs_;
  std::map<modhost_event_id, Live> events_;
  std::deque<Delivery> deliveries_;
  std::uint64_t handles_ = 0;
  std::int32_t cancel_reason_ = 0;
  bool is_ending_ = false, is_delivering_ = false;
  std::thread worker_;  // runs the sinks of asynchronous calls
};

}  // namespace modhost::testing
