// `apps:`, its short form `app:`, and the app that the platform's variables alone describe.
#include <algorithm>
#include <map>
#include <set>

#include "base/limits.hpp"
#include "config/api_base.hpp"
#include "config/secrets.hpp"
#include "config/sections.hpp"

namespace modhost::config {
namespace {

constexpr std::size_t kAppsMax = 100;
constexpr std::size_t kIdBytesMax = 256;

bool is_header_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

class AppReader {
 public:
  AppReader(Context& context, Purpose purpose, const std::string& webhook_path)
      : context_(context), purpose_(purpose), webhook_path_(webhook_path) {}

  // `is_only`: what the entry leaves out comes from the platform's variables.
  std::optional<App> read(const Node* node, const std::string& path, bool is_only) {
    const std::size_t errors_before = context_.problems.errors();
    mark_ = node == nullptr ? Mark{} : node->mark;
    is_only_ = is_only;
    const Section section(context_, node, path, schema::kApp);
    App app;
    app.path = webhook_path_;
    if (section.read_text("path", app.path)) check_webhook_path(section, "path", app.path);
    read_id(section, app);
    read_secrets(section, app);
    if (purpose_ != Purpose::kSign) read_key(section, app);
    if (purpose_ == Purpose::kServe) read_base(section, app);
    if (context_.problems.errors() == errors_before) name_secrets(app);
    if (context_.problems.errors() > errors_before) return std::nullopt;
    return app;
  }

 private:
  std::optional<Variable> variable(const char* name) const {
    return is_only_ ? context_.environment.find(name) : std::nullopt;
  }

  // In dev and for signing an unset variable is no mistake.
  bool may_skip(const Node& node) const {
    if (purpose_ == Purpose::kServe) return false;
    const Node* env = node.find("env");
    return env != nullptr ? !context_.environment.find(env->text) : has_unset_variable(context_, node);
  }

  void missing(const Section& section, std::string_view key, const std::string& what) {
    context_.problems.error(mark_, section.key_path(key) + " is missing: " + what);
  }

  void read_id(const Section& section, App& app) {
    const Node* node = section.find("id");
    const bool is_written = node != nullptr && !may_skip(*node);
    if (is_written && !section.read_text("id", app.id)) return;
    if (const auto found = variable("UNIQUE_APP_ID"); !is_written && found) {
      app.id = found->value;
      context_.origins[section.key_path("id")] = found->origin;
    }
    const Mark mark = node == nullptr ? mark_ : node->mark;
    const std::string what = section.key_path("id");
    if (app.id.empty() && purpose_ != Purpose::kServe) app.id = "app_dev";
    if (app.id.empty()) return missing(section, "id", "the app's id (app_...), or set UNIQUE_APP_ID");
    if (app.id.starts_with("ukey_"))
      context_.problems.error(mark,
                              what + ": this is an API key (ukey_): it goes to api_key; here goes the app's id (app_)");
    else if (app.id.starts_with("usig_"))
      context_.problems.error(
          mark,
          what + ": this is an endpoint secret (usig_): it goes to endpoint_secrets; here goes the app's id (app_)");
    else if (!is_header_text(app.id) || app.id.size() > kIdBytesMax)
      context_.problems.error(mark, what + ": an app id is one word: it is sent as the header x-app-id");
    else if (app.id == "dummy_id")
      context_.problems.warning(mark, what + ": dummy_id is a placeholder: the platform will refuse every call");
  }

  void read_secrets(const Section& section, App& app) {
    const std::size_t errors_before = context_.problems.errors();
    for (const char* key : {"secrets", "endpoint_secrets"}) {
      const Node* list = section.find(key);
      if (list == nullptr || list->kind == Node::Kind::kNull) continue;
      if (list->kind != Node::Kind::kList) {
        context_.problems.error(list->mark,
                                section.key_path(key) + ": expected a list, as in [\"${UNIQUE_APP_ENDPOINT_SECRET}\"]");
        return;
      }
      for (std::size_t i = 0; i < list->items.size() && i <= limits::kSecretsMax; ++i) {
        const Node& node = list->items[i];
        if (may_skip(node)) continue;
        const std::string what = section.key_path(key) + "[" + std::to_string(i + 1) + "]";
        if (auto secret = read_endpoint_secret(context_, node, what)) {
          secret->origin = what;
          app.secrets.push_back(*std::move(secret));
        }
      }
    }
    const auto found = variable("UNIQUE_APP_ENDPOINT_SECRET");
    if (app.secrets.empty() && found && section.find("secrets") == nullptr &&
        section.find("endpoint_secrets") == nullptr) {
      EndpointSecret secret;
      secret.value = Secret(found->value);
      const std::string what = section.key_path("endpoint_secrets");
      context_.origins[what] = found->origin;
      secret.origin = what;
      if (check_endpoint_secret(context_, mark_, found->origin, secret.value)) app.secrets.push_back(std::move(secret));
      return;
    }
    if (app.secrets.empty() && purpose_ == Purpose::kServe && context_.problems.errors() == errors_before)
      missing(section, "endpoint_secrets",
              "without the endpoint's secret (usig_...) no delivery can be trusted; set UNIQUE_APP_ENDPOINT_SECRET");
    if (app.secrets.size() > limits::kSecretsMax)
      context_.problems.error(mark_, section.key_path("endpoint_secrets") + ": at most " +
                                         std::to_string(limits::kSecretsMax) + ": each costs one MAC a request");
  }

