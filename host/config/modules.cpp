// `defaults:`, `modules:` and `subscriptions:`: which plugin runs for which module name, and how.
#include <algorithm>
#include <cctype>

#include "base/limits.hpp"
#include "config/json_value.hpp"
#include "config/secrets.hpp"
#include "config/sections.hpp"

namespace modhost::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kModulesMax = 1000;
constexpr std::size_t kRetriesMax = 20;
constexpr std::size_t kNameBytesMax = 256;
constexpr std::size_t kFailureTextBytesMax = 10'000;
constexpr Bounds<std::uint64_t> kThreads{1, limits::kThreadsMax, "each is a thread of this process"};
constexpr Bounds<std::uint64_t> kInFlight{1, limits::kInFlightMax, "each unfinished event is kept in memory"};
constexpr Bounds<milliseconds> kAttemptDeadline{100ms, 24h, "shorter cuts off healthy calls, longer hides hung ones"};
constexpr Bounds<milliseconds> kEventDeadline{100ms, 7 * 24h, "nobody waits for a chat answer longer"};
constexpr Bounds<milliseconds> kRetry{0ms, 24h, "a later attempt would find the chat long gone"};

bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool is_plugin_name(std::string_view text) {
  const auto is_good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.'; };
  return !text.empty() && text.size() <= 128 && text.front() != '.' && std::all_of(text.begin(), text.end(), is_good);
}

void read_retry(const Section& section, std::vector<milliseconds>& out) {
  const Node* node = section.find("retry");
  if (node == nullptr) return;
  const std::string what = section.key_path("retry");
  Context& context = section.context();
  if (node->kind != Node::Kind::kList)
    return section.report("retry", "expected a list of delays such as [2s, 10s, 60s]; [] for a single attempt");
  if (node->items.size() > kRetriesMax)
    return context.problems.error(node->mark, what + ": at most " + std::to_string(kRetriesMax) + " delays");
  std::vector<milliseconds> delays;
  for (const Node& item : node->items) {
    const auto delay = read_duration(context, item, what, kRetry);
    if (!delay) return;
    delays.push_back(*delay);
  }
  out = std::move(delays);
  context.origins[what] = context.problems.at(node->mark);
}

constexpr std::string_view kWithoutEvent = "platform-without-event";

// "http:" and an origin: scheme, host and perhaps a port, nothing behind them.
bool is_http_grant(std::string_view grant) {
  for (const std::string_view prefix : {"http:http://", "http:https://"}) {
    if (!grant.starts_with(prefix)) continue;
    const std::string_view host = grant.substr(prefix.size());
    return !host.empty() && host.find_first_of("/?#@ ") == std::string_view::npos;
  }
  return false;
}

void read_grants(const Section& section, std::vector<std::string>& out) {
  const Node* node = section.find("grants");
  if (node == nullptr) return;
  if (node->kind != Node::Kind::kList)
    return section.report("grants", "expected a list such as [\"http:https://api.acme.com\"]");
  std::vector<std::string> grants;
  for (const Node& item : node->items) {
    auto grant = expand(section.context(), item, section.key_path("grants"));
    if (!grant) return;
    if (grant->text != kWithoutEvent && (grant->text.size() > kNameBytesMax || !is_http_grant(grant->text)))
      return section.context().problems.error(
          item.mark, section.key_path("grants") + " " + quoted(item) + ": expected " + std::string(kWithoutEvent) +
                         " or http:<origin>, such as http:https://api.acme.com without a path");
    grants.push_back(std::move(grant->text));
  }
  out = std::move(grants);
  section.context().origins[section.key_path("grants")] = section.context().problems.at(node->mark);
}

void read_isolation(const Section& section, Isolation& out) {
  Isolation value = out;
  if (!section.read_choice("isolation", value,
                           {{"in-process", Isolation::kInProcess}, {"process", Isolation::kProcess}}))
    return;
  if (value == Isolation::kProcess)
    return section.report("isolation", "running plugins in processes of their own is not built yet: use in-process");
  out = value;
}

void read_order(const Section& section, Order& out) {
  section.read_choice(
      "order", out, {{"serial", Order::kSerial}, {"cancel_previous", Order::kCancelPrevious}, {"none", Order::kNone}});
}

