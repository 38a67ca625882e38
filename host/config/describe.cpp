// The effective configuration as text.
#include "config/load.hpp"
#include "config/values.hpp"

namespace modhost::config {
namespace {

// One line a key; values are those in force, whatever they came from.
class Description {
 public:
  explicit Description(const Config& config) : config_(config) {}

  void add(const std::string& key, const std::string& value) { add(key, value, key); }
  void add(const std::string& key, const std::string& value, const std::string& origin_key) {
    out_ += key + ": " + (value.empty() ? "\"\"" : value) + "  # " + origin_of(origin_key) + "\n";
  }
  void add_secret(const std::string& key, const Secret& value) { add(key, value.empty() ? "(none)" : "(set)"); }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string origin_of(const std::string& key) const {
    auto found = config_.origins.find(key);
    if (found == config_.origins.end() && key.starts_with("modules."))
      found = config_.origins.find("defaults" + key.substr(key.rfind('.')));
    return found == config_.origins.end() ? "default" : found->second;
  }

  const Config& config_;
  std::string out_;
};

std::string joined(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) out += (out.size() > 1 ? ", " : "") + item;
  return out + "]";
}

const char* name_of(Order order) {
  switch (order) {
    case Order::kSerial:
      return "serial";
    case Order::kCancelPrevious:
      return "cancel_previous";
    case Order::kNone:
      break;
  }
  return "none";
}

// A proxy's user and password are nobody's business.
std::string without_credentials(const std::string& url) {
  const std::size_t scheme = url.find("://"), at = url.rfind('@');
  if (scheme == std::string::npos || at == std::string::npos || at < scheme) return url;
  return url.substr(0, scheme + 3) + "***" + url.substr(at);
}

std::string flag(bool value) { return value ? "true" : "false"; }

void describe_limits(const LimitsConfig& limits, Description& out) {
  out.add("limits.body_bytes", size_to_text(limits.body_bytes));
  out.add("limits.connections", std::to_string(limits.connections));
  out.add("limits.ready_events", std::to_string(limits.ready_events));
  out.add("limits.ready_bytes", size_to_text(limits.ready_bytes));
  out.add("limits.receiving_bytes", size_to_text(limits.receiving_bytes));
  out.add("limits.ack_timeout", to_text(limits.ack_timeout));
  out.add("limits.timestamp_tolerance", to_text(limits.timestamp_tolerance));
  out.add("limits.max_event_age", to_text(limits.max_event_age));
  out.add("limits.drain_delay", to_text(limits.drain_delay));
  out.add("limits.drain_grace", to_text(limits.drain_grace));
  out.add("limits.http_threads", std::to_string(limits.http_threads));
}

void describe_app(const App& app, const std::string& key, Description& out) {
  out.add(key + ".id", app.id);
  out.add(key + ".path", app.path);
  out.add(key + ".api_base", app.api_base);
  out.add_secret(key + ".api_key", app.api_key);
  for (const EndpointSecret& secret : app.secrets) {
    std::string value = secret.id + " (set)";
    if (secret.not_before) value += " from " + to_text(*secret.not_before);
    if (secret.not_after) value += " until " + to_text(*secret.not_after);
    out.add(key + ".secrets[]", value, secret.origin);
  }
}

void describe_module(const ModuleConfig& module, Description& out) {
  const std::string key = "modules." + module.name + ".";
  std::vector<std::string> delays;
  for (const milliseconds delay : module.retry) delays.push_back(to_text(delay));
  out.add(key + "plugin", module.plugin);
  if (!module.app.empty()) out.add(key + "app", module.app);
  out.add(key + "isolation", module.isolation == Isolation::kProcess ? "process" : "in-process");
  out.add(key + "threads", std::to_string(module.threads));
  out.add(key + "in_flight", std::to_string(module.in_flight));
  out.add(key + "attempt_deadline", to_text(module.attempt_deadline));
  out.add(key + "event_deadline", to_text(module.event_deadline));
  out.add(key + "retry", joined(delays));
  out.add(key + "order", name_of(module.order));
  out.add(key + "side_effects", module.side_effects == SideEffects::kOnce ? "once" : "idempotent");
  out.add(key + "on_failure", module.on_failure);
  out.add(key + "complete_turn", flag(module.complete_turn));
  out.add(key + "config", std::to_string(module.config_json.size()) + " bytes of JSON");
  for (const auto& [name, secret] : module.secrets) out.add_secret(key + "secrets." + name, secret);
  if (!module.grants.empty()) out.add(key + "grants", joined(module.grants));
}

}  // namespace

std::string describe(const Config& config) {
  static constexpr std::array kLevels = {"trace", "debug", "info", "warn", "error"};
  Description out(config);
  out.add("listen", to_text(config.listen));
  out.add("webhook_path", config.webhook_path);
  out.add("admin", to_text(config.admin));
  out.add("state_dir", config.state_dir.string());
  out.add("plugins_dir", config.plugins_dir.string());
  out.add("log.level", kLevels.at(static_cast<std::size_t>(config.log.level)));
  out.add("log.format", config.log.format == LogFormat::kJson ? "json" : "text");
  describe_limits(config.limits, out);
  out.add("journal.keep_body", to_text(config.journal.keep_body));
  out.add("journal.dedupe_retention", to_text(config.journal.dedupe_retention));
  out.add("journal.secure_delete", flag(config.journal.secure_delete));
  out.add("trusted_proxies", joined(config.trusted_proxies));
  out.add("http_client.proxy", without_credentials(config.http_client.proxy));
  out.add("http_client.ca_file", config.http_client.ca_file.string());
  out.add("http_client.client_cert", config.http_client.client_cert.string());
  out.add("http_client.connections", std::to_string(config.http_client.connections));
  const bool is_list = config.apps.size() > 1 || config.origins.contains("apps");
  for (std::size_t i = 0; i < config.apps.size(); ++i)
    describe_app(config.apps[i], is_list ? "apps[" + std::to_string(i + 1) + "]" : "app", out);
  for (const auto& [name, module] : config.modules) describe_module(module, out);
  for (const auto& [event, module] : config.subscriptions) out.add("subscriptions." + event, module);
  return out.take();
}

}  // namespace modhost::config
