#include "config/changes.hpp"

#include <algorithm>

namespace modhost::config {
namespace {

struct Fixed {
  std::string_view key;
  bool (*differs)(const Config& a, const Config& b);
  void (*keep)(const Config& from, Config& to);
};

// The key is the field's name.
#define MODHOST_FIXED(field)                                                                                 \
  Fixed {                                                                                                    \
#field, [](const Config& a,                                                                              \
               const Config& b) { return !(a.field == b.field); }, [](const Config& from,                    \
                                                                      Config& to) { to.field = from.field; } \
  }

// Sockets, folders and what is sized by them are made once.
constexpr Fixed kFixed[] = {
    MODHOST_FIXED(listen),
    MODHOST_FIXED(admin),
    MODHOST_FIXED(state_dir),
    MODHOST_FIXED(plugins_dir),
    MODHOST_FIXED(log.format),
    MODHOST_FIXED(limits.connections),
    MODHOST_FIXED(limits.ready_events),
    MODHOST_FIXED(limits.ready_bytes),
    MODHOST_FIXED(limits.receiving_bytes),
    MODHOST_FIXED(limits.ack_timeout),
    MODHOST_FIXED(limits.max_event_age),
    MODHOST_FIXED(limits.http_threads),
    MODHOST_FIXED(journal.keep_body),
    MODHOST_FIXED(journal.dedupe_retention),
    MODHOST_FIXED(journal.secure_delete),
    MODHOST_FIXED(trusted_proxies),
    MODHOST_FIXED(http_client.proxy),
    MODHOST_FIXED(http_client.ca_file),
    MODHOST_FIXED(http_client.client_cert),
    MODHOST_FIXED(http_client.connections),
};
#undef MODHOST_FIXED

// Not for values of a stranger: the time it takes says where two values of ours differ.
bool is_same(const Secret& a, const Secret& b) { return a.reveal() == b.reveal(); }

bool is_same(const EndpointSecret& a, const EndpointSecret& b) {
  return a.id == b.id && is_same(a.value, b.value) && a.not_before == b.not_before && a.not_after == b.not_after;
}

template <class T>
bool is_same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const T& x, const T& y) { return is_same(x, y); });
}

bool is_same(const std::map<std::string, Secret>& a, const std::map<std::string, Secret>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && is_same(x.second, y.second); });
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string out;
  for (const std::string_view word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

std::string what_differs(const App& a, const App& b) {
  std::vector<std::string_view> keys;
  if (a.path != b.path) keys.emplace_back("path");
  if (a.api_base != b.api_base) keys.emplace_back("api_base");
  if (!is_same(a.api_key, b.api_key)) keys.emplace_back("api_key");
  if (!is_same(a.secrets, b.secrets)) keys.emplace_back("secrets");
  return joined(keys);
}

// What the dispatcher reads for every attempt: the instance goes on.
std::string what_settings_differ(const ModuleConfig& a, const ModuleConfig& b) {
  std::vector<std::string_view> keys;
  if (a.retry != b.retry) keys.emplace_back("retry");
  if (a.order != b.order) keys.emplace_back("order");
  if (a.side_effects != b.side_effects) keys.emplace_back("side_effects");
  if (a.on_failure != b.on_failure) keys.emplace_back("on_failure");
  if (a.complete_turn != b.complete_turn) keys.emplace_back("complete_turn");
  return joined(keys);
}

void compare_apps(const Config& now, const Config& next, std::vector<std::string>& out) {
  for (const App& app : now.apps)
    if (next.app(app.id) == nullptr) out.push_back("app " + app.id + ": removed");
  for (const App& app : next.apps) {
    const App* const before = now.app(app.id);
    if (before == nullptr)
      out.push_back("app " + app.id + ": added");
    else if (const std::string keys = what_differs(*before, app); !keys.empty())
      out.push_back("app " + app.id + ": " + keys);
  }
}

void compare_modules(const Config& now, const Config& next, std::vector<std::string>& out) {
  for (const auto& [name, module] : now.modules)
    if (!next.modules.contains(name)) out.push_back("module " + name + ": removed");
  for (const auto& [name, module] : next.modules) {
    const auto before = now.modules.find(name);
    if (before == now.modules.end())
      out.push_back("module " + name + ": added");
    else if (!is_same_instance(before->second, module))
      out.push_back("module " + name + ": a new instance");
    else if (const std::string keys = what_settings_differ(before->second, module); !keys.empty())
      out.push_back("module " + name + ": " + keys);
  }
}

}  // namespace

bool is_same_instance(const ModuleConfig& a, const ModuleConfig& b) {
  return a.plugin == b.plugin && a.app == b.app && a.isolation == b.isolation && a.threads == b.threads &&
         a.in_flight == b.in_flight && a.attempt_deadline == b.attempt_deadline &&
         a.event_deadline == b.event_deadline && a.config_json == b.config_json && is_same(a.secrets, b.secrets) &&
         a.grants == b.grants;
}

std::vector<std::string_view> keys_fixed_until_restart() {
  std::vector<std::string_view> keys;
  for (const Fixed& one : kFixed) keys.push_back(one.key);
  return keys;
}

std::vector<std::string> keep_fixed(const Config& now, Config& next) {
  std::vector<std::string> keys;
  for (const Fixed& one : kFixed) {
    if (!one.differs(now, next)) continue;
    keys.emplace_back(one.key);
    one.keep(now, next);
  }
  return keys;
}

std::vector<std::string> differences(const Config& now, const Config& next) {
  std::vector<std::string> out;
  compare_apps(now, next, out);
  compare_modules(now, next, out);
  const auto note = [&](bool differs, const char* key) {
    if (differs) out.emplace_back(key);
  };
  note(now.subscriptions != next.subscriptions, "subscriptions");
  note(now.webhook_path != next.webhook_path, "webhook_path");
  note(now.log.level != next.log.level, "log.level");
  note(now.limits.body_bytes != next.limits.body_bytes, "limits.body_bytes");
  note(now.limits.timestamp_tolerance != next.limits.timestamp_tolerance, "limits.timestamp_tolerance");
  note(now.limits.drain_delay != next.limits.drain_delay, "limits.drain_delay");
  note(now.limits.drain_grace != next.limits.drain_grace, "limits.drain_grace");
  return out;
}

}  // namespace modhost::config