  void read_key(const Section& section, App& app) {
    const std::string what = section.key_path("api_key");
    const Node* node = section.find("api_key");
    if (node != nullptr && may_skip(*node)) return;
    if (node != nullptr) {
      auto secret = read_secret(context_, *node, what, schema::kSecret);
      if (!secret) return;
      app.api_key = *std::move(secret);
    } else if (const auto found = variable("UNIQUE_APP_KEY")) {
      app.api_key = Secret(found->value);
      context_.origins[what] = found->origin;
    }
    const Mark mark = node == nullptr ? mark_ : node->mark;
    const std::string_view value = app.api_key.reveal();
    if (value.empty() && purpose_ != Purpose::kServe) return;
    if (value.empty() && node == nullptr)
      context_.problems.warning(mark,
                                what + " is missing: calls go out without a key, which only works inside the cluster");
    else if (value.starts_with("usig_"))
      context_.problems.error(
          mark,
          what + ": this is an endpoint secret (usig_): it goes to endpoint_secrets; here goes the API key (ukey_)");
    else if (value.starts_with("app_"))
      context_.problems.error(mark, what + ": this is an app id (app_): it goes to id; here goes the API key (ukey_)");
    else if (!is_header_text(value))
      context_.problems.error(mark, what + ": an API key is one word without white space: it is sent in a header");
    else if (value == "dummy_key")
      context_.problems.warning(mark, what + ": dummy_key is a placeholder: the platform will refuse every call");
  }

  void read_base(const Section& section, App& app) {
    const std::string what = section.key_path("api_base");
    std::string written;
    const Node* node = section.find("api_base");
    if (node != nullptr && !section.read_text("api_base", written)) return;
    if (const auto found = variable("UNIQUE_API_BASE_URL"); node == nullptr && found) {
      written = found->value;
      context_.origins[what] = found->origin;
    }
    if (written.empty())
      return missing(section, "api_base",
                     "the platform's address, such as https://gateway.<host>/public/chat, or set UNIQUE_API_BASE_URL");
    const auto type = context_.environment.find("UNIQUE_API_API_TYPE");
    const Mark mark = node == nullptr ? mark_ : node->mark;
    Result<ResolvedBase> base = resolve_api_base(written, type ? std::string_view(type->value) : std::string_view());
    if (!base) return context_.problems.error(mark, what + ": " + base.error().message);
    for (const std::string& warning : base->warnings) context_.problems.warning(mark, what + ": " + warning);
    app.api_base = std::move(base->url);
    app.api_base_reason = std::move(base->how);
  }

  // Ids are shown in logs and metrics: those not given become "<app>/<index>", and none is used twice.
  void name_secrets(App& app) {
    std::set<std::string> used;
    for (std::size_t i = 0; i < app.secrets.size(); ++i) {
      EndpointSecret& secret = app.secrets[i];
      if (secret.id.empty()) secret.id = app.id + "/" + std::to_string(i + 1);
      if (!is_header_text(secret.id) || secret.id.size() > kIdBytesMax || !used.insert(secret.id).second)
        context_.problems.error(
            mark_, "secret " + std::to_string(i + 1) + ": its id must be one word that no other secret of the app has");
    }
  }

