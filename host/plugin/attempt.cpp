#include "plugin/attempt.hpp"

#include <utility>

#include "services/abi_values.hpp"

namespace modhost::plugin {

namespace {

constexpr std::uint32_t flag(bool is_set, std::uint32_t value) { return is_set ? value : 0u; }

Outcome::Kind kind_of(const services::EventEnd& end, bool has_thrown) {
  using Kind = Outcome::Kind;
  if (has_thrown) return Kind::kCrashed;
  const bool is_late = end.cancel_reason == MODHOST_CANCEL_DEADLINE;
  switch (end.answer.status) {
    case MODHOST_E_RETRY:
      return Kind::kRetry;
    case MODHOST_E_SNOOZE:
      return Kind::kSnooze;
    case MODHOST_E_TIMEOUT:
      return end.by_host || is_late ? Kind::kDeadline : Kind::kFailed;
    case MODHOST_E_CANCELLED:
    case MODHOST_E_CLOSED:
      if (is_late) return Kind::kDeadline;
      // Nobody asked: then it is the plugin's own word for a failure.
      return end.by_host || end.cancel_reason != 0 ? Kind::kCancelled : Kind::kFailed;
    case MODHOST_E_FULL:
      return end.by_host ? Kind::kSnooze : Kind::kFailed;  // no thread could take it
    default:
      return end.answer.status >= 0 ? Kind::kOk : Kind::kFailed;
  }
}

}  // namespace

Outcome outcome_of(services::EventEnd end, bool has_thrown) {
  Outcome outcome;
  outcome.kind = kind_of(end, has_thrown);
  outcome.is_unfinished = end.by_host && end.has_begun;
  if (end.cancel_reason != 0) outcome.cancelled_for = static_cast<CancelReason>(end.cancel_reason);
  outcome.status = end.answer.status;
  outcome.retry_after = end.answer.retry_after;
  outcome.detail = std::move(end.answer.detail);
  outcome.turn_completed = end.is_turn_completed;
  outcome.leave_turn_open = end.is_turn_left_open;
  outcome.shown_answer = std::move(end.shown_answer);
  return outcome;
}

Attempt::Attempt(AttemptInput input, std::chrono::nanoseconds time_budget, Deadline limit, OutcomeListener listener)
    : OpenEvent(std::move(input.event), input.attempt, limit, input.journal_seq),
      budget(time_budget),
      idempotency_key_(std::move(input.idempotency_key)),
      checkpoint_(std::move(input.checkpoint)),
      attempts_max_(input.attempts_max),
      flags_(flag(input.prior_run, MODHOST_EVENT_PRIOR_RUN) | flag(input.replay, MODHOST_EVENT_REPLAY)),
      first_received_(input.first_received),
      listener_(std::move(listener)) {}

const modhost_event& Attempt::lend(modhost_str module_name, Deadline deadline) {
  using services::to_str;
  const Event& from = event();
  modhost_event& to = lent_;
  to.struct_size = sizeof to;
  to.flags = flags_;
  to.name = to_str(from.name);
  to.module_name = module_name;
  to.event_id = to_str(from.id);
  to.idempotency_key = to_str(idempotency_key_);
  to.app_id = to_str(from.app);
  to.company_id = to_str(from.company_id);
  to.user_id = to_str(from.user_id);
  to.chat_id = to_str(from.chat_id);
  to.assistant_id = to_str(from.assistant_id);
  to.assistant_message_id = to_str(from.assistant_message_id);
  to.user_message_id = to_str(from.user_message_id);
  to.body = to_str(from.body);
  to.traceparent = to_str(from.traceparent);
  to.checkpoint = {checkpoint_.data(), checkpoint_.size()};
  to.received_unix_ms = first_received_.time_since_epoch().count();
  to.deadline_mono_ns = services::mono_ns(deadline);
  to.attempt = attempt();
  to.max_attempts = attempts_max_;
  return to;
}

void Attempt::tell(services::EventEnd end) {
  const bool has_begun = end.has_begun;  // a thread may be about to begin what was cancelled
  Outcome outcome = outcome_of(std::move(end), has_thrown.load());
  if (has_begun) outcome.started_at = started_at.load();
  const OutcomeListener listener = std::exchange(listener_, nullptr);
  listener(std::move(outcome));
}

}  // namespace modhost::plugin
