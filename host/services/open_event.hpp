// One attempt at one event while the plugin has it: queued -> running -> finished, or given up by the host and finished
// late. Whatever threads do, its end is told exactly once and its memory stays lent until the plugin has finished.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "event/event.hpp"
#include "modhost/plugin.h"
#include "services/handle_table.hpp"
#include "services/upload_grants.hpp"

namespace modhost::services {

class Call;

// What a plugin says about an event it has finished.
struct Answer {
  modhost_status status = MODHOST_OK;
  std::chrono::milliseconds retry_after{0};
  std::string detail;
};

// How an attempt ended, told once.
struct EventEnd {
  Answer answer;
  bool by_host = false;            // given up; the plugin may still be at work
  bool has_begun = false;          // plugin code has seen it
  std::int32_t cancel_reason = 0;  // MODHOST_CANCEL_*; 0: nobody asked
  bool is_turn_completed = false;  // a call of the module completed the chat's turn
  bool is_turn_left_open = false;
  std::string shown_answer;  // the body of the last call that showed an answer without storing it
};

// What a transition leaves to do outside the event's own lock. EventService does it.
struct Ending {
  modhost_status answer = MODHOST_OK;        // to whoever asked for the transition
  std::optional<EventEnd> end;               // to be told
  bool is_loan_over = false;                 // the plugin is done with the memory
  std::vector<std::shared_ptr<Call>> calls;  // die with the event
};

// Thread-safe.
class OpenEvent {
 public:
  // extend() goes up to `limit`.
  OpenEvent(Event event, unsigned attempt, Deadline limit, std::int64_t journal_seq = 0)
      : event_(std::move(event)), attempt_(attempt), limit_(limit), journal_seq_(journal_seq) {}
  OpenEvent(const OpenEvent&) = delete;
  OpenEvent& operator=(const OpenEvent&) = delete;

  [[nodiscard]] const Event& event() const { return event_; }
  [[nodiscard]] unsigned attempt() const { return attempt_; }
  [[nodiscard]] Deadline limit() const { return limit_; }
  [[nodiscard]] std::int64_t journal_seq() const { return journal_seq_; }  // 0: not from a journal
  [[nodiscard]] Handle id() const { return id_; }
  void set_id(Handle id) { id_ = id; }  // before anybody else knows the event

  // queued -> running until `deadline`. False: it ended before, nobody may run it. [host]
  bool begin(Deadline deadline);
  // The host's end: the outcome is `status`. Nothing when it has ended. [host]
  Ending give_up(modhost_status status, std::string detail);
  enum class Cancel { kNothing, kAsked, kNeverBegan };
  // kAsked: the plugin is to be told, once, and has until `give_up_at`. kNeverBegan: give_up() is all it takes. [host]
  Cancel ask_to_cancel(std::int32_t reason, Deadline give_up_at, Ending& ending);
  // Brackets the plugin's on_cancel. False: it has finished, nothing may be called. [host]
  bool enter_on_cancel();
  void leave_on_cancel();
  [[nodiscard]] Deadline deadline() const;
  [[nodiscard]] bool has_ended() const;

  // The plugin's end. Answers OK, or GONE when it had ended. Returns only after an on_cancel that began has returned.
  Ending finish(Answer answer);
  [[nodiscard]] std::int32_t cancelled() const;
  modhost_status extend(std::chrono::milliseconds more, Deadline& holds_now);
  modhost_status leave_turn_open();

  // A call that dies with the event. The deadline it gets, nothing when the event has ended.
  std::optional<Deadline> attach(const std::shared_ptr<Call>& call);
  void detach(const std::shared_ptr<Call>& call);
  void note_turn_completed();
  void note_shown_answer(std::string body);  // empty: the platform has stored the answer meanwhile

  UploadGrants uploads;

 private:
  enum class Phase { kQueued, kRunning, kGivenUp, kFinished };
  Ending end(Answer answer, Phase phase) REQUIRES(mutex_);

  const Event event_;
  const unsigned attempt_;
  const Deadline limit_;
  const std::int64_t journal_seq_;
  Handle id_ = 0;
  mutable Mutex mutex_;
  std::condition_variable on_cancel_left_;
  Phase phase_ GUARDED_BY(mutex_) = Phase::kQueued;
  Deadline deadline_ GUARDED_BY(mutex_);
  Deadline give_up_at_ GUARDED_BY(mutex_);
  std::int32_t cancel_reason_ GUARDED_BY(mutex_) = 0;
  bool is_turn_completed_ GUARDED_BY(mutex_) = false;
  bool is_turn_left_open_ GUARDED_BY(mutex_) = false;
  std::string shown_answer_ GUARDED_BY(mutex_);
  std::optional<std::thread::id> on_cancel_thread_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Call>> calls_ GUARDED_BY(mutex_);
};

}  // namespace modhost::services