  Context& context_;
  const Purpose purpose_;
  const std::string& webhook_path_;
  Mark mark_;
  bool is_only_ = false;
};

bool shares_secret(const App& a, const App& b) {
  for (const EndpointSecret& x : a.secrets)
    for (const EndpointSecret& y : b.secrets)
      if (x.value.reveal() == y.value.reveal()) return true;
  return false;
}

// The most that count at one moment: when one of them begins to.
std::size_t active_at_once(const std::vector<const EndpointSecret*>& secrets) {
  std::ptrdiff_t most = 0;
  for (const EndpointSecret* first : secrets) {
    const UnixMillis at = first->not_before.value_or(UnixMillis::min());
    most = std::max(most, std::count_if(secrets.begin(), secrets.end(), [at](const EndpointSecret* secret) {
                      return secret->not_before.value_or(UnixMillis::min()) <= at &&
                             at < secret->not_after.value_or(UnixMillis::max());
                    }));
  }
  return static_cast<std::size_t>(most);
}

void check_paths(Context& context, const Node& list, const std::vector<App>& apps) {
  std::map<std::string, std::vector<const EndpointSecret*>> secrets;
  for (const App& app : apps)
    for (const EndpointSecret& secret : app.secrets) secrets[app.path].push_back(&secret);
  for (const auto& [path, on_path] : secrets)
    if (const std::size_t most = active_at_once(on_path); most > limits::kSecretsMax)
      context.problems.error(list.mark, "apps: " + std::to_string(most) + " secrets count at once on the path " + path +
                                            ": at most " + std::to_string(limits::kSecretsMax) +
                                            ", each costs one MAC a request: give apps a path of their own, or end old "
                                            "secrets with not_after");
}

void check_together(Context& context, const Node& list, const std::vector<App>& apps) {
  for (std::size_t i = 0; i < apps.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) {
      if (apps[i].id == apps[k].id)
        context.problems.error(list.mark, "apps: entries " + std::to_string(k + 1) + " and " + std::to_string(i + 1) +
                                              " have the same id");
      else if (apps[i].path == apps[k].path && shares_secret(apps[i], apps[k]))
        context.problems.error(list.mark, "apps: entries " + std::to_string(k + 1) + " and " + std::to_string(i + 1) +
                                              " share their path and a secret: their events could not be told apart");
    }
}

bool has_variables(const Environment& environment) {
  for (const char* name : {"UNIQUE_APP_ID", "UNIQUE_APP_KEY", "UNIQUE_APP_ENDPOINT_SECRET", "UNIQUE_API_BASE_URL"})
    if (environment.find(name)) return true;
  return false;
}

}  // namespace

void check_webhook_path(const Section& section, std::string_view key, const std::string& path) {
  const bool is_good = path.size() > 1 && path.size() <= 256 && path.front() == '/' && is_header_text(path) &&
                       path.find_first_of("?#%\"<>\\") == std::string::npos && path.find("//") == std::string::npos;
  if (!is_good) section.report(key, "expected a path such as /webhook: it starts with / and has no query");
  if (path == "/health") section.report(key, "/health answers health checks: choose another path such as /webhook");
}

void read_apps(const Section& top, Purpose purpose, Config& config) {
  Context& context = top.context();
  const Node* single = top.find("app");
  const Node* list = top.find("apps");
  if (single != nullptr && list != nullptr)
    return context.problems.error(single->mark, "app and apps: write one of them");
  AppReader reader(context, purpose, config.webhook_path);
  if (list != nullptr && list->kind != Node::Kind::kList)
    return context.problems.error(list->mark, "apps: expected a list of {id, path, api_base, api_key, secrets}");
  if (list != nullptr) {
    context.origins["apps"] = context.problems.at(list->mark);
    if (list->items.size() > kAppsMax)
      return context.problems.error(list->mark, "apps: at most " + std::to_string(kAppsMax));
    for (std::size_t i = 0; i < list->items.size(); ++i)
      if (auto app = reader.read(&list->items[i], "apps[" + std::to_string(i + 1) + "]", false))
        config.apps.push_back(*std::move(app));
    check_together(context, *list, config.apps);
    check_paths(context, *list, config.apps);
    if (!list->items.empty()) return;
  }
  if (single == nullptr && purpose == Purpose::kServe && !has_variables(context.environment))
    return context.problems.error(
        {},
        "there is no app: add app: {id, api_key, api_base, endpoint_secrets}, or set UNIQUE_APP_ID, "
        "UNIQUE_APP_KEY, UNIQUE_API_BASE_URL and UNIQUE_APP_ENDPOINT_SECRET (looked in " +
            context.environment.searched() + ")");
  if (auto app = reader.read(single, "app", true)) config.apps.push_back(*std::move(app));
}

}  // namespace modhost::config
