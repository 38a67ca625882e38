// The journal's numbers as gauges, read when somebody looks: events by module and state, the ledger, the store's
// health.
#pragma once

#include <set>
#include <string>

#include "base/mutex.hpp"
#include "config/current.hpp"
#include "journal/journal.hpp"
#include "telemetry/metrics.hpp"

namespace modhost::dispatch {

class Gauges {
 public:
  // Borrows the journal for the life of the metrics' scrapes.
  Gauges(journal::Journal& journal, telemetry::Metrics& metrics, const config::Current& config);

 private:
  void refresh();
  journal::Journal& journal_;
  telemetry::Metrics& metrics_;
  const config::Current& config_;
  Mutex mutex_;
  // Configured now or before: what is left of a removed one is still shown.
  std::set<std::string> modules_ GUARDED_BY(mutex_);
  telemetry::Gauge accepted_, ended_, discrepancy_, duplicates_, conflicts_, commit_errors_, wal_bytes_, writable_,
      disk_free_;
};

}  // namespace modhost::dispatch
