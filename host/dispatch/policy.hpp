// What becomes of an event after an attempt: pure rules, no I/O. (docs/delivery.md.)
#pragma once

#include <string>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "journal/journal.hpp"
#include "plugin/runtime.hpp"

namespace modhost::dispatch {

struct AttemptFacts {
  unsigned attempt = 1;         // 1 for the first
  UnixMillis first_received{};  // or replayed: deadlines count from here
  UnixMillis now{};
  double jitter = 0;         // -1..1, scaled to +-20 %
  bool is_stopping = false;  // the host itself is going down
};

struct Decision {
  journal::State state = journal::State::kCompleted;
  std::string reason;
  UnixMillis not_before{};  // with kWaiting
  bool consumes_attempt = true;
};

Decision decide(const config::ModuleConfig& module, const plugin::Outcome& outcome, const AttemptFacts& facts);

inline constexpr const char* kStoppedByUser = "stopped_by_user";
inline constexpr const char* kSuperseded = "superseded";

journal::ClaimOrder claim_order(config::Order order);

// The word for an outcome in attempt records, logs and metrics.
std::string_view to_string(plugin::Outcome::Kind kind);

}  // namespace modhost::dispatch