void read_app(const Section& section, const std::vector<App>& apps, std::string& out) {
  std::string id;
  if (!section.read_text("app", id)) return;
  const bool is_known = std::any_of(apps.begin(), apps.end(), [&](const App& app) { return app.id == id; });
  if (!is_known && !apps.empty()) return section.report("app", "there is no app with this id under app or apps");
  out = std::move(id);
}

// What `defaults` and a module have in common; `out` holds the defaults already.
void read_common(const Section& section, const std::vector<App>& apps, ModuleConfig& out) {
  std::uint64_t threads = out.threads, in_flight = out.in_flight;
  if (section.read_count("threads", threads, kThreads)) out.threads = static_cast<unsigned>(threads);
  if (section.read_count("in_flight", in_flight, kInFlight)) out.in_flight = static_cast<unsigned>(in_flight);
  section.read_duration("attempt_deadline", out.attempt_deadline, kAttemptDeadline);
  section.read_duration("event_deadline", out.event_deadline, kEventDeadline);
  read_retry(section, out.retry);
  read_order(section, out.order);
  section.read_choice("side_effects", out.side_effects,
                      {{"idempotent", SideEffects::kIdempotent}, {"once", SideEffects::kOnce}});
  section.read_flag("complete_turn", out.complete_turn);
  if (section.read_text("on_failure", out.on_failure) && out.on_failure.size() > kFailureTextBytesMax)
    section.report("on_failure", "at most " + std::to_string(kFailureTextBytesMax) + " bytes: it is shown in the chat");
  read_isolation(section, out.isolation);
  read_app(section, apps, out.app);
  read_grants(section, out.grants);
}

void check_plugin_name(Context& context, const Node& node, const std::string& what, const std::string& name) {
  const auto report = [&](std::string_view why) {
    context.problems.error(node.mark, what + " " + quoted(node) + ": " + std::string(why));
  };
  if (name.ends_with(".so")) return report("the name goes without .so: demo_app means <plugins_dir>/demo_app.so");
  if (name.find('/') != std::string::npos) return report("a name without folders: the file lies in plugins_dir");
  if (!is_plugin_name(name)) report("expected the name of a plugin: letters, digits, _ and -");
}

void read_secrets(const Section& section, ModuleConfig& out) {
  const Node* node = section.find("secrets");
  if (node == nullptr || node->kind == Node::Kind::kNull) return;
  if (node->kind != Node::Kind::kMap)
    return section.report("secrets", "expected a mapping of names, as in {token: {env: MY_TOKEN}}");
  for (const Node::Entry& entry : node->entries) {
    const std::string what = section.key_path("secrets") + "." + entry.key;
    auto secret = read_secret(section.context(), entry.value, what, schema::kSecret);
    if (secret && secret->empty()) section.context().problems.error(entry.value.mark, what + ": the secret is empty");
    if (secret && !secret->empty()) out.secrets.emplace(entry.key, *std::move(secret));
  }
}

ModuleConfig read_module(Context& context, const Node::Entry& entry, const ModuleConfig& defaults,
                         const std::vector<App>& apps) {
  const std::string path = "modules." + entry.key;
  ModuleConfig out = defaults;
  out.name = entry.key;
  if (entry.value.kind != Node::Kind::kMap) {
    const auto plugin = expand(context, entry.value, path);
    if (!plugin) return out;
    check_plugin_name(context, entry.value, path, plugin->text);
    out.plugin = plugin->text;
    context.origins[path + ".plugin"] = context.problems.at(entry.value.mark);
    return out;
  }
  const Section section(context, &entry.value, path, schema::kModule);
  if (section.find("plugin") == nullptr) {
    section.report("plugin", "is missing: the name of a file in plugins_dir without .so, such as demo_app");
  } else if (section.read_text("plugin", out.plugin)) {
    check_plugin_name(context, *section.find("plugin"), path + ".plugin", out.plugin);
  }
  read_common(section, apps, out);
  if (out.event_deadline < out.attempt_deadline)
    section.report(section.find("event_deadline") != nullptr ? "event_deadline" : "attempt_deadline",
                   "the event's deadline (" + to_text(out.event_deadline) +
                       ") is before the one of a single attempt (" + to_text(out.attempt_deadline) +
                       "): raise event_deadline or lower attempt_deadline");
  if (const Node* node = section.find("config"); node != nullptr && node->kind != Node::Kind::kNull) {
    if (node->kind != Node::Kind::kMap)
      section.report("config", "expected a mapping: it becomes the module's JSON object");
    else if (auto json = to_json(context, *node, path + ".config"))
      out.config_json = *std::move(json);
    context.origins[path + ".config"] = context.problems.at(node->mark);
  }
  read_secrets(section, out);
  return out;
}

