#include "journal/sqlite_journal.hpp"

#include <algorithm>
#include <numeric>

#include "base/fault_point.hpp"
#include "journal/schema.hpp"
#include "journal/sqlite_journal_impl.hpp"
#include "telemetry/log.hpp"

namespace modhost::journal {
namespace {

using namespace std::chrono_literals;

// After a failed read of ready events the dispatcher is called again.
constexpr auto kReadRetryDelay = 1s;
// Bodies read with one page of ready events.
constexpr std::size_t kPageBytesMax = 1024 * 1024;

DiskWatch::Measure space_of(const std::filesystem::path& dir) {
  return [dir]() -> std::optional<DiskSpace> {
    std::error_code failed;
    const auto space = std::filesystem::space(dir, failed);
    if (failed) return std::nullopt;
    return DiskSpace{space.available, space.capacity};
  };
}

}  // namespace

SqliteJournal::Impl::Impl(Options options, std::unique_ptr<store::Store> store)
    : options_(std::move(options)),
      store_(std::move(store)),
      claim_reader_(*store_),
      key_reader_(*store_),
      operator_reader_(*store_),
      change_reader_(*store_),
      shares_({options_.ready_events_max, options_.ready_bytes_max}, options_.modules),
      disk_(options_.disk_space ? options_.disk_space : space_of(options_.state_dir)),
      retention_(Retained{options_.keep_body, options_.dedupe_retention}, bodies_),
      live_(*options_.clock, options_.once_modules, store_->epoch(), options_.has_run_record) {}

SqliteJournal::Impl::~Impl() {
  {
    const MutexLock lock(mutex_);
    is_closed_ = true;
  }
  store_->stop();
  for (Op& op : ops_.take_awaited()) refuse_awaited(op, unavailable("the journal is closed"));
}

Result<void> SqliteJournal::Impl::start() {
  if (auto done = known_.attach(store_->connection()); !done) return done;
  LastRun last{store_->epoch(), store_->was_stopped_cleanly(), nullptr};
  auto restored = store::meta(store_->connection(), "restored", "");
  if (!restored) return std::move(restored.error());
  // A backup may be of the very run that the record is about, and know nothing of its end.
  const bool is_told = options_.last_running && options_.last_running->epoch + 1 == last.epoch && restored->empty();
  if (is_told) last.running = &*options_.last_running;
  auto recovered = recover(store_->connection(), options_, last, known_);
  if (!recovered) return std::move(recovered.error());
  if (options_.log != nullptr && recovered->interrupted > 0)
    options_.log->warn("events were running when the host stopped", {{"events", recovered->interrupted}});
  if (options_.log != nullptr && recovered->poisoned > 0)
    options_.log->error("events ended because plugin code crashed in them again: DEAD, reason poison",
                        {{"events", recovered->poisoned}});
  if (options_.log != nullptr && recovered->unknown_steps > 0)
    options_.log->warn("log steps were being opened when the host stopped: they may stay open in their chats",
                       {{"steps", recovered->unknown_steps}});
  take_shares(*recovered);
  {
    const MutexLock lock(mutex_);
    ledger_ = recovered->ledger;
    last_seq_ = recovered->last_seq;
    live_.take_over(*recovered);
  }
  return store_->start(*this);
}

// Bytes by module would cost a read of every live row: they are shared out by number until these events have ended.
void SqliteJournal::Impl::take_shares(const Recovered& recovered) {
  const std::uint64_t live = std::max<std::uint64_t>(1, recovered.ledger.accepted - recovered.ledger.ended);
  for (const Recovered::Module& module : recovered.modules) {
    const std::uint64_t events = std::accumulate(module.live.begin(), module.live.end(), std::uint64_t{0});
    const std::uint64_t bytes_each = recovered.ledger.live_bytes / live;
    shares_.added(module.name, {events, events * bytes_each});
  }
}

void SqliteJournal::Impl::append(NewEvent event, AppendDone done) {
  if (event.event.received_at == UnixMillis{}) event.event.received_at = options_.clock->unix_now();
  Error error;
  {
    const MutexLock lock(mutex_);
    const std::size_t bytes = event.event.body.size();
    if (is_closed_) {
      error = unavailable("the journal is closed");
    } else if (appends_.size() >= limits::kAppendQueueMax) {
      error = Error{Code::kFull, "too many events wait for the disk: limits::kAppendQueueMax"};
    } else if (queued_bytes_ + bytes > options_.queued_bytes_max) {
      error = Error{Code::kFull, "the events that wait for the disk are too large together: limits.receiving_bytes"};
    } else {
      queued_bytes_ += bytes;
      appends_.push_back(Pending{std::move(event), std::move(done)});
      done = nullptr;
    }
  }
  if (done) return done(std::move(error));
  fault_point("journal.append_queued");
  store_->wake();
}

std::vector<Claim> SqliteJournal::Impl::claim(const std::string& module, std::size_t max, ClaimOrder order) {
  std::vector<Claim> claims;
  if (options_.paused) return claims;
  // A round may find only events whose chats are taken.
  for (bool has_more = true; has_more && claims.size() < max;) {
    Live::Taken taken;
    {
      const MutexLock lock(mutex_);
      taken = live_.take(module, max - claims.size());
    }
    claims.insert(claims.end(), std::make_move_iterator(taken.granted.begin()),
                  std::make_move_iterator(taken.granted.end()));
    std::vector<Claim> found = read_taken(module, taken);
    std::sort(found.begin(), found.end(), [](const Claim& a, const Claim& b) { return a.seq < b.seq; });
    {
      const MutexLock lock(mutex_);
      has_more = live_.start(module, std::move(found), order, ops_, claims);
    }
    fault_point("journal.claimed");
  }
  store_->wake();
  return claims;
}

// The half of claim() that may read the disk, without the lock.
std::vector<Claim> SqliteJournal::Impl::read_taken(const std::string& module, Live::Taken& taken) {
  std::vector<Claim> claims = std::move(taken.ready.claims);
  Error error;
  if (!taken.ready.on_disk.empty()) {
    auto rows = claim_reader_.claims(taken.ready.on_disk);
    if (rows) {
      claims.insert(claims.end(), std::make_move_iterator(rows->begin()), std::make_move_iterator(rows->end()));
    } else {
      error = std::move(rows.error());
      const MutexLock lock(mutex_);
      live_.put_back(module, taken.ready.on_disk);
    }
  }
  if (taken.ready.page) {
    auto rows = claim_reader_.page(module, *taken.ready.page, kPageBytesMax);
    if (!rows) error = rows.error();
    const auto outcome = rows ? ReadySet::Read::kDone : ReadySet::Read::kFailed;
    const MutexLock lock(mutex_);
    auto read = live_.page_read(module, rows ? std::move(*rows) : std::vector<Claim>(), taken.ready.max - claims.size(),
                                outcome);
    claims.insert(claims.end(), std::make_move_iterator(read.begin()), std::make_move_iterator(read.end()));
  }
  if (!error.message.empty()) {
    if (options_.log != nullptr)
      options_.log->error("can not read ready events: " + error.message, {{"module", module}});
    const MutexLock lock(mutex_);
    live_.nudge_at(options_.clock->steady_now() + kReadRetryDelay);
  }
  return claims;
}

std::vector<EventSeq> SqliteJournal::Impl::take_superseded(const std::string& module) {
  const MutexLock lock(mutex_);
  return live_.take_superseded(module);
}

std::vector<std::string> SqliteJournal::Impl::modules_ready() {
  if (options_.paused) return {};
  const MutexLock lock(mutex_);
  return live_.modules_ready();
}

std::optional<UnixMillis> SqliteJournal::Impl::oldest_ready(const std::string& module) {
  {
    const MutexLock lock(mutex_);
    if (const auto granted = live_.oldest_granted(module)) return granted;
  }
  auto oldest = claim_reader_.oldest_ready(module);
  if (oldest) return *oldest;
  if (options_.log != nullptr)
    options_.log->error("can not read ready events: " + oldest.error().message, {{"module", module}});
  return std::nullopt;
}

void SqliteJournal::Impl::on_ready(ReadyListener listener) {
  {
    MutexLock lock(mutex_);
    listener_ = listener ? std::make_shared<const ReadyListener>(std::move(listener)) : nullptr;
    live_.nudge_at(options_.clock->steady_now());
    // The old listener may be running: once this returns it is gone for good.
    while (signalling_ != std::thread::id() && signalling_ != std::this_thread::get_id()) lock.wait(condition_);
  }
  store_->wake();
}

void SqliteJournal::Impl::settle(Settlement settlement) {
  const EventSeq seq = settlement.seq;
  bool is_ours = false;
  {
    const MutexLock lock(mutex_);
    is_ours = live_.settle(std::move(settlement), ops_);
    if (!is_ours) ++stale_;
  }
  fault_point("journal.settle_queued");
  if (is_ours) return store_->wake();
  warn("a late result was dropped: its attempt is over", "", seq);
}

bool SqliteJournal::Impl::withdraw(Settlement settlement) {
  {
    const MutexLock lock(mutex_);
    if (!live_.withdraw(std::move(settlement), ops_)) return false;
  }
  store_->wake();
  return true;
}

std::vector<Claim> SqliteJournal::Impl::waiting(std::size_t max) {
  auto claims = claim_reader_.waiting(max);
  if (claims) return std::move(*claims);
  if (options_.log != nullptr) options_.log->error("can not read waiting events: " + claims.error().message);
  return {};
}

void SqliteJournal::Impl::checkpoint(EventSeq seq, std::string blob, std::function<void(Result<void>)> done) {
  if (blob.size() > kCheckpointBytesMax)
    return done(invalid("a checkpoint may have " + std::to_string(kCheckpointBytesMax) + " bytes, this one has " +
                        std::to_string(blob.size())));
  {
    const MutexLock lock(mutex_);
    if (!is_closed_ && live_.is_running(seq)) {
      ops_.push(CheckpointOp{seq, std::move(blob), std::move(done)});
      done = nullptr;
    }
  }
  if (done) return done(Error{Code::kGone, "this event is not running"});
  store_->wake();
}

void SqliteJournal::Impl::opening(EventSeq seq, OpenSteps::Recorded done) {
  Result<void> allowed;
  {
    const MutexLock lock(mutex_);
    allowed = is_closed_ ? unavailable("the journal is closed") : live_.may_open_step(seq);
    if (allowed) {
      ops_.push(StepOpeningOp{seq, std::move(done)});
      done = nullptr;
    }
  }
  if (done) return done(std::move(allowed.error()));
  store_->wake();
}

void SqliteJournal::Impl::change(KeyChange change, KeyValues::Changed done) {
  if (change.key.empty() || change.key.size() > kKeyBytesMax)
    return done(invalid("a key has 1 to " + std::to_string(kKeyBytesMax) + " bytes"));
  if (change.value && change.value->size() > kValueBytesMax)
    return done(invalid("a value has at most " + std::to_string(kValueBytesMax) + " bytes"));
  {
    const MutexLock lock(mutex_);
    if (!is_closed_) {
      ops_.push(KeyOp{std::move(change), std::move(done)});
      done = nullptr;
    }
  }
  if (done) return done(unavailable("the journal is closed"));
  store_->wake();
}

Result<KeyValue> SqliteJournal::Impl::get(const std::string& module, const std::string& key) {
  return key_reader_.key_value(module, key, options_.clock->unix_now());
}

Result<std::vector<KeyValue>> SqliteJournal::Impl::keys(const std::string& module, const std::string& prefix) {
  return key_reader_.keys(module, prefix, options_.clock->unix_now());
}

std::vector<OutboxItem> SqliteJournal::Impl::outbox_due(std::size_t max) {
  std::vector<std::int64_t> ids;
  {
    const MutexLock lock(mutex_);
    ids = live_.take_endings(max);
  }
  if (ids.empty()) return {};
  auto items = claim_reader_.outbox(ids);
  fault_point("journal.outbox_read");
  if (items && fails_at("journal.outbox_read_fails")) items = unavailable("a fault that a test asked for");
  if (items) return std::move(*items);
  if (options_.log != nullptr) options_.log->error("can not read the outbox: " + items.error().message);
  const MutexLock lock(mutex_);
  live_.put_back_endings(ids);
  live_.nudge_at(options_.clock->steady_now() + kReadRetryDelay);
  return {};
}

void SqliteJournal::Impl::push(Op op) {
  {
    const MutexLock lock(mutex_);
    ops_.push(std::move(op));
  }
  store_->wake();
}

Stats SqliteJournal::Impl::stats() {
  const store::StoreStats store = store_->stats();
  Stats stats;
  stats.commits = store.commits;
  stats.commit_errors = store.commit_errors;
  stats.wal_bytes = store.wal_bytes;
  stats.writable = store.writable;
  stats.last_error = store.last_error;
  const MutexLock lock(mutex_);
  stats.accepted = ledger_.accepted;
  stats.disk_free = disk_free_;
  stats.ended = ledger_.ended;
  stats.live = live_.counts();
  stats.duplicates = duplicates_;
  stats.conflicts = conflicts_;
  stats.stale_settlements = stale_;
  return stats;
}

void SqliteJournal::Impl::release_unstarted() {
  {
    const MutexLock lock(mutex_);
    live_.release_unstarted(ops_);
  }
  store_->wake();
}

// Queued behind the runs that were handed out before: once it is in the file, so are their marks.
void SqliteJournal::Impl::set_once_modules(std::set<std::string> modules) {
  {
    const MutexLock lock(mutex_);
    live_.once_modules_change(modules);
    ops_.push(OnceModulesOp{std::move(modules)});
  }
  store_->wake();
}

void SqliteJournal::Impl::release_unstarted(const std::string& module) {
  {
    const MutexLock lock(mutex_);
    live_.release_unstarted(module, ops_);
  }
  store_->wake();
}

void SqliteJournal::Impl::flush() {
  std::uint64_t ticket = 0;
  {
    const MutexLock lock(mutex_);
    ticket = ++flush_asked_;
  }
  store_->wake();
  MutexLock lock(mutex_);
  while (flush_done_ < ticket) lock.wait(condition_);
}

void SqliteJournal::Impl::warn(const char* message, const std::string& module, EventSeq seq) {
  if (options_.log != nullptr) options_.log->warn(message, {{"module", module}, {"seq", seq}});
}

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(Options options) {
  store::Options store_options;
  store_options.dir = options.state_dir;
  store_options.migrations = kMigrations;
  store_options.log = options.log;
  store_options.reserve_bytes = options.reserve_bytes;
  store_options.secure_delete = options.secure_delete;
  store_options.vfs = options.vfs;
  auto store = store::Store::open(store_options);
  if (!store) return std::move(store.error());
  const std::string where = "can not recover the journal in " + options.state_dir.string();
  auto impl = std::make_unique<Impl>(std::move(options), std::move(*store));
  if (auto started = impl->start(); !started) return std::move(started.error()).within(where);
  return std::unique_ptr<SqliteJournal>(new SqliteJournal(std::move(impl)));
}

SqliteJournal::SqliteJournal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteJournal::~SqliteJournal() = default;
std::uint64_t SqliteJournal::epoch() const { return impl_->epoch(); }

void SqliteJournal::append(NewEvent event, AppendDone done) { impl_->append(std::move(event), std::move(done)); }
std::vector<Claim> SqliteJournal::claim(const std::string& module, std::size_t max, ClaimOrder order) {
  return impl_->claim(module, max, order);
}
std::vector<EventSeq> SqliteJournal::take_superseded(const std::string& module) {
  return impl_->take_superseded(module);
}
std::vector<std::string> SqliteJournal::modules_ready() { return impl_->modules_ready(); }
std::optional<UnixMillis> SqliteJournal::oldest_ready(const std::string& module) { return impl_->oldest_ready(module); }
void SqliteJournal::on_ready(ReadyListener listener) { impl_->on_ready(std::move(listener)); }
void SqliteJournal::settle(Settlement settlement) { impl_->settle(std::move(settlement)); }
bool SqliteJournal::withdraw(Settlement settlement) { return impl_->withdraw(std::move(settlement)); }
std::vector<Claim> SqliteJournal::waiting(std::size_t max) { return impl_->waiting(max); }
void SqliteJournal::checkpoint(EventSeq seq, std::string blob, std::function<void(Result<void>)> done) {
  impl_->checkpoint(seq, std::move(blob), std::move(done));
}
std::vector<OutboxItem> SqliteJournal::outbox_due(std::size_t max) { return impl_->outbox_due(max); }
void SqliteJournal::outbox_done(std::int64_t id) { impl_->push(OutboxDoneOp{id}); }
void SqliteJournal::outbox_later(std::int64_t id, UnixMillis not_before) { impl_->push(OutboxLaterOp{id, not_before}); }
Result<std::vector<Row>> SqliteJournal::query(const Filter& filter) { return impl_->query(filter); }
Result<std::vector<Attempt>> SqliteJournal::attempts(EventSeq seq) { return impl_->attempts(seq); }
Stats SqliteJournal::stats() { return impl_->stats(); }
void SqliteJournal::flush() { impl_->flush(); }
void SqliteJournal::release_unstarted() { impl_->release_unstarted(); }
void SqliteJournal::release_unstarted(const std::string& module) { impl_->release_unstarted(module); }
void SqliteJournal::set_once_modules(std::set<std::string> modules) { impl_->set_once_modules(std::move(modules)); }
Operations& SqliteJournal::operations() { return *impl_; }

Result<KeyValue> SqliteJournal::get(const std::string& module, const std::string& key) {
  return impl_->get(module, key);
}
Result<std::vector<KeyValue>> SqliteJournal::keys(const std::string& module, const std::string& prefix) {
  return impl_->keys(module, prefix);
}
void SqliteJournal::change(KeyChange change, Changed done) { impl_->change(std::move(change), std::move(done)); }

void SqliteJournal::opening(EventSeq seq, Recorded done) { impl_->opening(seq, std::move(done)); }
void SqliteJournal::opened(StepRecord record, std::string ending) {
  impl_->push(StepOpenedOp{record, std::move(ending)});
}
void SqliteJournal::not_opened(StepRecord record) { impl_->push(OutboxDoneOp{record}); }
void SqliteJournal::closed(EventSeq seq, std::string ending) { impl_->push(StepClosedOp{seq, std::move(ending)}); }
void SqliteJournal::turn_completed(EventSeq seq) { impl_->push(TurnCompletedOp{seq}); }

}  // namespace modhost::journal
