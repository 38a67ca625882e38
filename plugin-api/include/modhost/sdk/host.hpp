// What the host lends an instance: its log and its configuration. Host is a small value to copy; it stays usable as
// long as the process lives, from every thread.
#pragma once

#include <modhost/plugin.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modhost/sdk/http.hpp"
#include "modhost/sdk/json_text.hpp"
#include "modhost/sdk/kv.hpp"
#include "modhost/sdk/log.hpp"
#include "modhost/sdk/metric.hpp"
#include "modhost/sdk/services.hpp"
#include "modhost/sdk/task.hpp"

namespace modhost {

// `config:` and `secrets:` of the module. Paths are JSON pointers, "/model". A value of another type than asked for is
// an Error (E_CONFIG) that names the path.
class Config {
 public:
  explicit Config(const detail::Services& services) : services_(services) {}
  [[nodiscard]] std::string text(std::string_view path, std::string_view otherwise) const {
    detail::Blob value;
    const auto status = services_.config->get_string(services_.host, to_str(path), &value.raw);
    return is_set(status, path, "a string") ? value.text() : std::string(otherwise);
  }
  [[nodiscard]] std::int64_t integer(std::string_view path, std::int64_t otherwise) const {
    std::int64_t value = otherwise;
    const auto status = services_.config->get_int(services_.host, to_str(path), &value);
    return is_set(status, path, "an integer") ? value : otherwise;
  }
  [[nodiscard]] double number(std::string_view path, double otherwise) const {
    double value = otherwise;
    return is_set(services_.config->get_double(services_.host, to_str(path), &value), path, "a number") ? value
                                                                                                        : otherwise;
  }
  [[nodiscard]] bool flag(std::string_view path, bool otherwise) const {
    std::uint32_t value = 0;
    return is_set(services_.config->get_bool(services_.host, to_str(path), &value), path, "true or false") ? value != 0
                                                                                                           : otherwise;
  }
  // Any value as a document; "" is the whole `config:`.
  [[nodiscard]] JsonDocument json(std::string_view path) const {
    detail::Blob value;
    const auto status = services_.config->get_json(services_.host, to_str(path), &value.raw);
    return is_set(status, path, "a JSON value") ? JsonDocument::parse(value.text()).value() : JsonDocument();
  }
  // A string that must be there.
  [[nodiscard]] std::string required_text(std::string_view path) const {
    std::string value = text(path, "");
    if (value.empty()) throw Error(bad_config("config " + std::string(path) + " is missing"));
    return value;
  }
  [[nodiscard]] std::string secret(std::string_view name) const {
    detail::Blob value;
    if (services_.config->get_secret(services_.host, to_str(name), &value.raw) != MODHOST_OK)
      throw Error(bad_config("secret " + std::string(name) + " is missing"));
    return value.text();
  }

 private:
  static bool is_set(modhost_status status, std::string_view path, const char* type) {
    if (status == MODHOST_OK) return true;
    if (status == MODHOST_E_NOT_FOUND) return false;
    throw Error(bad_config("config " + std::string(path) + " is not " + type));
  }
  detail::Services services_;
};

class Host {
 public:
  // Throws an Error when the host lacks a service.
  explicit Host(const modhost_host* host)
      : services_{host,
                  detail::find_service<modhost_log_service>(host, MODHOST_SERVICE_LOG),
                  detail::find_service<modhost_event_service>(host, MODHOST_SERVICE_EVENT),
                  detail::find_service<modhost_config_service>(host, MODHOST_SERVICE_CONFIG),
                  detail::find_service<modhost_http_service>(host, MODHOST_SERVICE_HTTP),
                  detail::find_service<modhost_task_service>(host, MODHOST_SERVICE_TASK),
                  detail::find_service<modhost_metrics_service>(host, MODHOST_SERVICE_METRICS),
                  detail::find_service<modhost_kv_service>(host, MODHOST_SERVICE_KV),
                  detail::find_service<modhost_checkpoint_service>(host, MODHOST_SERVICE_CHECKPOINT)} {}
  [[nodiscard]] Log log() const { return {services_, 0}; }
  [[nodiscard]] Config config() const { return Config(services_); }
  [[nodiscard]] Kv kv() const { return Kv(services_); }
  // Shown on /metrics as modhost_plugin_<name>; values of the labels come with each update.
  [[nodiscard]] Metric counter(std::string_view name, std::string_view help, const LabelNames& labels = {}) const {
    return {services_, MODHOST_COUNTER, name, help, labels};
  }
  [[nodiscard]] Metric gauge(std::string_view name, std::string_view help, const LabelNames& labels = {}) const {
    return {services_, MODHOST_GAUGE, name, help, labels};
  }
  [[nodiscard]] Metric histogram(std::string_view name, std::string_view help, const LabelNames& labels = {}) const {
    return {services_, MODHOST_HISTOGRAM, name, help, labels};
  }
  // Work without an event; E_CLOSED when the instance stops.
  [[nodiscard]] Result<Task> submit(std::function<void()> work) const {
    return Task::make(services_, std::move(work), {}, {});
  }
  [[nodiscard]] Result<Task> after(std::chrono::milliseconds delay, std::function<void()> work) const {
    return Task::make(services_, std::move(work), delay, {});
  }
  [[nodiscard]] Result<Task> every(std::chrono::milliseconds interval, std::function<void()> work) const {
    if (interval.count() <= 0) return Failure{MODHOST_E_INVALID, "the interval of a task is less than 1 ms"};
    return Task::make(services_, std::move(work), interval, interval);
  }
  // For it: calls that keep their thread, to granted servers, or to the platform with `platform-without-event`.
  [[nodiscard]] Http http() const { return Http(scope()); }
  [[nodiscard]] Api api() const { return Api(scope()); }
  [[nodiscard]] std::string_view module() const { return to_view(services_.host->module_name); }
  [[nodiscard]] const detail::Services& services() const { return services_; }

 private:
  [[nodiscard]] std::shared_ptr<detail::Scope> scope() const {
    return std::make_shared<detail::Scope>(services_, 0, detail::Style::kBlocks);
  }
  detail::Services services_;
};

}  // namespace modhost