ModuleConfig read_defaults(const Section& top, const std::vector<App>& apps) {
  ModuleConfig defaults;
  const Section section(top.context(), top.find("defaults"), "defaults", schema::kModule);
  for (const std::string_view key : schema::kModuleOnly)
    if (section.find(key) != nullptr) section.report(key, "belongs to one module: write it under modules.<name>");
  read_common(section, apps, defaults);
  return defaults;
}

void read_subscriptions(const Section& top, Config& config) {
  Context& context = top.context();
  const Node* node = top.find("subscriptions");
  if (node == nullptr || node->kind == Node::Kind::kNull) return;
  if (node->kind != Node::Kind::kMap)
    return top.report("subscriptions", "expected a mapping of event names to modules");
  std::vector<std::string_view> modules;
  for (const auto& [name, unused] : config.modules) modules.push_back(name);
  const std::vector<std::string_view> events(schema::kEvents.begin(), schema::kEvents.end());
  for (const Node::Entry& entry : node->entries) {
    const std::string what = "subscriptions." + entry.key;
    if (entry.key == "unique.chat.external-module.chosen") {
      context.problems.error(
          entry.mark, what + ": this event goes to the module that payload.name names: list it under modules only");
      continue;
    }
    if (entry.value.kind == Node::Kind::kList) {
      context.problems.error(entry.value.mark, what + ": one module an event name, this is a list: choose one");
      continue;
    }
    const auto module = expand(context, entry.value, what);
    if (!module) continue;
    if (!config.modules.contains(module->text)) {
      const std::string_view meant = nearest(module->text, modules);
      context.problems.error(entry.value.mark,
                             what + " " + quoted(entry.value) + ": there is no such module under modules" +
                                 (meant.empty() ? "" : ": did you mean \"" + std::string(meant) + "\"?"));
      continue;
    }
    if (std::find(events.begin(), events.end(), entry.key) == events.end()) {
      const std::string_view meant = nearest(entry.key, events);
      context.problems.warning(entry.mark, what + ": the platform is not known to send this event" +
                                               (meant.empty() ? "" : ": did you mean \"" + std::string(meant) + "\"?"));
    }
    config.subscriptions.emplace(entry.key, module->text);
    context.origins[what] = context.problems.at(entry.value.mark);
  }
}

}  // namespace

void read_modules(const Section& top, Config& config) {
  Context& context = top.context();
  const ModuleConfig defaults = read_defaults(top, config.apps);
  const Node* node = top.find("modules");
  if (node != nullptr && node->kind != Node::Kind::kNull && node->kind != Node::Kind::kMap)
    return top.report("modules", "expected a mapping of module names to plugins, such as DemoApp: demo_app");
  if (node == nullptr || node->entries.empty()) {
    context.problems.warning(node == nullptr ? Mark{} : node->mark,
                             "no modules: every event will be answered \"ignored\"");
  } else if (node->entries.size() > kModulesMax) {
    return top.report("modules", "at most " + std::to_string(kModulesMax) + " modules");
  } else {
    for (const Node::Entry& entry : node->entries) {
      if (entry.key.empty() || entry.key.size() > kNameBytesMax || !is_printable(entry.key))
        context.problems.error(entry.mark, "modules: a name is 1 to 256 bytes of text: the module's Reference in Code");
      else
        config.modules.emplace(entry.key, read_module(context, entry, defaults, config.apps));
    }
  }
  read_subscriptions(top, config);
}

}  // namespace modhost::config
