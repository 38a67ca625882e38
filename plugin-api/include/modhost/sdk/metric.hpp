// A plugin's own numbers beside the host's. Never an id of a user, chat or event in a label.
#pragma once

#include <modhost/plugin.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "modhost/sdk/services.hpp"

namespace modhost {

using LabelNames = std::vector<std::string_view>;

// Cheap to copy; usable from every thread. A wrong definition is an Error when it is made.
class Metric {
 public:
  Metric(const detail::Services& services, std::int32_t kind, std::string_view name, std::string_view help,
         const LabelNames& labels)
      : services_(services) {
    std::vector<modhost_str> names;
    for (const std::string_view label : labels) names.push_back(to_str(label));
    const modhost_status status =
        services.metrics->define(services.host, kind, to_str(name), to_str(help), names.data(), names.size(), &metric_);
    if (status < 0)
      throw Error(Failure{status, "metric " + std::string(name) + " can not be defined: " + std::to_string(status)});
  }
  void add(double by = 1, std::initializer_list<std::string_view> labels = {}) const { update(by, labels); }
  void set(double value, std::initializer_list<std::string_view> labels = {}) const { update(value, labels); }
  void observe(double seconds, std::initializer_list<std::string_view> labels = {}) const { update(seconds, labels); }

 private:
  void update(double value, std::initializer_list<std::string_view> labels) const {
    std::vector<modhost_str> values;
    for (const std::string_view label : labels) values.push_back(to_str(label));
    services_.metrics->update(services_.host, metric_, value, values.data(), values.size());
  }
  detail::Services services_;
  modhost_metric_id metric_ = 0;
};

}  // namespace modhost
