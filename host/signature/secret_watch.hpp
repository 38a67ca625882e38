// Which endpoint secrets count now and until when, and which of them the platform signs with: what an operator looks
// at while one takes the other's place.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "config/config.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace modhost::signature {

enum class SecretState { kNotYet, kActive, kExpired };
SecretState state_of(const config::EndpointSecret& secret, UnixMillis now);
std::string_view to_string(SecretState state);

inline constexpr auto kExpiryNotice = std::chrono::hours(24 * 14);  // so long before its end a secret is warned about
bool is_near_its_end(const config::EndpointSecret& secret, UnixMillis now);  // active, and within the notice

// Thread-safe. Borrows all but the apps for its life, which lasts as long as metrics are scraped. Keeps no secret.
class SecretWatch {
 public:
  SecretWatch(const std::vector<config::App>& apps, const Clock& clock, telemetry::Log& log,
              telemetry::Metrics& metrics);

  // These are in force from now on; call it before their verifier is.
  void replace(const std::vector<config::App>& apps);
  // A delivery was signed with it. [any]
  void matched(std::string_view app, std::string_view key_id);
  // Logs what ends soon, and apps that no secret is left for, each once a day. When to look again. [any]
  std::chrono::milliseconds look();

 private:
  struct Key {
    config::EndpointSecret dates;  // without its value
    telemetry::Counter matches;
    std::optional<telemetry::Gauge> expires;  // of those with an end
  };
  using Keys = std::map<std::string, Key, std::less<>>;  // by id
  struct Notice {
    bool is_alarm = false;
    std::string app, key;
    std::optional<UnixMillis> end;
    std::size_t active = 0;  // secrets of the app
  };

  void refresh();
  std::vector<Notice> due_notices(UnixMillis now) REQUIRES(mutex_);
  bool is_due(const std::string& app, const std::string& key, UnixMillis now) REQUIRES(mutex_);

  const Clock& clock_;
  telemetry::Log& log_;
  telemetry::Metrics& metrics_;
  Mutex mutex_;
  std::map<std::string, Keys, std::less<>> apps_ GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::string>, UnixMillis> told_ GUARDED_BY(mutex_);  // app and key; no key: the alarm
};

}  // namespace modhost::signature
