// The journal's numbers as gauges, read when somebody looks: events by module and state, the ledger, the store's
// health.
#pragma once

#include "config/config.hpp"
#include "journal/journal.hpp"
#include "telemetry/metrics.hpp"

namespace modhost::dispatch {

class Gauges {
 public:
  // Borrows the journal for the life of the metrics' scrapes.
  Gauges(journal::Journal& journal, telemetry::Metrics& metrics, const config::Config& config);

 private:
  void refresh();
  journal::Journal& journal_;
  telemetry::Metrics& metrics_;
  std::vector<std::string> modules_;
  telemetry::Gauge accepted_, ended_, discrepancy_, duplicates_, conflicts_, commit_errors_, wal_bytes_, writable_;
};

}  // namespace modhost::dispatch
