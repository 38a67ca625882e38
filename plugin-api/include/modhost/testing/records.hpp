// What a test tells the fake host, and what it finds there afterwards.
#pragma once

#include <modhost/plugin.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "modhost/sdk/json_text.hpp"
#include "modhost/sdk/services.hpp"

namespace modhost::testing {

// A call the plugin made.
struct Call {
  std::string method, target, body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::uint32_t flags = 0;
  modhost_event_id event = 0;
  std::chrono::milliseconds time{0};  // as it was on the fake host's clock
  [[nodiscard]] JsonDocument json() const { return JsonDocument::parse(body).value(); }
};

// What the fake platform says to a call. With a result other than MODHOST_OK no answer comes, or what there is in
// `pieces` and then no more.
struct Answer {
  int status = 200;
  std::string body = "{}";
  std::string headers = {};  // "name: value\n" lines
  modhost_status result = MODHOST_OK;
  std::string detail = {};
  bool is_refused = false;  // the host does not take the call: `result` says why, E_DENIED for a missing grant
  bool is_held = false;     // an awaited call gets it after release(), or ends when it is cancelled
  // The body as an awaited call gets it, piece by piece, in place of `body`. Without any, `body` comes in two.
  std::vector<std::string> pieces = {};
  std::chrono::milliseconds every{0};       // time before each piece
  std::optional<std::size_t> held_at = {};  // so many pieces come, the others after release()
};

// One update of a metric.
struct MetricUpdate {
  std::string name;
  double value = 0;
  std::map<std::string, std::string> labels;
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

}  // namespace modhost::testing
