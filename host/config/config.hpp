// What modules.yaml, the environment and .env say, validated, as one immutable value. Made by load() (config/load.hpp);
// everything else only reads it. (docs/configuration.md is the operator's page.)
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/secret.hpp"

namespace modhost::config {

using std::chrono::milliseconds;

struct Address {
  std::string host = "127.0.0.1";  // without brackets
  std::uint16_t port = 0;
  friend bool operator==(const Address&, const Address&) = default;
};

struct EndpointSecret {
  std::string id;  // shown in logs and metrics, never the value; default "<app>/<index from 1>"
  Secret value;
  std::optional<UnixMillis> not_before, not_after;
  std::string origin{};  // its dotted key in Config::origins
};

struct App {
  std::string id;  // "app_...", sent as x-app-id
  std::string path = "/webhook";
  std::string api_base;         // resolved (config/api_base.hpp): no trailing slash
  std::string api_base_reason;  // why it has this path, for `check`
  Secret api_key;               // may be empty inside a cluster
  std::vector<EndpointSecret> secrets;
};

enum class Isolation { kInProcess, kProcess };
enum class SideEffects { kIdempotent, kOnce };
enum class Order { kSerial, kCancelPrevious, kNone };

struct ModuleConfig {
  std::string name;    // payload.name
  std::string plugin;  // demo_app is <plugins_dir>/demo_app.so
  std::string app;     // empty: events of every app
  Isolation isolation = Isolation::kInProcess;
  unsigned threads = limits::kThreadsDefault;
  unsigned in_flight = limits::kInFlightDefault;
  milliseconds attempt_deadline = limits::kAttemptDeadline;
  milliseconds event_deadline = limits::kEventDeadline;
  std::vector<milliseconds> retry = {std::chrono::seconds(2), std::chrono::seconds(10), std::chrono::seconds(60)};
  Order order = Order::kSerial;
  SideEffects side_effects = SideEffects::kIdempotent;
  std::string on_failure = "Sorry, something went wrong processing your request. Please try again.";
  bool complete_turn = true;
  std::string config_json = "{}";  // the YAML node "config:" as JSON
  std::map<std::string, Secret> secrets;
  std::vector<std::string> grants;
  [[nodiscard]] unsigned attempts_max() const { return 1 + static_cast<unsigned>(retry.size()); }
};

enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError };
enum class LogFormat { kJson, kText };

struct LogConfig {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kJson;
};

struct LimitsConfig {  // `limits:`
  std::size_t body_bytes = limits::kBodyBytesMax;
  std::size_t connections = limits::kConnectionsMax;
  std::uint64_t ready_events = limits::kReadyMax;
  std::uint64_t ready_bytes = limits::kReadyBytesMax;
  std::uint64_t receiving_bytes = limits::kReceivingBytesMax;
  milliseconds ack_timeout = limits::kAckTimeout;
  milliseconds timestamp_tolerance = limits::kTimestampTolerance;  // 0 switches off only the age test
  milliseconds max_event_age = limits::kMaxEventAge;               // by the signed createdAt; 0: any
  milliseconds drain_delay = limits::kDrainDelay;
  milliseconds drain_grace = limits::kDrainGrace;
  int http_threads = 2;
};

struct JournalConfig {                                    // `journal:`
  milliseconds keep_body = std::chrono::hours(24);        // of completed events; 0: dropped with their end
  milliseconds dedupe_retention = std::chrono::days(30);  // then an ended event is forgotten
  bool secure_delete = true;                              // what is deleted is overwritten
};

struct HttpClientConfig {                               // `http_client:`
  std::string proxy = {};                               // e.g. http://proxy.bank:3128; empty: none
  std::filesystem::path ca_file = {};                   // empty: the system's
  std::filesystem::path client_cert = {};               // PEM with certificate and key; empty: none
  long connections = limits::kConnectionsPerOriginMax;  // open to one origin; further calls wait their turn
};

struct Config {
  std::filesystem::path file;  // where it came from
  Address listen{"0.0.0.0", 8080};
  std::string webhook_path = "/webhook";
  Address admin{"127.0.0.1", 8081};
  std::filesystem::path state_dir = "data";
  std::filesystem::path plugins_dir = "plugins";
  LogConfig log;
  LimitsConfig limits;
  JournalConfig journal;
  std::vector<std::string> trusted_proxies;
  HttpClientConfig http_client;
  std::vector<App> apps;
  std::map<std::string, ModuleConfig> modules;
  std::map<std::string, std::string> subscriptions;  // event name -> module name
  std::map<std::string, std::string> origins;        // dotted key -> where its value comes from; absent: the default
  std::vector<std::string> warnings;                 // what works and is most likely not meant, with its place
  // What it was read from, or would have been had it been there, with the fingerprint of what was read (text_file.hpp).
  std::map<std::filesystem::path, std::string> files;

  [[nodiscard]] const App* app(std::string_view id) const {
    for (const App& candidate : apps)
      if (candidate.id == id) return &candidate;
    return nullptr;
  }
};

}  // namespace modhost::config
