#include "dispatch/crash_blame.hpp"

#include <map>

#include "dispatch/holds.hpp"

namespace modhost::dispatch {

std::optional<journal::LastRunning> last_running(const executor::RunRecord::LastRun& last) {
  if (!last.is_known) return std::nullopt;
  journal::LastRunning running;
  running.epoch = last.epoch;
  running.begun = last.begun;
  for (const executor::RunRecord::Fault& fault : last.faults)
    if (fault.is_of_last_run && fault.event != 0)
      running.blamed[fault.event] = "signal " + std::to_string(fault.signal) + " in code of module " + fault.module;
  return running;
}

std::set<std::string> modules_to_hold(const std::vector<executor::RunRecord::Fault>& faults, UnixMillis now,
                                      bool in_events) {
  std::map<std::string, int> count;
  std::set<std::string> modules;
  for (const executor::RunRecord::Fault& fault : faults) {
    const bool is_recent = fault.at <= now && now - fault.at <= kHoldWindow;
    if (is_recent && (fault.event != 0) == in_events && ++count[fault.module] >= kHoldFaults)
      modules.insert(fault.module);
  }
  return modules;
}

}  // namespace modhost::dispatch
