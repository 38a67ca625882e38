// What the last run left, put in order before anything new happens.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "journal/known_ids.hpp"
#include "journal/sqlite_journal.hpp"
#include "journal/tables.hpp"
#include "store/connection.hpp"

namespace modhost::journal {

struct Recovered {
  struct Module {
    std::string name;
    std::array<std::uint64_t, 3> live{};  // by live state
  };
  struct Waiting {
    EventSeq seq = 0;
    std::string module;
    Event ids;                 // those that tell its chat
    UnixMillis not_before{};   // as the file says
    UnixMillis waits_until{};  // earlier, when the clock was set back
  };
  struct Ending {
    std::int64_t id = 0;
    UnixMillis not_before{};
  };
  struct Steps {
    EventSeq seq = 0;
    unsigned count = 0;  // prepared endings
  };

  Ledger ledger;
  EventSeq last_seq = 0;
  std::vector<Module> modules;
  std::vector<Waiting> waiting;
  std::vector<Ending> outbox;
  std::vector<Steps> steps;
  std::int64_t unknown_steps = 0;  // the host ended between a call that opens a step and its answer
  std::uint64_t interrupted = 0;   // events that were running
  std::uint64_t poisoned = 0;      // of them: ended, because plugin code crashed in them again
};

struct LastRun {
  std::uint64_t epoch = 0;  // of this run
  bool was_clean = true;
  const LastRunning* running = nullptr;  // null: not known
};

inline constexpr unsigned kCrashCountMax = 2;  // crashes of plugin code in one event, then it is poison

// In one transaction. Running events of a `once` module end as kDead "interrupted", all others are kReady again with
// prior_run and one attempt used; one that plugin code crashed in for the second time ends as kDead "poison". After an
// unclean stop the oldest ready events, which may have been handed out before their mark was durable, get prior_run too
// (never those of a module that was `once`: its marks come first). Where it is known which events had begun, the others
// are kReady as if nothing had been.
Result<Recovered> recover(store::Connection& connection, const Options& options, const LastRun& last, KnownIds& known);

// Writes down which modules have their runs marked before they begin, for the next recovery.
Result<void> remember_once_modules(store::Connection& connection, const std::set<std::string>& modules);

}  // namespace modhost::journal
