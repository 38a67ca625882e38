// The journal on one SQLite file (docs/journal-format.md). Appends of many threads share a commit; the bodies of the
// next events of every module stay in memory, the rest waits on the disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "journal/disk_watch.hpp"
#include "journal/journal.hpp"
#include "journal/key_values.hpp"
#include "journal/open_steps.hpp"
#include "journal/operations.hpp"

namespace modhost::telemetry {
class Log;
}

namespace modhost::journal {

// What is known of the run before this one when it ended without a word: which events plugin code had seen.
struct LastRunning {
  std::uint64_t epoch = 0;                 // of that run; of another one: nothing is known
  std::set<EventSeq> begun;                // the others stood in a queue
  std::map<EventSeq, std::string> blamed;  // plugin code died of this while it ran them: "signal 11"
};

struct Options {
  std::filesystem::path state_dir;
  const Clock* clock = nullptr;                            // must outlive the journal
  telemetry::Log* log = nullptr;                           // may be null
  std::uint64_t ready_events_max = limits::kReadyMax;      // live events, then kFull
  std::uint64_t ready_bytes_max = limits::kReadyBytesMax;  // of their bodies
  std::set<std::string> modules;                           // configured: each has its part of the backlog
  std::set<std::string> once_modules;  // side_effects: once: durably kRunning before a claim is handed out
  // Makes the ending (JSON) of an event that ends because of how the last run ended, its turn not completed; called by
  // open(). The event carries ids only. Null or an empty answer: no outbox row.
  std::function<std::string(const Event& event, const std::string& module)> interrupted_ending;
  std::optional<LastRunning> last_running;    // nothing: what was running may have begun
  bool has_run_record = false;                // which events begin is known after a kill: a retry waits for no flush
  std::function<void(EventSeq seq)> settled;  // an attempt's end is durable; on the journal's thread. May be null
  // Of bodies that wait for the writer, in bytes; then kFull.
  std::uint64_t queued_bytes_max = limits::kReceivingBytesMax;
  std::chrono::milliseconds keep_body = std::chrono::hours(24);              // of completed events; 0: dropped at once
  std::chrono::milliseconds dedupe_retention = std::chrono::hours(24 * 30);  // then an ended event is forgotten
  std::function<std::optional<DiskSpace>()> disk_space;                      // null: that of state_dir
  bool secure_delete = true;                                                 // what is deleted is overwritten
  bool paused = false;                                                       // accept and hand out nothing
  std::uint64_t reserve_bytes = 16ull << 20;                                 // disk space held back for finishing work
  std::string vfs;                                                           // SQLite VFS; empty: the system's
};

class SqliteJournal final : public Journal, public KeyValues, public OpenSteps {
 public:
  // Makes or opens the journal in `state_dir` and recovers what the last run left. kConflict: another host holds it;
  // kUnsupported: a newer host wrote it.
  static Result<std::unique_ptr<SqliteJournal>> open(Options options);
  // Commits what is queued, answers the rest with kUnavailable and gives the folder free.
  ~SqliteJournal() override;
  SqliteJournal(const SqliteJournal&) = delete;
  SqliteJournal& operator=(const SqliteJournal&) = delete;

  void append(NewEvent event, AppendDone done) override;
  std::vector<Claim> claim(const std::string& module, std::size_t max, ClaimOrder order = ClaimOrder::kAny) override;
  std::vector<EventSeq> take_superseded(const std::string& module) override;
  void release_unstarted(const std::string& module) override;
  std::vector<std::string> modules_ready() override;
  std::optional<UnixMillis> oldest_ready(const std::string& module) override;
  void on_ready(ReadyListener listener) override;
  void settle(Settlement settlement) override;
  bool withdraw(Settlement settlement) override;
  std::vector<Claim> waiting(std::size_t max) override;
  void checkpoint(EventSeq seq, std::string blob, std::function<void(Result<void>)> done) override;
  std::vector<OutboxItem> outbox_due(std::size_t max) override;
  void outbox_done(std::int64_t id) override;
  void outbox_later(std::int64_t id, UnixMillis not_before) override;
  Result<std::vector<Row>> query(const Filter& filter) override;
  Result<std::vector<Attempt>> attempts(EventSeq seq) override;
  [[nodiscard]] Stats stats() override;
  void flush() override;
  Result<KeyValue> get(const std::string& module, const std::string& key) override;
  Result<std::vector<KeyValue>> keys(const std::string& module, const std::string& prefix) override;
  void change(KeyChange change, Changed done) override;
  void opening(EventSeq seq, Recorded done) override;
  void opened(StepRecord record, std::string ending) override;
  void not_opened(StepRecord record) override;
  void closed(EventSeq seq, std::string ending) override;
  void turn_completed(EventSeq seq) override;
  [[nodiscard]] std::uint64_t epoch() const;  // of this run
  // Takes the place of Options::once_modules; what is handed out already runs under what it began with. Written down
  // with the next group commit.
  void set_once_modules(std::set<std::string> modules);
  // What operators do; lives as long as this.
  [[nodiscard]] Operations& operations();
  // Before a stop: what is marked as running and was never handed out is ready again. Nobody claims after this.
  void release_unstarted();

 private:
  class Impl;
  explicit SqliteJournal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace modhost::journal
