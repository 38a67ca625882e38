#include "signature/secret_watch.hpp"

#include <algorithm>
#include <limits>

#include "config/values.hpp"

namespace modhost::signature {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 1h;  // a clock may be set meanwhile
constexpr auto kTellEvery = 24h;

}  // namespace

SecretState state_of(const config::EndpointSecret& secret, UnixMillis now) {
  if (secret.not_after && now >= *secret.not_after) return SecretState::kExpired;
  if (secret.not_before && now < *secret.not_before) return SecretState::kNotYet;
  return SecretState::kActive;
}

std::string_view to_string(SecretState state) {
  switch (state) {
    case SecretState::kNotYet:
      return "not yet";
    case SecretState::kActive:
      return "active";
    case SecretState::kExpired:
      return "expired";
  }
  return "expired";
}

bool is_near_its_end(const config::EndpointSecret& secret, UnixMillis now) {
  return state_of(secret, now) == SecretState::kActive && secret.not_after && *secret.not_after - now <= kExpiryNotice;
}

SecretWatch::SecretWatch(const std::vector<config::App>& apps, const Clock& clock, telemetry::Log& log,
                         telemetry::Metrics& metrics)
    : clock_(clock), log_(log), metrics_(metrics) {
  replace(apps);
  metrics_.on_scrape([this] { refresh(); });
}

void SecretWatch::replace(const std::vector<config::App>& apps) {
  std::map<std::string, Keys, std::less<>> all;
  for (const config::App& app : apps) {
    Keys& keys = all[app.id];
    for (const config::EndpointSecret& secret : app.secrets) {
      const telemetry::Labels labels = {{"app", app.id}, {"key", secret.id}};
      Key key{
          {secret.id, Secret(), secret.not_before, secret.not_after},
          metrics_.counter("webhook_signature_matches_total", "Deliveries signed with this endpoint secret", labels),
          {}};
      if (secret.not_after)
        key.expires = metrics_.gauge("secret_expires_seconds", "Until this endpoint secret's not_after", labels);
      keys.emplace(secret.id, std::move(key));
    }
  }
  const MutexLock lock(mutex_);
  for (const auto& [app, keys] : apps_)  // the series of one that has gone can not be removed
    for (const auto& [id, key] : keys)
      if (key.expires) key.expires->set(std::numeric_limits<double>::quiet_NaN());
  apps_ = std::move(all);
}

void SecretWatch::matched(std::string_view app, std::string_view key_id) {
  const MutexLock lock(mutex_);
  const auto keys = apps_.find(app);
  if (keys == apps_.end()) return;
  if (const auto key = keys->second.find(key_id); key != keys->second.end()) key->second.matches.add();
}

void SecretWatch::refresh() {
  const UnixMillis now = clock_.unix_now();
  const MutexLock lock(mutex_);
  for (const auto& [app, keys] : apps_)
    for (const auto& [id, key] : keys)
      if (key.expires) key.expires->set(std::chrono::duration<double>(*key.dates.not_after - now).count());
}

bool SecretWatch::is_due(const std::string& app, const std::string& key, UnixMillis now) {
  const auto [told, is_first] = told_.try_emplace({app, key}, now);
  if (!is_first && now - told->second < kTellEvery) return false;
  told->second = now;
  return true;
}

std::vector<SecretWatch::Notice> SecretWatch::due_notices(UnixMillis now) {
  std::vector<Notice> out;
  for (const auto& [app, keys] : apps_) {
    std::size_t active = 0;
    std::optional<UnixMillis> last_end;
    for (const auto& [id, key] : keys) {
      const SecretState state = state_of(key.dates, now);
      if (state == SecretState::kActive) ++active;
      if (state == SecretState::kExpired) last_end = std::max(last_end, key.dates.not_after);
    }
    for (const auto& [id, key] : keys)
      if (is_near_its_end(key.dates, now) && is_due(app, id, now))
        out.push_back({false, app, id, key.dates.not_after, active});
    if (active > 0)
      told_.erase({app, ""});
    else if (!keys.empty() && is_due(app, "", now))
      out.push_back({true, app, "", last_end, 0});
  }
  return out;
}

std::chrono::milliseconds SecretWatch::look() {
  const UnixMillis now = clock_.unix_now();
  std::vector<Notice> notices;
  std::chrono::milliseconds next = kLookEvery;
  {
    const MutexLock lock(mutex_);
    notices = due_notices(now);
    for (const auto& [app, keys] : apps_)
      for (const auto& [id, key] : keys)
        if (key.dates.not_after && *key.dates.not_after > now) next = std::min(next, *key.dates.not_after - now);
  }
  for (const Notice& notice : notices) {
    const std::string end = notice.end ? config::to_text(*notice.end) : "none";
    if (notice.is_alarm)
      log_.error("no endpoint secret of this app counts: all its deliveries are refused; list the endpoint's secret",
                 {{"app", notice.app}, {"last_not_after", end}});
    else
      log_.warn("an endpoint secret ends soon: list its successor before that",
                {{"app", notice.app}, {"key", notice.key}, {"not_after", end}, {"active", notice.active}});
  }
  return next;
}

}  // namespace modhost::signature
