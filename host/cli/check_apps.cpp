// The apps' part of `modhost check`: where their calls go, and which of their endpoint secrets count when.
#include <algorithm>

#include "cli/findings.hpp"
#include "config/values.hpp"
#include "signature/secret_watch.hpp"

namespace modhost::cli {
namespace {

using signature::SecretState;

void check_secret(const config::App& app, const config::EndpointSecret& secret, UnixMillis now, Findings& out) {
  const bool is_near_its_end = signature::is_near_its_end(secret, now);
  std::string what = "secret " + secret.id + ": " + std::string(to_string(signature::state_of(secret, now)));
  if (secret.not_before) what += ", from " + config::to_text(*secret.not_before);
  if (secret.not_after) what += ", until " + config::to_text(*secret.not_after);
  if (is_near_its_end) what += ": it ends within 14 days, list its successor before that";
  out.push_back({is_near_its_end ? Level::kWarning : Level::kOk, "app " + app.id, std::move(what)});
}

void check_app(const config::App& app, UnixMillis now, Findings& out) {
  const std::string about = "app " + app.id;
  out.push_back({Level::kOk, about, "calls go to " + app.api_base + " (" + app.api_base_reason + ")"});
  out.push_back({Level::kOk, about,
                 "deliveries to " + app.path + " are checked with " + std::to_string(app.secrets.size()) +
                     (app.secrets.size() == 1 ? " secret" : " secrets") +
                     (app.api_key.empty() ? ", calls carry no API key" : "")});
  for (const config::EndpointSecret& secret : app.secrets) check_secret(app, secret, now, out);
  const bool is_any_active = std::any_of(app.secrets.begin(), app.secrets.end(), [now](const auto& secret) {
    return signature::state_of(secret, now) == SecretState::kActive;
  });
  if (!is_any_active)
    out.push_back({Level::kWarning, about,
                   "no secret counts now, so every delivery is answered 401: list the endpoint's secret, or change "
                   "not_before and not_after"});
}

}  // namespace

void check_apps(const config::Config& config, UnixMillis now, Findings& out) {
  for (const config::App& app : config.apps) check_app(app, now, out);
}

}  // namespace modhost::cli
