// The half of the journal that operators call: what they pick is changed in bounded batches, each one transaction.
#include <future>

#include "journal/sqlite_journal_impl.hpp"

namespace modhost::journal {
namespace {

constexpr std::uint64_t kPurgeBytesMax = 8ull << 20;  // of bodies in one transaction: deliveries wait for it

// What goes into one transaction; the rest is picked again.
void cut(OperatorReader::Picked& picked) {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i + 1 < picked.events.size(); ++i) {
    bytes += picked.events[i].body_bytes;
    if (bytes < kPurgeBytesMax) continue;
    picked.events.resize(i + 1);
    picked.next = picked.events.back().seq;
    return;
  }
}

std::string detail_of(const ChangeRequest& request, const std::vector<EventSeq>& seqs) {
  std::string text = describe(request.filter);
  if (request.filter.seq == 0 && !seqs.empty())
    text += " (seq " + std::to_string(seqs.front()) + " to " + std::to_string(seqs.back()) + ")";
  if (!request.reason.empty()) text += ": " + request.reason;
  return text;
}

Error picks_everything(Change change) {
  return invalid(std::string(change == Change::kReplay ? "a replay" : "a purge") +
                 " needs a filter: a number, an id, a state, a module, a reason, a company, a user, a chat or a time");
}

}  // namespace

Result<std::vector<Row>> SqliteJournal::Impl::query(const Filter& filter) {
  Filter rest = filter;
  std::vector<Row> rows;
  while (true) {
    auto page = operator_reader_.page(rest);
    if (!page) return std::move(page.error());
    rows.insert(rows.end(), std::make_move_iterator(page->rows.begin()), std::make_move_iterator(page->rows.end()));
    const std::size_t wanted = std::clamp<std::size_t>(filter.limit, 1, kPageRowsMax);
    if (page->next == 0 || rows.size() >= wanted) return rows;
    rest.limit = wanted - rows.size();
    (filter.oldest_first ? rest.after : rest.before) = page->next;
  }
}

Result<Plan> SqliteJournal::Impl::plan(Change change, const ChangeRequest& request) {
  if (describe(request.filter).empty()) return picks_everything(change);
  return change_reader_.plan(change, request);
}

Result<ChangeResult> SqliteJournal::Impl::change(Change change, const ChangeRequest& request) {
  if (describe(request.filter).empty()) return picks_everything(change);
  ChangeRequest rest = request;
  ChangeResult done;
  for (std::size_t looked_at = 0; looked_at < kChangesMax; looked_at += kChangeBatch) {
    auto picked = change_reader_.pick(change, rest, kChangeBatch);
    if (!picked) return std::move(picked.error());
    if (change == Change::kPurge) cut(*picked);
    OperatorOp op;
    std::vector<EventSeq> live;
    for (const auto& [seq, state, body_bytes] : picked->events) {
      op.seqs.push_back(seq);
      if (!is_terminal(state)) live.push_back(seq);
    }
    auto withdrawn = withdraw_all(live);
    done.withdrawn.insert(done.withdrawn.end(), withdrawn.begin(), withdrawn.end());
    op.kind = change == Change::kReplay ? OperatorOp::Kind::kReplay : OperatorOp::Kind::kPurge;
    op.completed_too = request.completed_too;
    op.entry.actor = request.actor;
    op.entry.action = change == Change::kReplay ? "replay" : "purge";
    op.entry.detail = detail_of(request, op.seqs);
    if (!op.seqs.empty()) {
      auto outcome = operate(std::move(op));
      if (!outcome && done.events > 0)
        return std::move(outcome.error()).within("after " + std::to_string(done.events) + " events");
      if (!outcome) return std::move(outcome.error());
      done.events += outcome->events;
      done.refused += outcome->refused;
    }
    done.next = rest.filter.after = picked->next;
    if (done.next == 0) break;
  }
  if (change == Change::kPurge && done.events > 0) done.log_emptied = store_->empty_log().has_value();
  return done;
}

// Without an ending: it would be purged with the event. Those that run are left alone.
std::vector<EventSeq> SqliteJournal::Impl::withdraw_all(const std::vector<EventSeq>& seqs) {
  std::vector<EventSeq> withdrawn;
  for (const EventSeq seq : seqs) {
    Settlement end;
    end.seq = seq;
    end.state = State::kCancelled;
    end.reason = "purged";
    if (withdraw(std::move(end))) withdrawn.push_back(seq);
  }
  if (!withdrawn.empty()) flush();
  return withdrawn;
}

Result<OperatorOutcome> SqliteJournal::Impl::operate(OperatorOp op) {
  std::promise<Result<OperatorOutcome>> outcome;
  op.entry.at = options_.clock->unix_now();
  op.done = [&outcome](Result<OperatorOutcome> result) { outcome.set_value(std::move(result)); };
  {
    const MutexLock lock(mutex_);
    if (is_closed_) return unavailable("the journal is closed");
    ops_.push(std::move(op));
  }
  store_->wake();
  return outcome.get_future().get();
}

Result<void> SqliteJournal::Impl::pause(const std::string& module, const std::string& actor) {
  OperatorOp op;
  op.kind = OperatorOp::Kind::kPause;
  op.module = module;
  op.entry.actor = actor;
  op.entry.action = "pause";
  op.entry.detail = module;
  auto done = operate(std::move(op));
  if (!done) return std::move(done.error());
  return {};
}

Result<void> SqliteJournal::Impl::resume(const std::string& module, const std::string& actor) {
  OperatorOp op;
  op.kind = OperatorOp::Kind::kResume;
  op.module = module;
  op.entry.actor = actor;
  op.entry.action = "resume";
  op.entry.detail = module;
  auto done = operate(std::move(op));
  if (!done) return std::move(done.error());
  return {};
}

Result<void> SqliteJournal::Impl::audit(AuditEntry entry) {
  OperatorOp op;
  op.entry = std::move(entry);
  auto done = operate(std::move(op));
  if (!done) return std::move(done.error());
  return {};
}

Result<std::vector<AuditEntry>> SqliteJournal::Impl::audited(std::int64_t before, std::size_t limit) {
  return operator_reader_.audited(before, limit);
}

Result<BackupMade> SqliteJournal::Impl::backup(const std::filesystem::path& file, const std::string& actor,
                                               const std::atomic<bool>& stop) {
  auto bytes = store_->copy_to(file, stop);
  if (!bytes) return std::move(bytes.error());
  AuditEntry entry;
  entry.actor = actor;
  entry.action = "backup";
  entry.detail = file.string();
  entry.count = *bytes;
  if (auto kept = audit(std::move(entry)); !kept) return std::move(kept.error());
  return BackupMade{file, *bytes};
}

}  // namespace modhost::journal
