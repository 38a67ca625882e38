// What an operator sees of the journal: never a body.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "journal/state.hpp"

namespace modhost::journal {

struct Row {
  EventSeq seq = 0;
  std::string app, id, name, module, company_id, user_id, chat_id, reason, detail;
  State state = State::kReady;
  unsigned attempts = 0;
  UnixMillis received_at{}, updated_at{};
  unsigned generation = 0;  // raised by a replay
  UnixMillis not_before{};  // of a waiting one
};

struct Attempt {
  unsigned n = 0;
  UnixMillis started_at{}, ended_at{};
  std::string outcome, detail;
  unsigned generation = 0;
};

// Empty fields pick everything.
struct Filter {
  std::optional<State> state;
  std::string module, chat_id, id;
  std::string app, company_id, user_id, reason, name;  // name: of the event
  std::optional<UnixMillis> since, until;              // received at `since` or later, and before `until`
  EventSeq seq = 0;                                    // this event alone
  EventSeq before = 0, after = 0;                      // page: rows with a smaller, a larger seq; 0: all
  bool oldest_first = false;
  std::size_t limit = 50;  // at most kPageRowsMax
};
inline constexpr std::size_t kPageRowsMax = 500;

struct Page {
  std::vector<Row> rows;
  EventSeq next = 0;  // Filter::before of the next page, or Filter::after with oldest_first; 0: that was all
};

struct Stats {
  std::uint64_t accepted = 0;  // since the journal was made
  std::uint64_t ended = 0;
  std::map<std::string, std::map<State, std::uint64_t>> live;          // module -> live state -> events
  std::uint64_t duplicates = 0, conflicts = 0, stale_settlements = 0;  // since start
  std::uint64_t commits = 0, commit_errors = 0;
  std::uint64_t wal_bytes = 0;
  std::uint64_t disk_free = 0;  // bytes, of state_dir's disk; 0 until the first look
  bool writable = true;         // false after a failed commit until one succeeds again
  std::string last_error;
};

}  // namespace modhost::journal
