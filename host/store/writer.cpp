#include "store/writer.hpp"

#include <utility>

#include "base/fault_point.hpp"
#include "telemetry/log.hpp"

namespace modhost::store {
namespace {

using namespace std::chrono_literals;

// Quiet for so long: move the log into the main file and tidy, where nobody waits for it.
constexpr auto kIdleAfter = 200ms;
// How often an idle store looks for housekeeping.
constexpr auto kTidyEvery = 60s;
// Tries to empty the log against readers, each the busy timeout of a connection.
constexpr int kEmptyTries = 5;

}  // namespace

Writer::Writer(const Options& options, Connection connection, Reconnect reconnect, ReserveFile reserve)
    : options_(options),
      open_(std::move(reconnect)),
      connection_(std::move(connection)),
      reserve_(std::move(reserve)) {}

Result<void> Writer::start(Client& client) {
  client_ = &client;
  auto attached = client_->attach(*connection_);
  if (!attached) return attached;
  if (auto whole = reserve_.acquire(); !whole) {
    healthy_ = false;
    last_error_ = std::move(whole.error());
    log_error(last_error_);
  }
  publish(healthy_);
  thread_ = std::thread([this] { run(); });
  return {};
}

void Writer::wake() {
  if (signalled_.exchange(true)) return;
  { const MutexLock lock(mutex_); }  // the writer is either before its look at the flag or inside the wait
  condition_.notify_one();
}

void Writer::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  wake();
  thread_.join();
}

StoreStats Writer::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

void Writer::run() {
  last_work_ = Steady::now();
  while (true) {
    const bool last_round = stopping_;
    if (!healthy_ && (Steady::now() >= retry_at_ || last_round)) try_again();
    work_off();
    empty_log_if_asked();
    if (last_round) break;
    wait_for_work();
  }
  finish();
}

// Batch after batch: what comes in while one is committed makes the next. After a failure new work is refused until a
// try has succeeded, for somebody waits for its answer; finishing work is kept and goes first.
void Writer::work_off() {
  while (connection_ && write_batch()) checkpoint_between_batches();
  if (!connection_) client_->refuse(last_error_);
}

void Writer::wait_for_work() {
  auto until = Steady::now() + kTidyEvery;
  if (!healthy_) until = std::min(until, retry_at_);
  if (connection_ && (connection_->wal_pages() > moved_pages_ || !tidy_))
    until = std::min(until, last_work_ + kIdleAfter);
  if (const auto timer = client_->wake_in()) until = std::min(until, Steady::now() + *timer);
  {
    MutexLock lock(mutex_);
    while (!signalled_.load() && lock.wait_until(condition_, until) == std::cv_status::no_timeout) {
    }
  }
  const bool woken = signalled_.exchange(false);
  if (!woken && healthy_ && Steady::now() >= last_work_ + kIdleAfter) keep_house();
}

// Reopens, lays the reserve aside again and commits a trial. Without the reserve, finishing work alone may use the
// disk.
void Writer::try_again() {
  auto ready = connection_ ? Result<void>() : reconnect();
  if (ready) ready = reserve_.acquire();
  if (!ready) {
    last_error_ = std::move(ready.error());
  } else if (probe()) {  // else fail() has said why
    healthy_ = true;
    publish(true);
    if (options_.log != nullptr) options_.log->info("the journal is writable again");
    return;
  }
  retry_at_ = Steady::now() + options_.retry_delay;
}

bool Writer::write_batch() {
  if (!client_->collect(healthy_ ? nullptr : &last_error_)) return false;
  last_work_ = Steady::now();
  tidy_ = false;
  fault_point("store.batch_collected");
  auto done = connection_->begin();
  fault_point("store.batch_begun");
  if (done) done = client_->write();
  fault_point("store.batch_written");
  if (done && fails_at("store.commit_fails")) done = unavailable("a fault that a test asked for");
  if (done) done = connection_->commit();
  fault_point("store.batch_committed");
  if (!done) {
    fail(done.error());
    return false;
  }
  failures_ = 0;  // a probe fits where a batch does not: only a batch shows that the disk takes work again
  publish(healthy_);
  {
    const MutexLock lock(mutex_);
    ++stats_.commits;
  }
  client_->committed();
  return true;
}

// After an error of the disk nothing may be tried on the same handle as if nothing had happened: the kernel may have
// dropped dirty pages while it calls them clean. The connection goes; reconnect() writes everything anew.
void Writer::fail(const Error& error) {
  connection_->rollback();
  client_->detach();
  connection_.reset();
  if (error.code == Code::kFull) reserve_.release();
  healthy_ = false;
  retry_at_ = Steady::now() + (failures_++ == 0 ? std::chrono::milliseconds(0) : options_.retry_delay);
  last_error_ = Error{error.code == Code::kFull ? Code::kFull : Code::kUnavailable,
                      "the journal in " + options_.dir.string() + " can not be written: " + error.message};
  {
    const MutexLock lock(mutex_);
    ++stats_.commit_errors;
  }
  publish(false);
  log_error(last_error_);
  client_->failed(last_error_);
}

