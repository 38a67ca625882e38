// What operators do to the journal, every change with its line in the audit, and what they see beyond one row. All
// calls block on the disk. [admin threads]
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "journal/journal.hpp"

namespace modhost::journal {

struct AuditEntry {
  std::int64_t id = 0;
  UnixMillis at{};
  std::string actor, action, detail;
  std::uint64_t count = 0;  // what it changed
};

// One event as a whole.
struct Details {
  struct Ending {  // that the platform does not have yet
    bool is_step = false;
    bool is_due = false;  // with a retry at not_before; otherwise with the event's end
    unsigned tries = 0;
    UnixMillis not_before{};
  };
  Row row;
  Event event;  // ids only, the body is empty
  bool has_body = false, turn_completed = false, prior_run = false;
  UnixMillis fresh_since{};
  std::vector<Attempt> attempts;
  std::vector<Ending> endings;
  std::string why_not_replayable;  // empty: it is
};

enum class Change { kReplay, kPurge };

// Which events, by whom and why. For a replay a filter without a state, an id or a number means dead and expired ones.
struct ChangeRequest {
  Filter filter;
  bool completed_too = false;  // a replay: also what has completed
  bool live_too = false;       // a purge: events that are ready or wait are cancelled first
  std::string reason;          // of a purge, kept in the audit
  std::string actor;
};

struct Plan {
  struct Group {
    std::string module, reason;
    State state = State::kReady;
    std::string refused;  // why these stay as they are; empty: they are changed
    std::uint64_t events = 0;
  };
  std::vector<Group> groups;
  std::uint64_t events = 0, refused = 0;
  EventSeq before = 0;  // as Filter::before nothing that has come since is changed
};

struct ChangeResult {
  std::uint64_t events = 0, refused = 0;
  EventSeq next = 0;                     // go on with it as Filter::after; 0: that was all
  bool log_emptied = true;               // after a purge: the write-ahead log holds nothing of it
  std::vector<EventSeq> withdrawn = {};  // live ones that a purge has ended first
};

struct PausedModule {
  std::string module, actor;
  UnixMillis since{};
};

struct BackupMade {
  std::filesystem::path file;
  std::uint64_t bytes = 0;
};

class Operations {
 public:
  static constexpr std::size_t kChangeBatch = 500;    // events changed in one transaction
  static constexpr std::size_t kChangesMax = 5'000;   // events looked at in one call
  static constexpr std::int64_t kAuditMax = 100'000;  // lines kept

  virtual ~Operations() = default;

  // At most Filter::limit rows. A filter that finds little may need several pages, some of them empty.
  virtual Result<Page> page(const Filter& filter) = 0;
  // kNotFound.
  virtual Result<Details> details(EventSeq seq) = 0;
  // kNotFound: no such event; kGone: it has no body any more.
  virtual Result<std::string> body(EventSeq seq) = 0;

  virtual Result<Plan> plan(Change change, const ChangeRequest& request) = 0;
  // kInvalid: the filter picks everything. kFull: a replay does not fit into the backlog; what was done stays done.
  virtual Result<ChangeResult> change(Change change, const ChangeRequest& request) = 0;

  virtual Result<void> pause(const std::string& module, const std::string& actor) = 0;
  virtual Result<void> resume(const std::string& module, const std::string& actor) = 0;
  virtual Result<std::vector<PausedModule>> paused() = 0;

  // What is done elsewhere; `at` and `id` are set here.
  virtual Result<void> audit(AuditEntry entry) = 0;
  // Newest first, those before `before` (0: all).
  virtual Result<std::vector<AuditEntry>> audited(std::int64_t before, std::size_t limit) = 0;

  // A copy as of one moment while everything goes on. kConflict: the file is there already. Ends early with kGone when
  // `stop` becomes true.
  virtual Result<BackupMade> backup(const std::filesystem::path& file, const std::string& actor,
                                    const std::atomic<bool>& stop) = 0;
};

// "state=dead module=DemoApp": for the audit. Empty: it picks everything.
std::string describe(const Filter& filter);

}  // namespace modhost::journal
