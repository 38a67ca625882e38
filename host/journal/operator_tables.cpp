#include "journal/operator_tables.hpp"

#include "journal/rows.hpp"

namespace modhost::journal {
namespace {

Result<void> ran(Result<std::int64_t> changed) {
  if (!changed) return std::move(changed.error());
  return {};
}

// Counts from the start, as for an event that has just come; what it did before may have reached the outside world.
constexpr const char* kReplay =
    "UPDATE event SET state=0, reason='replayed', detail='', generation=generation+1, attempts=0, crash_count=0, "
    "prior_run=1, turn_completed=0, not_before=0, fresh_at=?2, updated_at=?2 WHERE seq=?1 AND state>=3";
// The apology of the run before. Log steps that it opened still have to be closed.
constexpr const char* kDropApology =
    "DELETE FROM outbox WHERE seq=?1 AND is_prepared=0 AND substr(ending,1,8)<>'{\"step\":'";
// What recognises a duplicate stays: app, id and the digest of the body.
constexpr const char* kBlank =
    "UPDATE event SET name='', reference='', user_id='', company_id='', chat_id='', assistant_id='', "
    "assistant_message_id='', user_message_id='', created_at_s=NULL, key_id='', traceparent='', detail='', "
    "reason='purged' WHERE seq=?1 AND state>=3";

}  // namespace

Result<void> OperatorTables::attach(store::Connection& connection) {
  struct Prepared {
    store::Statement* statement;
    const char* sql;
  };
  const Prepared all[] = {
      {&find_,
       "SELECT e.state, e.module, e.body_bytes, EXISTS (SELECT 1 FROM body b WHERE b.seq=e.seq) FROM event e WHERE "
       "e.seq=?1 AND e.state>=3"},
      {&replay_, kReplay},
      {&drop_apology_, kDropApology},
      {&blank_, kBlank},
      {&drop_attempts_, "DELETE FROM attempt WHERE seq=?1"},
      {&drop_checkpoint_, "DELETE FROM checkpoint WHERE seq=?1"},
      {&drop_outbox_, "DELETE FROM outbox WHERE seq=?1"},
      {&pause_, "INSERT INTO paused_module VALUES (?1,?2,?3) ON CONFLICT DO NOTHING"},
      {&resume_, "DELETE FROM paused_module WHERE module=?1"},
      {&audit_, "INSERT INTO audit (at, actor, action, detail, count) VALUES (?1,?2,?3,?4,?5) RETURNING id"},
      {&trim_audit_, "DELETE FROM audit WHERE id<=?1"},
  };
  for (const auto& [statement, sql] : all) {
    auto prepared = connection.prepare(sql);
    if (!prepared) return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

void OperatorTables::detach() {
  for (store::Statement* statement : {&find_, &replay_, &drop_apology_, &blank_, &drop_attempts_, &drop_checkpoint_,
                                      &drop_outbox_, &pause_, &resume_, &audit_, &trim_audit_})
    *statement = {};
}

Result<OperatorOutcome> OperatorTables::apply(const OperatorOp& op) {
  OperatorOutcome outcome;
  const auto count = [&outcome](Result<bool> changed) -> Result<void> {
    if (!changed) return std::move(changed.error());
    ++(*changed ? outcome.events : outcome.refused);
    return {};
  };
  using Kind = OperatorOp::Kind;
  for (const EventSeq seq : op.seqs)
    if (auto done = count(op.kind == Kind::kReplay ? replay(seq, op, outcome) : purge(seq)); !done)
      return std::move(done.error());
  if (op.kind == Kind::kPause || op.kind == Kind::kResume)
    if (auto done = count(set_paused(op)); !done) return std::move(done.error());
  const std::uint64_t counted = op.kind == Kind::kAudit ? op.entry.count : outcome.events;
  if (auto done = write_audit(op.entry, counted); !done) return std::move(done.error());
  return outcome;
}

Result<std::optional<OperatorTables::Ended>> OperatorTables::find(EventSeq seq) {
  auto row = find_.with(seq).step();
  if (!row) return std::move(row.error());
  if (!*row) return std::optional<Ended>();
  Ended found{static_cast<State>(find_.integer(0)), find_.text(1), static_cast<std::uint64_t>(find_.integer(2)),
              find_.integer(3) != 0};
  find_.reset();
  return std::optional(std::move(found));
}

Result<bool> OperatorTables::replay(EventSeq seq, const OperatorOp& op, OperatorOutcome& outcome) {
  auto event = find(seq);
  if (!event) return std::move(event.error());
  if (!*event || (*event)->module.empty() || !(*event)->has_body) return false;
  if ((*event)->state == State::kCompleted && !op.completed_too) return false;
  auto done = ran(replay_.with(seq, millis(op.entry.at)).run());
  if (done) done = ran(drop_apology_.with(seq).run());
  if (!done) return std::move(done.error());
  outcome.replayed.push_back({seq, std::move((*event)->module), (*event)->body_bytes});
  return true;
}

Result<bool> OperatorTables::purge(EventSeq seq) {
  auto event = find(seq);
  if (!event) return std::move(event.error());
  if (!*event) return false;
  auto done = bodies_.drop(seq);
  if (done) done = ran(drop_attempts_.with(seq).run());
  if (done) done = ran(drop_checkpoint_.with(seq).run());
  if (done) done = ran(drop_outbox_.with(seq).run());
  if (done) done = ran(blank_.with(seq).run());
  if (!done) return std::move(done.error());
  return true;
}

// A module that is paused, or not, already counts as refused.
Result<bool> OperatorTables::set_paused(const OperatorOp& op) {
  auto changed = op.kind == OperatorOp::Kind::kPause ? pause_.with(op.module, millis(op.entry.at), op.entry.actor).run()
                                                     : resume_.with(op.module).run();
  if (!changed) return std::move(changed.error());
  return *changed > 0;
}

Result<void> OperatorTables::write_audit(const AuditEntry& entry, std::uint64_t count) {
  auto row = audit_.with(millis(entry.at), entry.actor, entry.action, entry.detail, count).step();
  if (!row) return std::move(row.error());
  const std::int64_t id = audit_.integer(0);
  audit_.reset();
  return ran(trim_audit_.with(id - Operations::kAuditMax).run());
}

}  // namespace modhost::journal
