// modhost.metrics/1, message-shaped: a plugin's own numbers beside the host's, bounded so that no plugin can fill the
// memory of those who scrape.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/mutex.hpp"
#include "modhost/plugin.h"
#include "services/handle_table.hpp"
#include "telemetry/metrics.hpp"

namespace modhost::services {

inline constexpr std::size_t kMetricsMax = 100;  // of one module
inline constexpr std::size_t kSeriesMax = 100;   // of one metric, then "other"
inline constexpr std::size_t kMetricLabelsMax = 8;

// Thread-safe. Borrows everything.
class MetricsService {
 public:
  MetricsService(const std::string& module, telemetry::Metrics& metrics, std::uint16_t tag)
      : module_(module), metrics_(metrics), defined_(tag, kMetricsMax) {}

  modhost_status define(std::int32_t kind, std::string_view name, std::string_view help,
                        const std::vector<std::string_view>& labels, Handle& metric);
  modhost_status update(Handle metric, double value, const std::vector<std::string_view>& label_values);

 private:
  using Series = std::variant<telemetry::Counter, telemetry::Gauge, telemetry::Histogram>;
  struct Metric {
    std::int32_t kind = MODHOST_COUNTER;
    std::string name, help;
    std::vector<std::string> labels;
    Mutex mutex;
    std::map<std::vector<std::string>, Series> series GUARDED_BY(mutex);
  };
  Series make(const Metric& metric, const std::vector<std::string>& values) const;

  const std::string& module_;
  telemetry::Metrics& metrics_;
  HandleTable<Metric> defined_;
  Mutex mutex_;
  std::map<std::string, Handle> by_shape_ GUARDED_BY(mutex_);
};

}  // namespace modhost::services
