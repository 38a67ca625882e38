#include "services/open_event.hpp"

#include <algorithm>
#include <utility>

namespace modhost::services {

namespace {

// on_cancel returns at once; one that waits for a lock of the thread that completes must not hold it for ever.
constexpr std::chrono::milliseconds kOnCancelWait{100};

}  // namespace

bool OpenEvent::begin(Deadline deadline) {
  MutexLock lock(mutex_);
  if (phase_ != Phase::kQueued) return false;
  phase_ = Phase::kRunning;
  deadline_ = deadline;
  return true;
}

Ending OpenEvent::end(Answer answer, Phase phase) {
  Ending ending;
  EventEnd& told = ending.end.emplace();
  told.answer = std::move(answer);
  told.by_host = phase == Phase::kGivenUp;
  told.has_begun = phase_ != Phase::kQueued;
  told.cancel_reason = cancel_reason_;
  told.is_turn_completed = is_turn_completed_;
  told.is_turn_left_open = is_turn_left_open_;
  told.shown_answer = std::exchange(shown_answer_, {});
  ending.is_loan_over = phase == Phase::kFinished || phase_ == Phase::kQueued;
  ending.calls = std::exchange(calls_, {});
  phase_ = ending.is_loan_over ? Phase::kFinished : phase;
  return ending;
}

Ending OpenEvent::give_up(modhost_status status, std::string detail) {
  MutexLock lock(mutex_);
  Ending ending;
  ending.answer = MODHOST_E_GONE;
  if (phase_ == Phase::kGivenUp || phase_ == Phase::kFinished) return ending;
  return end(Answer{status, {}, std::move(detail)}, Phase::kGivenUp);
}

OpenEvent::Cancel OpenEvent::ask_to_cancel(std::int32_t reason, Deadline give_up_at, Ending& ending) {
  MutexLock lock(mutex_);
  if (phase_ == Phase::kGivenUp || phase_ == Phase::kFinished || cancel_reason_ != 0) return Cancel::kNothing;
  cancel_reason_ = reason;
  if (phase_ == Phase::kQueued) return Cancel::kNeverBegan;
  give_up_at_ = give_up_at;
  ending.calls = std::exchange(calls_, {});  // a blocking one lets go of its thread
  return Cancel::kAsked;
}

bool OpenEvent::enter_on_cancel() {
  MutexLock lock(mutex_);
  if (phase_ == Phase::kFinished) return false;
  on_cancel_thread_ = std::this_thread::get_id();
  return true;
}

void OpenEvent::leave_on_cancel() {
  MutexLock lock(mutex_);
  on_cancel_thread_.reset();
  on_cancel_left_.notify_all();
}

Deadline OpenEvent::deadline() const {
  MutexLock lock(mutex_);
  return deadline_;
}

bool OpenEvent::has_ended() const {
  MutexLock lock(mutex_);
  return phase_ == Phase::kGivenUp || phase_ == Phase::kFinished;
}

Ending OpenEvent::finish(Answer answer) {
  MutexLock lock(mutex_);
  Ending ending;
  if (phase_ == Phase::kQueued) {  // a guessed handle: the plugin has not seen the event
    ending.answer = MODHOST_E_INVALID;
    return ending;
  }
  if (phase_ == Phase::kRunning) {
    ending = end(std::move(answer), Phase::kFinished);
  } else {
    ending.answer = MODHOST_E_GONE;
    ending.is_loan_over = phase_ == Phase::kGivenUp;
    phase_ = Phase::kFinished;
  }
  const auto until = std::chrono::steady_clock::now() + kOnCancelWait;
  while (on_cancel_thread_ && *on_cancel_thread_ != std::this_thread::get_id())
    if (lock.wait_until(on_cancel_left_, until) == std::cv_status::timeout) break;
  return ending;
}

std::int32_t OpenEvent::cancelled() const {
  MutexLock lock(mutex_);
  if (cancel_reason_ != 0) return cancel_reason_;
  return phase_ == Phase::kQueued || phase_ == Phase::kRunning ? 0 : MODHOST_E_GONE;
}

modhost_status OpenEvent::extend(std::chrono::milliseconds more, Deadline& holds_now) {
  MutexLock lock(mutex_);
  holds_now = deadline_;
  if (phase_ != Phase::kRunning) return MODHOST_E_GONE;
  if (deadline_.is_never()) return MODHOST_OK;
  if (cancel_reason_ != 0 || deadline_ >= limit_) return MODHOST_E_FULL;
  // Compared as a distance: the sum may overflow.
  deadline_ = more < limit_.at() - deadline_.at() ? Deadline(deadline_.at() + more) : limit_;
  holds_now = deadline_;
  return MODHOST_OK;
}

modhost_status OpenEvent::leave_turn_open() {
  MutexLock lock(mutex_);
  if (phase_ != Phase::kRunning) return MODHOST_E_GONE;
  is_turn_left_open_ = true;
  return MODHOST_OK;
}

std::optional<Deadline> OpenEvent::attach(const std::shared_ptr<Call>& call) {
  MutexLock lock(mutex_);
  if (phase_ != Phase::kRunning) return std::nullopt;
  calls_.push_back(call);
  return cancel_reason_ != 0 ? give_up_at_ : deadline_;  // time to say goodbye in
}

void OpenEvent::detach(const std::shared_ptr<Call>& call) {
  MutexLock lock(mutex_);
  const auto found = std::find(calls_.begin(), calls_.end(), call);
  if (found == calls_.end()) return;
  std::swap(*found, calls_.back());
  calls_.pop_back();
}

void OpenEvent::note_turn_completed() {
  MutexLock lock(mutex_);
  is_turn_completed_ = true;
}

void OpenEvent::note_shown_answer(std::string body) {
  MutexLock lock(mutex_);
  shown_answer_ = std::move(body);
}

}  // namespace modhost::services
