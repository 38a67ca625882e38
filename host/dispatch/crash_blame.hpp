// What a crash of plugin code means: for the events that ran, and for the modules.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "executor/run_record.hpp"
#include "journal/sqlite_journal.hpp"

namespace modhost::dispatch {

// What recovery needs to know. A fault outside the code of one event is blamed on no event.
std::optional<journal::LastRunning> last_running(const executor::RunRecord::LastRun& last);

// Modules with kHoldFaults faults within kHoldWindow before `now`, in the code of events or outside of it.
std::set<std::string> modules_to_hold(const std::vector<executor::RunRecord::Fault>& faults, UnixMillis now,
                                      bool in_events);

}  // namespace modhost::dispatch
