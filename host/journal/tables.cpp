#include "journal/tables.hpp"

#include "base/limits.hpp"
#include "journal/rows.hpp"

namespace modhost::journal {
namespace {

// Live states only may change, so an operation that is repeated after a failed commit changes nothing twice.
constexpr const char* kInsertEvent =
    "INSERT INTO event (seq, app, id, name, reference, module, user_id, company_id, chat_id, assistant_id, "
    "assistant_message_id, user_message_id, created_at_s, key_id, traceparent, received_at, updated_at, body_sha256, "
    "body_bytes, "
    "state, reason) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?16,?17,?18,?19,?20)";
constexpr const char* kSettle =
    "UPDATE event SET state=?2, reason=?3, detail=?4, attempts=attempts+?5, prior_run=max(prior_run,?6), "
    "not_before=?7, "
    "updated_at=?8 WHERE seq=?1 AND state<2";
constexpr const char* kInsertAttempt =
    "INSERT INTO attempt VALUES (?1, (SELECT coalesce(max(run),0)+1 FROM attempt WHERE seq=?1), ?2,?3,?4,?5,?6,?7,?8)";

// At most `bytes_max` bytes, never cutting a UTF-8 character in two.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;
  return text.substr(0, end);
}

Result<void> ran(Result<std::int64_t> changed) {
  if (!changed) return std::move(changed.error());
  return {};
}

}  // namespace