// The checkpoint copies every committed page from the log into the main file and syncs both, so that nothing depends on
// pages of the log whose sync failed; what the failed batch left in the log is not part of it and is overwritten.
Result<void> Writer::reconnect() {
  auto connection = open_();
  if (!connection) return std::move(connection.error());
  auto emptied = connection->checkpoint(Connection::Checkpoint::kTruncate);
  if (!emptied) return std::move(emptied.error()).within("can not move the log into " + options_.dir.string());
  connection_ = std::move(*connection);
  moved_pages_ = held_up_at_ = 0;
  auto attached = client_->attach(*connection_);
  if (!attached) {
    client_->detach();
    connection_.reset();
  }
  return attached;
}

// One real commit before new work is accepted again.
bool Writer::probe() {
  auto done = connection_->begin();
  if (done)
    done = set_meta(*connection_, "last_probe",
                    std::to_string(std::chrono::system_clock::now().time_since_epoch().count()));
  if (done) done = connection_->commit();
  if (!done) fail(done.error());
  return done.has_value();
}

// The log starts over by itself once everything is moved and nobody reads it. Past its cap it is made to, waiting a
// moment for readers; one that does not let go is asked again when the log has grown by another step.
void Writer::checkpoint_between_batches() {
  const std::uint64_t pages = connection_->wal_pages();
  const std::uint64_t step = options_.checkpoint_bytes / connection_->page_bytes();
  if (pages < moved_pages_) moved_pages_ = held_up_at_ = 0;
  if (pages * connection_->page_bytes() >= options_.wal_bytes_max && pages >= held_up_at_ + step) {
    held_up_at_ = pages;
    checkpoint(Connection::Checkpoint::kRestart);
  } else if (pages >= moved_pages_ + step) {
    checkpoint(Connection::Checkpoint::kPassive);
  }
}

// A checkpoint that a reader holds up is no error: the next one gets further. One that the disk refuses counts as a
// failed commit, for the log can not grow without end.
void Writer::checkpoint(Connection::Checkpoint kind) {
  auto result = connection_->checkpoint(kind);
  fault_point("store.log_moved");
  if (!result && result.error().code != Code::kTimeout) return fail(result.error());
  moved_pages_ = connection_->wal_pages();  // what is behind a reader moves with the next step
  const MutexLock lock(mutex_);
  ++stats_.checkpoints;
}

Result<void> Writer::empty_log() {
  std::uint64_t ticket = 0;
  {
    const MutexLock lock(mutex_);
    ticket = ++empty_asked_;
  }
  wake();
  MutexLock lock(mutex_);
  while (empty_done_ < ticket && !is_finished_) lock.wait(emptied_);
  return empty_done_ < ticket ? unavailable("the journal is closed") : empty_result_;
}

void Writer::empty_log_if_asked() {
  std::uint64_t ticket = 0;
  {
    const MutexLock lock(mutex_);
    if (empty_asked_ == empty_done_) return;
    ticket = empty_asked_;
  }
  Result<void> result = Error(last_error_);
  for (int i = 0; connection_ && !result && i < kEmptyTries; ++i) {
    auto emptied = connection_->checkpoint(Connection::Checkpoint::kTruncate);
    if (emptied) {
      result = {};
      moved_pages_ = held_up_at_ = 0;
    } else {
      result = emptied.error();
      if (emptied.error().code != Code::kTimeout) fail(emptied.error());
    }
  }
  {
    const MutexLock lock(mutex_);
    empty_done_ = ticket;
    empty_result_ = std::move(result);
  }
  emptied_.notify_all();
}

void Writer::keep_house() {
  if (!connection_) return;
  if (connection_->wal_pages() > moved_pages_) checkpoint(Connection::Checkpoint::kPassive);
  if (!connection_) return;
  auto done = connection_->begin();
  Result<bool> more = true;
  if (done) {
    more = client_->tidy();
    if (!more) done = std::move(more.error());
  }
  fault_point("store.tidied");
  if (done) done = connection_->commit();
  if (!done) return fail(done.error());
  client_->committed();
  tidy_ = !*more;
}

void Writer::finish() {
  if (connection_ && healthy_) {
    fault_point("store.stopping");
    auto done = set_meta(*connection_, "clean_stop", "1");
    fault_point("store.stop_marked");
    if (done) static_cast<void>(connection_->checkpoint(Connection::Checkpoint::kTruncate));
  }
  client_->refuse(unavailable("the journal is closed"));
  client_->detach();
  connection_.reset();
  {
    const MutexLock lock(mutex_);
    is_finished_ = true;
  }
  emptied_.notify_all();
}

void Writer::publish(bool writable) {
  const MutexLock lock(mutex_);
  stats_.writable = writable;
  if (connection_) stats_.wal_bytes = connection_->wal_pages() * connection_->page_bytes();
  if (writable) {
    stats_.last_error.clear();
  } else {
    stats_.last_error = last_error_.message;
  }
}

void Writer::log_error(const Error& error) {
  if (options_.log != nullptr) options_.log->error(error.message);
}

}  // namespace modhost::store
