// What an event has done on the platform that its end depends on. Log steps it has opened must not stay open: their
// endings are prepared in the outbox while it runs and become due with its end, so that no crash can lose them. A turn
// it has completed needs no ending. (decisions: endings.)
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "journal/journal.hpp"

namespace modhost::journal {

inline constexpr unsigned kOpenStepsMax = 1000;  // that one event may open, closed ones and all attempts together

// The ending of a log step: it becomes FAILED. dispatch/ending.hpp turns it into a call.
std::string step_ending(std::string_view message_log_id);

// All calls [any thread]; none blocks.
class OpenSteps {
 public:
  using StepRecord = std::int64_t;
  using Recorded = std::function<void(Result<StepRecord>)>;

  virtual ~OpenSteps() = default;

  // Before the call that opens a step leaves. `done` runs exactly once, on the journal's thread after the commit: kGone
  // when the event does not run, kDenied past kOpenStepsMax, kUnavailable when the disk fails. What is refused at once
  // is told on the caller's thread, before this returns.
  virtual void opening(EventSeq seq, Recorded done) = 0;
  // The platform has opened it; `ending` (step_ending) closes it. Due at once if the event has ended.
  virtual void opened(StepRecord record, std::string ending) = 0;
  // The platform has not opened it.
  virtual void not_opened(StepRecord record) = 0;
  // The module has closed it itself: the step of the same `ending`.
  virtual void closed(EventSeq seq, std::string ending) = 0;
  // The module has completed the chat's turn: a later attempt knows it (Claim::turn_completed).
  virtual void turn_completed(EventSeq seq) = 0;
};

}  // namespace modhost::journal
