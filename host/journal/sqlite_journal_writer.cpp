// The half of the journal that runs on the writer's thread: a batch is collected, written, applied to the picture in
// memory and answered.
#include "base/fault_point.hpp"
#include "crypto/digest.hpp"
#include "journal/sqlite_journal_impl.hpp"
#include "telemetry/log.hpp"

namespace modhost::journal {
namespace {

constexpr std::size_t kBatchOpsMax = 1024;
constexpr std::size_t kBatchBytesMax =
    4 * 1024 * 1024;  // bodies in one transaction: bounds memory and the wait of the others

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

// Within the transaction, before the operation is written.
void reach_fault_point(const Op& op) {
  if (std::holds_alternative<RunOp>(op)) fault_point("journal.marking");
  if (std::holds_alternative<SettleOp>(op)) fault_point("journal.settling");
  if (std::holds_alternative<WithdrawOp>(op)) fault_point("journal.withdrawing");
  if (std::holds_alternative<ReleaseOp>(op)) fault_point("journal.releasing");
  if (std::holds_alternative<CheckpointOp>(op)) fault_point("journal.saving_checkpoint");
  if (std::holds_alternative<KeyOp>(op)) fault_point("journal.changing_key");
  if (std::holds_alternative<StepOpeningOp>(op)) fault_point("journal.step_opening");
  if (std::holds_alternative<StepOpenedOp>(op)) fault_point("journal.step_opened");
  if (std::holds_alternative<StepClosedOp>(op)) fault_point("journal.step_closed");
  if (std::holds_alternative<TurnCompletedOp>(op)) fault_point("journal.turn_completed");
  if (std::holds_alternative<OperatorOp>(op)) fault_point("journal.operator");
  if (std::holds_alternative<OutboxDoneOp>(op)) fault_point("journal.outbox_done");
  if (std::holds_alternative<OutboxLaterOp>(op)) fault_point("journal.outbox_later");
}

}  // namespace

Result<void> SqliteJournal::Impl::attach(store::Connection& connection) {
  auto done = tables_.attach(connection);
  if (done) done = keys_.attach(connection);
  if (done) done = known_.attach(connection);
  if (done) done = bodies_.attach(connection);
  if (done) done = operators_.attach(connection);
  if (done) done = retention_.attach(connection);
  return done;
}

void SqliteJournal::Impl::detach() {
  tables_.detach();
  keys_.detach();
  known_.detach();
  bodies_.detach();
  operators_.detach();
  retention_.detach();
}

void SqliteJournal::Impl::refuse(const Error& error) { finish_flush(refuse_queued(error)); }

// The flushes that it satisfies: what is given after it is not among what it refused.
std::uint64_t SqliteJournal::Impl::refuse_queued(const Error& error) {
  std::deque<Pending> refused;
  std::vector<Op> awaited;
  std::uint64_t ticket = 0;
  {
    const MutexLock lock(mutex_);
    refused.swap(appends_);
    queued_bytes_ = 0;
    awaited = ops_.take_awaited();
    ticket = flush_asked_;
  }
  for (Pending& pending : refused) pending.done(Error(error));
  for (Op& op : awaited) refuse_awaited(op, error);
  return ticket;
}

std::vector<Pending> SqliteJournal::Impl::take_appends(std::size_t count_max, std::size_t bytes_max) {
  std::vector<Pending> taken;
  taken.reserve(std::min(count_max, appends_.size()));
  for (std::size_t bytes = 0; !appends_.empty() && taken.size() < count_max && bytes < bytes_max;
       appends_.pop_front()) {
    bytes += appends_.front().event.event.body.size();
    taken.push_back(std::move(appends_.front()));
  }
  for (const Pending& pending : taken) queued_bytes_ -= pending.event.event.body.size();
  return taken;
}

void SqliteJournal::Impl::look_at_disk() {
  const DiskLevel before = disk_.level();
  const DiskLevel level = disk_.look(options_.clock->steady_now());
  {
    const MutexLock lock(mutex_);
    disk_free_ = disk_.free();
  }
  if (level == before || options_.log == nullptr) return;
  if (level == DiskLevel::kFull)
    options_.log->error("the disk of state_dir is nearly full: new events are answered 503; free some space",
                        {{"free_bytes", disk_.free()}});
  else if (level == DiskLevel::kLow)
    options_.log->warn("the disk of state_dir is getting full: bodies of completed events are dropped early",
                       {{"free_bytes", disk_.free()}});
  else
    options_.log->info("the disk of state_dir has room again", {{"free_bytes", disk_.free()}});
}

bool SqliteJournal::Impl::collect(const Error* refusal) {
  if (refusal != nullptr) refuse_queued(*refusal);
  look_at_disk();
  batch_ = Batch();
  bool is_empty = false;
  {
    const MutexLock lock(mutex_);
    live_.ring(ops_);
    if (refusal == nullptr) batch_.appends = take_appends(limits::kCommitBatchMax, kBatchBytesMax);
    for (Op& op : ops_.take(kBatchOpsMax)) batch_.ops.push_back(BatchOp{std::move(op)});
    batch_.before = batch_.ledger = ledger_;
    batch_.last_seq = last_seq_;
    batch_.flush_ticket = appends_.empty() && ops_.empty() ? flush_asked_ : flush_done_;
    is_empty = batch_.appends.empty() && batch_.ops.empty();
  }
  if (!is_empty) return true;
  signal_ready();
  finish_flush(batch_.flush_ticket);
  return false;
}

Result<void> SqliteJournal::Impl::write() {
  if (!batch_.appends.empty()) {
    auto moved = known_.move_slice(KnownIds::Move::kWhenFull);
    if (!moved) return std::move(moved.error());
  }
  for (Pending& pending : batch_.appends)
    if (auto done = write_append(pending); !done) return done;
  if (!batch_.appends.empty()) fault_point("journal.appends_written");
  for (BatchOp& op : batch_.ops)
    if (auto done = write_op(op); !done) return done;
  batch_.ledger.keyed_upto = known_.keyed_upto();
  // A batch of duplicates changes nothing and needs no sync.
  return batch_.ledger == batch_.before ? Result<void>() : tables_.set_ledger(batch_.ledger);
}

// A duplicate is found before any limit is looked at: it is never refused.
Result<void> SqliteJournal::Impl::write_append(Pending& pending) {
  const Event& event = pending.event.event;
  const std::int64_t hash = key_hash(event.id);
  auto known = known_.find(event.app, event.id, hash);
  if (!known) return std::move(known.error());
  if (*known) {
    if (pending.event.body_sha256.empty()) pending.event.body_sha256 = crypto::bytes_of(crypto::sha256(event.body));
    pending.result = (*known)->body_sha256 == pending.event.body_sha256 ? Appended::kDuplicate : Appended::kConflict;
    return {};
  }
  Ledger& ledger = batch_.ledger;
  const bool has_ended = pending.event.ended_as.has_value();
  if (auto admitted = admit(pending.event); !admitted) {
    pending.result = std::move(admitted.error());
    return {};
  }
  const EventSeq seq = batch_.last_seq + 1;
  if (auto done = tables_.insert_event(seq, pending.event); !done) return done;
  known_.add(hash, seq);
  pending.seq = batch_.last_seq = seq;
  ++ledger.accepted;
  if (has_ended) {
    ++ledger.ended;
  } else {
    ledger.live_bytes += event.body.size();
    shares_.added(pending.event.module, {1, event.body.size()});
  }
  return {};
}

Result<void> SqliteJournal::Impl::admit(const NewEvent& event) const {
  if (event.ended_as) return {};
  if (disk_.level() == DiskLevel::kFull)
    return Error{Code::kFull, "the disk of state_dir is nearly full: free some space"};
  switch (shares_.admits(event.module, event.event.body.size())) {
    case Shares::Refusal::kNone:
      return {};
    case Shares::Refusal::kShare:
      return Error{Code::kFull, "the backlog of module " + event.module +
                                    " is full: its share of limits.ready_events or limits.ready_bytes"};
    case Shares::Refusal::kWhole:
      break;
  }
  return Error{Code::kFull, "the backlog is full: limits.ready_events or limits.ready_bytes"};
}

Result<void> SqliteJournal::Impl::write_op(BatchOp& op) {
  reach_fault_point(op.op);
  return std::visit(
      Overloaded{[](std::monostate) -> Result<void> { return {}; },
                 [&](const RunOp& run) { return tables_.mark_running(run); },
                 [&](const SettleOp& settle) { return write_settle(op, settle); },
                 [&](const WithdrawOp& withdraw) { return write_withdraw(op, withdraw); },
                 [&](const ReleaseOp& release) { return write_release(op, release); },
                 [&](const CheckpointOp& checkpoint) { return tables_.set_checkpoint(checkpoint); },
                 [&](const OutboxDoneOp& done) { return tables_.outbox_done(done); },
                 [&](const OutboxLaterOp& later) { return tables_.outbox_later(later); },
                 [&](const StepOpeningOp& step) -> Result<void> {
                   auto record = tables_.step_opening(step);
                   if (!record) return std::move(record.error());
                   op.record = *record;
                   return {};
                 },
                 [&](const StepOpenedOp& step) -> Result<void> {
                   auto is_due = tables_.step_opened(step);
                   if (!is_due) return std::move(is_due.error());
                   if (*is_due) op.endings = {step.record};
                   return {};
                 },
                 [&](const StepClosedOp& step) { return tables_.step_closed(step); },
                 [&](const OnceModulesOp& once) { return remember_once_modules(store_->connection(), once.modules); },
                 [&](const TurnCompletedOp& turn) { return tables_.turn_completed(turn); },
                 [&](const OperatorOp& change) { return write_operator(op, change); },
                 [&](const KeyOp& key) { return keys_.apply(key.change, options_.clock->unix_now(), op.changed); }},
      op.op);
}

Result<void> SqliteJournal::Impl::write_settle(BatchOp& op, const SettleOp& settle) {
  auto endings = tables_.settle(settle, store_->epoch());
  fault_point("journal.settled");
  if (!endings && endings.error().code == Code::kNotFound) {
    op.is_lost = true;
    return {};
  }
  if (!endings) return std::move(endings.error());
  op.endings = std::move(*endings);
  if (is_terminal(settle.settlement.state)) note_ended(settle.body_bytes);
  const bool keeps_body = settle.settlement.state != State::kCompleted || options_.keep_body.count() > 0;
  return keeps_body ? Result<void>() : bodies_.drop(settle.settlement.seq);
}

// A replay makes live events, and takes no more of them than a delivery may.
Result<void> SqliteJournal::Impl::write_operator(BatchOp& op, const OperatorOp& change) {
  Ledger& ledger = batch_.ledger;
  if (change.kind == OperatorOp::Kind::kReplay &&
      (ledger.accepted - ledger.ended + change.seqs.size() > options_.ready_events_max ||
       ledger.live_bytes >= options_.ready_bytes_max)) {
    op.operated = Error{Code::kFull,
                        "the backlog is full: let the modules catch up, then go on, or raise "
                        "limits.ready_events or limits.ready_bytes"};
    return {};
  }
  auto outcome = operators_.apply(change);
  if (!outcome) return std::move(outcome.error());
  for (const OperatorOutcome::Replayed& event : outcome->replayed) {
    --ledger.ended;
    ledger.live_bytes += event.body_bytes;
  }
  op.operated = std::move(*outcome);
  return {};
}

// It may have begun to run, or ended, before this was written: then there is nothing to do.
Result<void> SqliteJournal::Impl::write_withdraw(BatchOp& op, const WithdrawOp& withdraw) {
  auto withdrawn = tables_.withdraw(withdraw);
  if (!withdrawn) return std::move(withdrawn.error());
  op.withdrawn = std::move(*withdrawn);
  if (op.withdrawn) note_ended(op.withdrawn->body_bytes);
  return {};
}

Result<void> SqliteJournal::Impl::write_release(BatchOp& op, const ReleaseOp& release) {
  auto released = tables_.release(release);
  if (!released) return std::move(released.error());
  op.is_lost = !*released;
  return {};
}

void SqliteJournal::Impl::note_ended(std::uint64_t body_bytes) {
  ++batch_.ledger.ended;
  batch_.ledger.live_bytes -= std::min(body_bytes, batch_.ledger.live_bytes);
}

void SqliteJournal::Impl::committed() {
  known_.committed();
  for (const BatchOp& op : batch_.ops) {
    if (op.operated)
      for (const OperatorOutcome::Replayed& event : op.operated->replayed)
        shares_.added(event.module, {1, event.body_bytes});
    if (op.withdrawn) shares_.ended(op.withdrawn->module, {1, op.withdrawn->body_bytes});
    const auto* settle = std::get_if<SettleOp>(&op.op);
    if (settle != nullptr && options_.settled) options_.settled(settle->settlement.seq);  // before it may run again
    if (settle != nullptr && !op.is_lost && is_terminal(settle->settlement.state))
      shares_.ended(settle->module, {1, settle->body_bytes});
  }
  {
    const MutexLock lock(mutex_);
    ledger_ = batch_.ledger;
    last_seq_ = batch_.last_seq;
    for (Pending& pending : batch_.appends) apply(pending);
    for (BatchOp& op : batch_.ops) apply(op);
  }
  fault_point("journal.applied");
  signal_ready();
  answer(nullptr);
  fault_point("journal.batch_answered");
  finish_flush(batch_.flush_ticket);
  batch_ = Batch();
}

void SqliteJournal::Impl::apply(Pending& pending) {
  if (!pending.result) return;
  if (*pending.result == Appended::kDuplicate) ++duplicates_;
  if (*pending.result == Appended::kConflict) ++conflicts_;
  if (*pending.result != Appended::kStored || pending.event.ended_as) return;
  Claim claim;
  claim.seq = pending.seq;
  claim.module = std::move(pending.event.module);
  claim.event = std::move(pending.event.event);
  claim.first_received = claim.fresh_since = claim.event.received_at;
  live_.stored(std::move(claim));
}

void SqliteJournal::Impl::apply(BatchOp& op) {
  if (const auto* run = std::get_if<RunOp>(&op.op)) live_.applied(*run);
  if (const auto* release = std::get_if<ReleaseOp>(&op.op); release != nullptr && !op.is_lost) live_.applied(*release);
  if (const auto* withdraw = std::get_if<WithdrawOp>(&op.op))
    op.withdrawn ? live_.applied(*withdraw, *op.withdrawn) : live_.lost(*withdraw);
  if (const auto* later = std::get_if<OutboxLaterOp>(&op.op)) live_.applied(*later);
  if (const auto* once = std::get_if<OnceModulesOp>(&op.op)) live_.applied(*once);
  if (std::holds_alternative<OperatorOp>(op.op) && op.operated)
    for (const OperatorOutcome::Replayed& event : op.operated->replayed) live_.replayed(event.module, event.seq);
  const auto* settle = std::get_if<SettleOp>(&op.op);
  if (settle != nullptr && op.is_lost) live_.lost(*settle);
  if (settle != nullptr && !op.is_lost) live_.applied(*settle, op.endings);
  if (std::holds_alternative<StepOpenedOp>(op.op))
    for (const std::int64_t id : op.endings) live_.ending_due(id);
}

// Answers the batch: with what was committed, or all of it with the error.
void SqliteJournal::Impl::answer(const Error* error) {
  for (Pending& pending : batch_.appends)
    pending.done(error != nullptr ? Result<Appended>(Error(*error)) : std::move(pending.result));
  for (BatchOp& op : batch_.ops) {
    const auto* settle = std::get_if<SettleOp>(&op.op);
    if (settle != nullptr && op.is_lost && options_.log != nullptr)
      options_.log->error("an event to settle is not live in the file: did another program write it?",
                          {{"seq", settle->settlement.seq}});
    if (error != nullptr) {
      refuse_awaited(op.op, *error);
      continue;
    }
    if (auto* checkpoint = std::get_if<CheckpointOp>(&op.op)) checkpoint->done({});
    if (auto* key = std::get_if<KeyOp>(&op.op)) key->done(std::move(op.changed));
    if (auto* step = std::get_if<StepOpeningOp>(&op.op)) step->done(op.record);
    if (auto* change = std::get_if<OperatorOp>(&op.op)) change->done(std::move(op.operated));
  }
}

void SqliteJournal::Impl::failed(const Error& error) {
  known_.rolled_back();
  for (const Pending& pending : batch_.appends)
    if (pending.seq != 0 && !pending.event.ended_as)
      shares_.ended(pending.event.module, {1, pending.event.event.body.size()});
  answer(&error);
  std::vector<Op> kept;
  for (BatchOp& op : batch_.ops) {
    kept.push_back(is_awaited(op.op) ? Op(std::monostate()) : std::move(op.op));
  }
  {
    const MutexLock lock(mutex_);
    ops_.put_back(std::move(kept));
  }
  finish_flush(batch_.flush_ticket);
  batch_ = Batch();
}

void SqliteJournal::Impl::finish_flush(std::uint64_t ticket) {
  {
    const MutexLock lock(mutex_);
    if (ticket <= flush_done_) return;
    flush_done_ = ticket;
  }
  condition_.notify_all();
}

void SqliteJournal::Impl::signal_ready() {
  std::shared_ptr<const ReadyListener> listener;
  {
    const MutexLock lock(mutex_);
    if (!live_.take_signal() || !listener_) return;
    listener = listener_;
    signalling_ = std::this_thread::get_id();
  }
  (*listener)();
  {
    const MutexLock lock(mutex_);
    signalling_ = {};
  }
  condition_.notify_all();
}

std::optional<std::chrono::nanoseconds> SqliteJournal::Impl::wake_in() {
  const MutexLock lock(mutex_);
  const auto next = live_.next_ring();
  if (!next) return std::nullopt;
  return std::max<std::chrono::nanoseconds>(*next - options_.clock->steady_now(), std::chrono::nanoseconds(0));
}

Result<bool> SqliteJournal::Impl::tidy() {
  {
    const MutexLock lock(mutex_);
    batch_.ledger = ledger_;
    batch_.last_seq = last_seq_;
  }
  auto moved = known_.move_slice(KnownIds::Move::kAlways);
  if (!moved) return moved;
  if (!*moved) {
    auto more = retention_.step(options_.clock->unix_now(), options_.clock->steady_now(), known_.keyed_upto(),
                                disk_.level() != DiskLevel::kFine);
    return !more || *more ? std::move(more) : keys_.drop_expired(options_.clock->unix_now());
  }
  batch_.ledger.keyed_upto = known_.keyed_upto();
  if (auto done = tables_.set_ledger(batch_.ledger); !done) return std::move(done.error());
  return true;
}

}  // namespace modhost::journal
