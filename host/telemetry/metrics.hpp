// Prometheus metrics, prefix modhost_, labels from bounded sets only: never an event, chat or user id.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace modhost::telemetry {

using Labels = std::map<std::string, std::string>;

// Handles stay valid as long as their Metrics. Updates are lock-free or nearly so. [any thread]
class Counter {
 public:
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  void add(double by = 1) const;

 private:
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}
  void set(double value) const;

 private:
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  void observe(double value) const;

 private:
  prometheus::Histogram* histogram_;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The same name and labels give the same metric. `name` comes without the prefix "modhost_".
  Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                      const Labels& labels = {});

  // For names that are not ours to choose: false when the name already means something else than `shape`, which says
  // kind and labels. Then nothing may be made under it.
  bool reserve(const std::string& name, const std::string& shape);

  // Run before every scrape, to set gauges that are cheaper to read than to keep.
  void on_scrape(std::function<void()> refresh);
  // Prometheus text exposition format 0.0.4.
  [[nodiscard]] std::string scrape();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Seconds, from 50 us to 10 s: wide enough for commits and handlers alike.
const std::vector<double>& latency_bounds();

}  // namespace modhost::telemetry
