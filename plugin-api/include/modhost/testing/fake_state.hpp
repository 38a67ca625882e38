// The metrics, kv and checkpoint services of the fake host.
#pragma once

#include "modhost/testing/fake_services.hpp"

namespace modhost::testing {

struct FakeState {
  static FakeHost& of(const modhost_host* host) { return FakeServices::of(host); }
  static std::string text(modhost_bytes bytes) {
    return bytes.len == 0 ? std::string() : std::string(static_cast<const char*>(bytes.ptr), bytes.len);
  }

  // --- metrics
  static modhost_status define(const modhost_host* host, std::int32_t kind, modhost_str name, modhost_str,
                               const modhost_str* label_names, std::size_t label_count,
                               modhost_metric_id* metric) noexcept {
    FakeHost& self = of(host);
    FakeHost::Metric made{kind, std::string(to_view(name)), {}};
    for (std::size_t i = 0; i < label_count; ++i) made.labels.emplace_back(to_view(label_names[i]));
    const std::lock_guard lock(self.mutex_);
    self.metrics_.push_back(std::move(made));
    *metric = self.metrics_.size();
    return MODHOST_OK;
  }
  static modhost_status update(const modhost_host* host, modhost_metric_id metric, double value,
                               const modhost_str* label_values, std::size_t label_count) noexcept {
    FakeHost& self = of(host);
    const std::lock_guard lock(self.mutex_);
    if (metric == 0 || metric > self.metrics_.size()) return MODHOST_E_INVALID;
    const FakeHost::Metric& known = self.metrics_[metric - 1];
    if (label_count != known.labels.size()) return MODHOST_E_INVALID;
    MetricUpdate update{known.name, value, {}};
    for (std::size_t i = 0; i < label_count; ++i) update.labels[known.labels[i]] = to_view(label_values[i]);
    self.metric_updates_.push_back(std::move(update));
    return MODHOST_OK;
  }

  // --- kv
  static modhost_status get(const modhost_host* host, modhost_bytes key, modhost_blob* value,
                            std::uint64_t* version) noexcept {
    FakeHost& self = of(host);
    const std::lock_guard lock(self.mutex_);
    const auto found = self.key_values_.find(text(key));
    if (found == self.key_values_.end()) return MODHOST_E_NOT_FOUND;
    *value = FakeServices::blob(found->second.value);
    if (version != nullptr) *version = found->second.version;
    return MODHOST_OK;
  }
  static modhost_status put(const modhost_host* host, modhost_bytes key, modhost_bytes value, std::int64_t,
                            std::uint64_t expected, std::uint64_t* version) noexcept {
    FakeHost& self = of(host);
    const std::lock_guard lock(self.mutex_);
    const auto found = self.key_values_.find(text(key));
    const std::uint64_t current = found == self.key_values_.end() ? MODHOST_KV_ABSENT : found->second.version;
    if (expected != MODHOST_KV_ANY && expected != current) return MODHOST_E_CONFLICT;
    self.key_values_[text(key)] = {text(value), ++self.versions_};
    if (version != nullptr) *version = self.versions_;
    return MODHOST_OK;
  }
  static modhost_status del(const modhost_host* host, modhost_bytes key, std::uint64_t expected) noexcept {
    FakeHost& self = of(host);
    const std::lock_guard lock(self.mutex_);
    const auto found = self.key_values_.find(text(key));
    const std::uint64_t current = found == self.key_values_.end() ? MODHOST_KV_ABSENT : found->second.version;
    if (expected != MODHOST_KV_ANY && expected != current) return MODHOST_E_CONFLICT;
    if (found == self.key_values_.end()) return MODHOST_E_NOT_FOUND;
    self.key_values_.erase(found);
    return MODHOST_OK;
  }
  static modhost_status list(const modhost_host* host, modhost_bytes prefix,
                             modhost_status (*each)(void* user, modhost_bytes key, std::uint64_t version) noexcept,
                             void* user) noexcept {
    FakeHost& self = of(host);
    std::vector<std::pair<std::string, std::uint64_t>> keys;
    {
      const std::lock_guard lock(self.mutex_);
      for (const auto& [key, value] : self.key_values_)
        if (key.compare(0, prefix.len, text(prefix)) == 0) keys.emplace_back(key, value.version);
    }
    for (const auto& [key, version] : keys)
      if (const modhost_status status = each(user, {key.data(), key.size()}, version); status < 0) return status;
    return MODHOST_OK;
  }

  // --- checkpoint
  static modhost_status save(const modhost_host* host, modhost_event_id event, modhost_bytes blob) noexcept {
    FakeHost& self = of(host);
    const std::lock_guard lock(self.mutex_);
    const auto live = self.events_.find(event);
    if (live == self.events_.end() || live->second.ended) return MODHOST_E_GONE;
    self.checkpoints_[event] = text(blob);
    return MODHOST_OK;
  }
};

}  // namespace modhost::testing
