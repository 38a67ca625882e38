// The statements of the writing connection: every change of the journal's tables is one call here.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "journal/known_ids.hpp"
#include "journal/ops.hpp"
#include "store/connection.hpp"

namespace modhost::journal {

// One row of `ledger`: kept with every commit, so that accepted - ended is what is live, at any moment and after any
// crash.
struct Ledger {
  std::uint64_t accepted = 0, ended = 0;
  std::uint64_t live_bytes = 0;  // bodies of live events
  EventSeq keyed_upto = 0;
  friend bool operator==(const Ledger&, const Ledger&) = default;
};

class Tables {
 public:
  Result<void> attach(store::Connection& connection);
  void detach() { *this = Tables(); }

  Result<Ledger> ledger();
  Result<void> set_ledger(const Ledger& ledger);

  Result<void> insert_event(EventSeq seq, const NewEvent& event);
  Result<void> mark_running(const RunOp& op);
  // The outbox rows that are due with the event's end. kNotFound: no live event of this seq.
  Result<std::vector<std::int64_t>> settle(const SettleOp& op, std::uint64_t epoch);
  struct Withdrawn {
    std::string module;
    State before = State::kReady;
    std::uint64_t body_bytes = 0;
    std::vector<std::int64_t> endings;  // that are due
  };
  // Nothing: it runs or has ended.
  Result<std::optional<Withdrawn>> withdraw(const WithdrawOp& op);
  // False: it does not wait any more.
  Result<bool> release(const ReleaseOp& op);
  Result<void> set_checkpoint(const CheckpointOp& op);
  Result<void> outbox_done(const OutboxDoneOp& op);
  Result<void> outbox_later(const OutboxLaterOp& op);
  Result<OpenSteps::StepRecord> step_opening(const StepOpeningOp& op);
  // True: its event has ended meanwhile, the ending is due.
  Result<bool> step_opened(const StepOpenedOp& op);
  Result<void> step_closed(const StepClosedOp& op);
  Result<void> turn_completed(const TurnCompletedOp& op);

 private:
  Result<void> add_ending(const Settlement& end, std::vector<std::int64_t>& due);
  Result<void> end_steps(const Settlement& end, std::vector<std::int64_t>& due);

  store::Statement read_ledger_, write_ledger_, insert_event_, insert_body_, run_, settle_, insert_attempt_, read_idle_,
      withdraw_, drop_checkpoint_, insert_outbox_, release_, put_checkpoint_, delete_outbox_, postpone_outbox_,
      prepare_step_, fill_step_, close_step_, arm_steps_, drop_steps_, complete_turn_;
};

}  // namespace modhost::journal
