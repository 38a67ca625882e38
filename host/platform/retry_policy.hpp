// When a call is tried again, and after how long: rules without I/O. (docs/adr: a POST is never sent twice by
// accident.)
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "platform/http_client.hpp"

namespace modhost::platform {

// How one attempt ended.
struct AttemptEnd {
  int status = 0;                     // 0: no complete answer
  std::string_view body = {};         // of the answer, for the platform's own words; may be cut
  std::string_view retry_after = {};  // header value, or empty
  bool request_sent = true;           // at least one byte of the request left for the server
  bool hopeless = false;              // a repetition fails the same way, e.g. a certificate nobody trusts
};

// Between attempts: after the first, after the second.
struct RetryPauses {
  std::chrono::milliseconds first{1000}, second{2000};
  double jitter = 0.1;  // at most this part of the pause is added
};

class RetryPolicy {
 public:
  // `random` gives numbers from 0 to 1; it is called by pause_before_next() only. The clock outlives the policy.
  RetryPolicy(const Clock& clock, std::function<double()> random, RetryPauses pauses = {});

  // An answer with this head may be worth another attempt, so it is not to be delivered before its body is known.
  [[nodiscard]] bool may_repeat(const HttpRequest& request, int status, std::string_view retry_after) const;

  // The pause before the next attempt; nothing: this attempt's end is the call's end. `attempts` were made so far.
  [[nodiscard]] std::optional<std::chrono::milliseconds> pause_before_next(const HttpRequest& request,
                                                                           const AttemptEnd& end, int attempts) const;

  // Retry-After as a number of seconds or an HTTP date, never negative; nothing when it is neither.
  [[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value) const;

 private:
  const Clock& clock_;
  const std::function<double()> random_;
  const RetryPauses pauses_;
};

}  // namespace modhost::platform
