#include "services/metrics_service.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "services/text.hpp"

namespace modhost::services {

namespace {

constexpr std::size_t kNameBytesMax = 64, kHelpBytesMax = 200, kLabelBytesMax = 100;

// [a-z][a-z0-9_]{0,63}
bool is_name(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= kNameBytesMax && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

// Kind and labels in one text, by which two definitions are the same.
std::string shape_of(std::int32_t kind, const std::vector<std::string_view>& labels) {
  std::string shape = std::to_string(kind);
  for (const std::string_view label : labels) shape.append(" ").append(label);
  return shape;
}

}  // namespace

modhost_status MetricsService::define(std::int32_t kind, std::string_view name, std::string_view help,
                                      const std::vector<std::string_view>& labels, Handle& metric) {
  if (kind < MODHOST_COUNTER || kind > MODHOST_HISTOGRAM || !is_name(name) || labels.size() > kMetricLabelsMax)
    return MODHOST_E_INVALID;
  for (auto label = labels.begin(); label != labels.end(); ++label)
    if (!is_name(*label) || *label == "module" || *label == "le" || std::find(labels.begin(), label, *label) != label)
      return MODHOST_E_INVALID;
  const std::string shape = shape_of(kind, labels);
  MutexLock lock(mutex_);
  const std::string key = std::string(name) + " " + shape;
  if (const auto known = by_shape_.find(key); known != by_shape_.end()) {
    metric = known->second;
    return MODHOST_OK;
  }
  const std::string full_name = "plugin_" + std::string(name);
  if (!metrics_.reserve(full_name, shape)) return MODHOST_E_CONFLICT;
  const auto id = defined_.reserve();
  if (!id) return MODHOST_E_FULL;
  const auto made = std::make_shared<Metric>();
  made->kind = kind;
  made->name = full_name;
  made->help = clean_text(help, kHelpBytesMax);
  made->labels.assign(labels.begin(), labels.end());
  defined_.fill(*id, made);
  by_shape_.emplace(key, *id);
  metric = *id;
  return MODHOST_OK;
}

MetricsService::Series MetricsService::make(const Metric& metric, const std::vector<std::string>& values) const {
  telemetry::Labels labels{{"module", module_}};
  for (std::size_t i = 0; i < values.size(); ++i) labels.emplace(metric.labels[i], values[i]);
  if (metric.kind == MODHOST_COUNTER) return metrics_.counter(metric.name, metric.help, labels);
  if (metric.kind == MODHOST_GAUGE) return metrics_.gauge(metric.name, metric.help, labels);
  return metrics_.histogram(metric.name, metric.help, telemetry::latency_bounds(), labels);
}

modhost_status MetricsService::update(Handle metric, double value, const std::vector<std::string_view>& label_values) {
  const auto found = defined_.find(metric);
  if (!found || label_values.size() != found->labels.size() || !std::isfinite(value)) return MODHOST_E_INVALID;
  if (found->kind == MODHOST_COUNTER && value < 0) return MODHOST_E_INVALID;
  std::vector<std::string> values;
  for (const std::string_view one : label_values) values.push_back(clean_text(one, kLabelBytesMax));
  MutexLock lock(found->mutex);
  auto series = found->series.find(values);
  if (series == found->series.end()) {
    if (found->series.size() >= kSeriesMax) values.assign(values.size(), "other");
    series = found->series.try_emplace(values, make(*found, values)).first;
  }
  if (const auto* counter = std::get_if<telemetry::Counter>(&series->second))
    counter->add(value);
  else if (const auto* gauge = std::get_if<telemetry::Gauge>(&series->second))
    gauge->set(value);
  else
    std::get<telemetry::Histogram>(series->second).observe(value);
  return MODHOST_OK;
}

}  // namespace modhost::services