Result<void> Tables::attach(store::Connection& connection) {
  struct Prepared {
    store::Statement* statement;
    const char* sql;
  };
  const Prepared all[] = {
      {&read_ledger_, "SELECT accepted, ended, live_bytes, keyed_upto FROM ledger"},
      {&write_ledger_, "UPDATE ledger SET accepted=?1, ended=?2, live_bytes=?3, keyed_upto=?4"},
      {&insert_event_, kInsertEvent},
      {&insert_body_, "INSERT INTO body VALUES (?1,?2)"},
      {&run_, "UPDATE event SET state=1, updated_at=?2 WHERE seq=?1 AND state=0"},
      {&settle_, kSettle},
      {&insert_attempt_, kInsertAttempt},
      {&read_idle_, "SELECT module, state, body_bytes FROM event WHERE seq=?1 AND state IN (0,2)"},
      {&withdraw_, "UPDATE event SET state=?2, reason=?3, detail=?4, not_before=0, updated_at=?5 WHERE seq=?1"},
      {&drop_checkpoint_, "DELETE FROM checkpoint WHERE seq=?1"},
      {&insert_outbox_, "INSERT INTO outbox (seq, ending, tries, not_before) VALUES (?1,?2,0,0) RETURNING id"},
      {&release_, "UPDATE event SET state=0, not_before=0, updated_at=?2 WHERE seq=?1 AND state=2 AND not_before=?3"},
      {&put_checkpoint_, "INSERT INTO checkpoint VALUES (?1,?2) ON CONFLICT (seq) DO UPDATE SET blob=excluded.blob"},
      {&delete_outbox_, "DELETE FROM outbox WHERE id=?1"},
      {&postpone_outbox_, "UPDATE outbox SET tries=tries+1, not_before=?2 WHERE id=?1"},
      {&prepare_step_,
       "INSERT INTO outbox (seq, ending, tries, not_before, is_prepared) VALUES (?1,'',0,0,1) RETURNING id"},
      {&fill_step_,
       "UPDATE outbox SET ending=?2, is_prepared=(SELECT e.state<3 FROM event e WHERE e.seq=outbox.seq) WHERE id=?1 "
       "AND is_prepared=1 AND ending='' RETURNING is_prepared"},
      {&close_step_, "DELETE FROM outbox WHERE seq=?1 AND is_prepared=1 AND ending=?2"},
      {&arm_steps_, "UPDATE outbox SET is_prepared=0 WHERE seq=?1 AND is_prepared=1 AND ending<>'' RETURNING id"},
      {&drop_steps_, "DELETE FROM outbox WHERE seq=?1 AND is_prepared=1"},
      {&complete_turn_, "UPDATE event SET turn_completed=1 WHERE seq=?1 AND state<3"},
  };
  for (const auto& [statement, sql] : all) {
    auto prepared = connection.prepare(sql);
    if (!prepared) return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

Result<Ledger> Tables::ledger() {
  auto row = read_ledger_.step();
  if (!row) return std::move(row.error());
  if (!*row) return internal_error("the table ledger is empty: restore journal.db from a backup");
  const Ledger ledger{static_cast<std::uint64_t>(read_ledger_.integer(0)),
                      static_cast<std::uint64_t>(read_ledger_.integer(1)),
                      static_cast<std::uint64_t>(read_ledger_.integer(2)), read_ledger_.integer(3)};
  read_ledger_.reset();
  return ledger;
}

Result<void> Tables::set_ledger(const Ledger& ledger) {
  return ran(write_ledger_.with(ledger.accepted, ledger.ended, ledger.live_bytes, ledger.keyed_upto).run());
}

Result<void> Tables::insert_event(EventSeq seq, const NewEvent& added) {
  const Event& event = added.event;
  const State state = added.ended_as.value_or(State::kReady);
  auto done = ran(insert_event_
                      .with(seq, event.app, event.id, event.name, event.reference, added.module, event.user_id,
                            event.company_id, event.chat_id, event.assistant_id, event.assistant_message_id,
                            event.user_message_id, event.created_at_s, event.key_id, event.traceparent,
                            millis(event.received_at), store::Blob{added.body_sha256}, event.body.size(),
                            static_cast<int>(state), added.reason)
                      .run());
  if (!done) return done;
  return ran(insert_body_.with(seq, store::Blob{event.body}).run());
}

Result<void> Tables::mark_running(const RunOp& op) { return ran(run_.with(op.seq, millis(op.at)).run()); }

Result<std::vector<std::int64_t>> Tables::settle(const SettleOp& op, std::uint64_t epoch) {
  const Settlement& end = op.settlement;
  const bool unused = end.state == State::kReady && !end.consumes_attempt;
  const std::string_view detail = cut(end.detail, limits::kDetailBytesMax);
  auto changed =
      settle_
          .with(end.seq, static_cast<int>(end.state), end.reason, detail, end.consumes_attempt ? 1 : 0, unused ? 0 : 1,
                end.state == State::kWaiting ? millis(end.not_before) : 0, millis(op.ended_at))
          .run();
  if (!changed) return std::move(changed.error());
  if (*changed == 0) return not_found("no live event has the number " + std::to_string(end.seq));
  if (!unused) {
    auto done = insert_attempt_
                    .with(end.seq, op.generation, op.attempt, epoch, millis(op.started_at), millis(op.ended_at),
                          end.reason, detail)
                    .run();
    if (!done) return std::move(done.error());
  }
  std::vector<std::int64_t> due;
  if (auto done = add_ending(end, due); !done) return std::move(done.error());
  if (!is_terminal(end.state)) return due;
  auto dropped = drop_checkpoint_.with(end.seq).run();
  if (!dropped) return std::move(dropped.error());
  if (op.has_steps)
    if (auto done = end_steps(end, due); !done) return std::move(done.error());
  return due;
}

Result<std::optional<Tables::Withdrawn>> Tables::withdraw(const WithdrawOp& op) {
  const Settlement& end = op.settlement;
  auto row = read_idle_.with(end.seq).step();
  if (!row) return std::move(row.error());
  if (!*row) return std::optional<Withdrawn>();
  Withdrawn withdrawn{read_idle_.text(0),
                      static_cast<State>(read_idle_.integer(1)),
                      static_cast<std::uint64_t>(read_idle_.integer(2)),
                      {}};
  read_idle_.reset();
  auto done = ran(withdraw_
                      .with(end.seq, static_cast<int>(end.state), end.reason, cut(end.detail, limits::kDetailBytesMax),
                            millis(op.at))
                      .run());
  if (done) done = add_ending(end, withdrawn.endings);
  if (done) done = ran(drop_checkpoint_.with(end.seq).run());
  if (done) done = end_steps(end, withdrawn.endings);
  if (!done) return std::move(done.error());
  return std::optional(std::move(withdrawn));
}

// Before those of the steps: the chat's input unlocks with it.
Result<void> Tables::add_ending(const Settlement& end, std::vector<std::int64_t>& due) {
  if (end.ending.empty()) return {};
  auto row = insert_outbox_.with(end.seq, end.ending).step();
  if (!row) return std::move(row.error());
  due.push_back(insert_outbox_.integer(0));
  insert_outbox_.reset();
  return {};
}

// A step whose id is still to come keeps its row: step_opened() makes it due.
Result<void> Tables::end_steps(const Settlement& end, std::vector<std::int64_t>& due) {
  if (end.leaves_steps_open) return ran(drop_steps_.with(end.seq).run());
  arm_steps_.with(end.seq);
  while (true) {
    auto row = arm_steps_.step();
    if (!row) return std::move(row.error());
    if (!*row) return {};
    due.push_back(arm_steps_.integer(0));
  }
}

Result<OpenSteps::StepRecord> Tables::step_opening(const StepOpeningOp& op) {
  auto row = prepare_step_.with(op.seq).step();
  if (!row) return std::move(row.error());
  const OpenSteps::StepRecord record = prepare_step_.integer(0);
  prepare_step_.reset();
  return record;
}

Result<bool> Tables::step_opened(const StepOpenedOp& op) {
  auto row = fill_step_.with(op.record, op.ending).step();
  if (!row) return std::move(row.error());
  if (!*row) return false;  // its event ended and leaves its steps open
  const bool is_due = fill_step_.integer(0) == 0;
  fill_step_.reset();
  return is_due;
}

Result<void> Tables::step_closed(const StepClosedOp& op) { return ran(close_step_.with(op.seq, op.ending).run()); }

Result<void> Tables::turn_completed(const TurnCompletedOp& op) { return ran(complete_turn_.with(op.seq).run()); }

Result<bool> Tables::release(const ReleaseOp& op) {
  auto changed = release_.with(op.seq, millis(op.at), millis(op.not_before)).run();
  if (!changed) return std::move(changed.error());
  return *changed > 0;
}

Result<void> Tables::set_checkpoint(const CheckpointOp& op) {
  return ran(put_checkpoint_.with(op.seq, store::Blob{op.blob}).run());
}

Result<void> Tables::outbox_done(const OutboxDoneOp& op) { return ran(delete_outbox_.with(op.id).run()); }

Result<void> Tables::outbox_later(const OutboxLaterOp& op) {
  return ran(postpone_outbox_.with(op.id, millis(op.not_before)).run());
}

}  // namespace modhost::journal
