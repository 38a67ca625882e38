#include <optional>
#include <vector>

#include "services/abi_values.hpp"
#include "services/host_record.hpp"
#include "services/tables.hpp"

namespace modhost::services {

namespace {

std::optional<std::vector<std::string_view>> views(const modhost_str* strings, std::size_t count) {
  if (count > kMetricLabelsMax || (count > 0 && strings == nullptr)) return std::nullopt;
  std::vector<std::string_view> texts;
  for (std::size_t i = 0; i < count; ++i) {
    const auto text = view(strings[i]);
    if (!text) return std::nullopt;
    texts.push_back(*text);
  }
  return texts;
}

modhost_status define(const modhost_host* host, std::int32_t kind, modhost_str name, modhost_str help,
                      const modhost_str* label_names, std::size_t label_count, modhost_metric_id* metric) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  const auto name_text = view(name), help_text = view(help);
  const auto labels = views(label_names, label_count);
  if (!name_text || !help_text || !labels || metric == nullptr) return MODHOST_E_INVALID;
  return services->metrics.define(kind, *name_text, *help_text, *labels, *metric);
}

modhost_status update(const modhost_host* host, modhost_metric_id metric, double value, const modhost_str* label_values,
                      std::size_t label_count) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  const auto values = views(label_values, label_count);
  return values ? services->metrics.update(metric, value, *values) : MODHOST_E_INVALID;
}

}  // namespace

constinit const modhost_metrics_service kMetricsTable = {sizeof(modhost_metrics_service), 0, define, update};

}  // namespace modhost::services
