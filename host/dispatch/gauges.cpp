#include "dispatch/gauges.hpp"

namespace modhost::dispatch {

namespace {

constexpr journal::State kLive[] = {journal::State::kReady, journal::State::kRunning, journal::State::kWaiting};

}  // namespace

Gauges::Gauges(journal::Journal& journal, telemetry::Metrics& metrics, const config::Current& config)
    : journal_(journal),
      metrics_(metrics),
      config_(config),
      accepted_(metrics.gauge("ledger_accepted", "Events accepted since the journal was made")),
      ended_(metrics.gauge("ledger_ended", "Events that reached a terminal state since the journal was made")),
      discrepancy_(
          metrics.gauge("ledger_discrepancy", "Accepted - ended - live: anything but 0 is a fault of modhost")),
      duplicates_(metrics.gauge("journal_duplicates", "Repeated deliveries since start")),
      conflicts_(metrics.gauge("journal_conflicts", "Repeated ids with another body since start")),
      commit_errors_(metrics.gauge("journal_commit_errors", "Failed commits since start")),
      wal_bytes_(metrics.gauge("journal_wal_bytes", "Size of the write-ahead log")),
      writable_(metrics.gauge("journal_writable", "1 while the last commit succeeded")),
      disk_free_(metrics.gauge("state_dir_free_bytes", "Room on the disk of state_dir")) {
  metrics.on_scrape([this] { refresh(); });
}

void Gauges::refresh() {
  const journal::Stats stats = journal_.stats();
  double live = 0;
  for (const auto& [module, states] : stats.live)
    for (const auto& [state, events] : states) live += static_cast<double>(events);
  // Only configured names become labels; others are in `live` and so in the ledger.
  std::set<std::string> names;
  {
    const config::Snapshot config = config_.get();
    MutexLock lock(mutex_);
    for (const auto& [name, module] : config->modules) modules_.insert(name);
    names = modules_;
  }
  for (const std::string& name : names) {
    const auto found = stats.live.find(name);
    for (const journal::State state : kLive) {
      double events = 0;
      if (found != stats.live.end())
        if (const auto count = found->second.find(state); count != found->second.end())
          events = static_cast<double>(count->second);
      metrics_.gauge("events", "Live events", {{"module", name}, {"state", std::string(journal::to_string(state))}})
          .set(events);
    }
  }
  accepted_.set(static_cast<double>(stats.accepted));
  ended_.set(static_cast<double>(stats.ended));
  discrepancy_.set(static_cast<double>(stats.accepted) - static_cast<double>(stats.ended) - live);
  duplicates_.set(static_cast<double>(stats.duplicates));
  conflicts_.set(static_cast<double>(stats.conflicts));
  commit_errors_.set(static_cast<double>(stats.commit_errors));
  wal_bytes_.set(static_cast<double>(stats.wal_bytes));
  writable_.set(stats.writable ? 1 : 0);
  disk_free_.set(static_cast<double>(stats.disk_free));
}

}  // namespace modhost::dispatch
