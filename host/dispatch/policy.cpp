#include "dispatch/policy.hpp"

#include <algorithm>

namespace modhost::dispatch {

namespace {

using std::chrono::milliseconds;
using Kind = plugin::Outcome::Kind;

constexpr double kJitter = 0.2;

Decision dead(std::string reason) { return {journal::State::kDead, std::move(reason), {}, true}; }

Decision wait(const config::ModuleConfig& module, const AttemptFacts& facts, milliseconds delay, std::string reason,
              bool consumes_attempt) {
  const milliseconds left = facts.first_received + module.event_deadline - facts.now;
  if (delay >= left) return {journal::State::kExpired, "event_deadline", {}, consumes_attempt};
  return {journal::State::kWaiting, std::move(reason), facts.now + delay, consumes_attempt};
}

milliseconds with_jitter(milliseconds delay, double jitter) {
  return milliseconds(static_cast<std::int64_t>(static_cast<double>(delay.count()) * (1 + kJitter * jitter)));
}

Decision retry(const config::ModuleConfig& module, const plugin::Outcome& outcome, const AttemptFacts& facts,
               std::string reason) {
  if (facts.attempt >= module.attempts_max()) return dead("exhausted");
  const milliseconds scheduled = with_jitter(module.retry[facts.attempt - 1], facts.jitter);
  // The module may ask for more than the schedule says, not for less.
  return wait(module, facts, std::max(scheduled, outcome.retry_after), std::move(reason), true);
}

// A run that did not end by itself: it may have reached the outside world.
Decision interrupted(const config::ModuleConfig& module, const plugin::Outcome& outcome, const AttemptFacts& facts,
                     std::string reason) {
  if (module.side_effects == config::SideEffects::kOnce) return dead("interrupted");
  return retry(module, outcome, facts, std::move(reason));
}

// Nobody wants an answer any more. Empty: that is not why it was cancelled, or it was not.
std::string_view unwanted(const plugin::Outcome& outcome) {
  if (!outcome.cancelled_for) return {};
  switch (*outcome.cancelled_for) {
    case plugin::CancelReason::kUser:
      return kStoppedByUser;
    case plugin::CancelReason::kSuperseded:
      return kSuperseded;
    case plugin::CancelReason::kOperator:
      return "stopped_by_operator";
    case plugin::CancelReason::kDeadline:
    case plugin::CancelReason::kStopping:
      break;
  }
  return {};
}

}  // namespace

journal::ClaimOrder claim_order(config::Order order) {
  switch (order) {
    case config::Order::kSerial:
      return journal::ClaimOrder::kPerChat;
    case config::Order::kCancelPrevious:
      return journal::ClaimOrder::kNewest;
    case config::Order::kNone:
      break;
  }
  return journal::ClaimOrder::kAny;
}

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::kOk:
      return "ok";
    case Kind::kRetry:
      return "retry";
    case Kind::kSnooze:
      return "snooze";
    case Kind::kFailed:
      return "failed";
    case Kind::kCancelled:
      return "cancelled";
    case Kind::kDeadline:
      return "deadline";
    case Kind::kCrashed:
      return "crashed";
  }
  return "failed";
}

Decision decide(const config::ModuleConfig& module, const plugin::Outcome& outcome, const AttemptFacts& facts) {
  if (const std::string_view reason = unwanted(outcome); !reason.empty() && outcome.kind != Kind::kOk)
    return {journal::State::kCancelled, std::string(reason), {}, true};
  switch (outcome.kind) {
    case Kind::kOk:
      return {journal::State::kCompleted, "ok", {}, true};
    case Kind::kRetry:
      return retry(module, outcome, facts, "retry");
    case Kind::kSnooze: {
      const milliseconds fallback = module.retry.empty() ? milliseconds(2000) : module.retry.front();
      return wait(module, facts, outcome.retry_after.count() > 0 ? outcome.retry_after : fallback, "snooze", false);
    }
    case Kind::kFailed:
      return dead("permanent");
    case Kind::kCancelled:
      // Given up because we stop: it runs again after the restart. Given up by itself: that attempt was used.
      if (facts.is_stopping && !outcome.is_unfinished) return {journal::State::kReady, "stopped", {}, false};
      if (facts.is_stopping && module.side_effects == config::SideEffects::kIdempotent)
        return {journal::State::kReady, "stopped", {}, true};  // as after a kill: it may have reached the outside
      return interrupted(module, outcome, facts, "cancelled");
    case Kind::kDeadline:
      return interrupted(module, outcome, facts, "attempt_deadline");
    case Kind::kCrashed:
      return interrupted(module, outcome, facts, "crashed");
  }
  return dead("permanent");
}

}  // namespace modhost::dispatch
