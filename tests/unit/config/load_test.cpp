// The good forms of modules.yaml.
#include <chrono>

#include "unit/config/load_text.hpp"

namespace modhost::config {
namespace {

using namespace std::chrono_literals;
using test::account;
using test::errors_of;
using test::good;
using test::text_options;

TEST(Load, AnEmptyFileAndAnAccountAreEnough) {
  const Config config = good("");
  EXPECT_EQ(config.listen.host, "0.0.0.0");
  EXPECT_EQ(config.listen.port, 8080);
  EXPECT_EQ(config.admin.host, "127.0.0.1");
  ASSERT_EQ(config.apps.size(), 1u);
  EXPECT_EQ(config.apps[0].id, "app_one");
  EXPECT_EQ(config.apps[0].path, "/webhook");
  EXPECT_EQ(config.apps[0].api_key.reveal(), "ukey_TAINT1");
  EXPECT_EQ(config.apps[0].api_base, "https://gateway.example.com/public/chat");
  ASSERT_EQ(config.apps[0].secrets.size(), 1u);
  EXPECT_EQ(config.apps[0].secrets[0].value.reveal(), "usig_TAINT2");
  EXPECT_EQ(config.apps[0].secrets[0].id, "app_one/1");
  EXPECT_EQ(config.app("app_one"), config.apps.data());
  EXPECT_EQ(config.app("other"), nullptr);
}

constexpr const char* kFull = R"(
listen: "[::1]:9000"
admin: localhost:9001
webhook_path: /hooks/unique
state_dir: ./state
plugins_dir: /opt/plugins
log: {level: debug, format: text}
limits:
  body_bytes: 2MiB
  connections: 100
  ready_events: 5000
  ready_bytes: 1 GiB
  ack_timeout: 2s
  timestamp_tolerance: 5m
  receiving_bytes: 64MiB
  max_event_age: 30d
  drain_delay: 250ms
  drain_grace: 10s
  http_threads: 4
journal: {keep_body: 0, dedupe_retention: 7d, secure_delete: false}
trusted_proxies: [10.0.0.0/8, "fd00::/8", 192.0.2.7]
http_client: {proxy: "http://proxy.bank:3128"}
app:
  id: ${UNIQUE_APP_ID}
  api_key: ${UNIQUE_APP_KEY}
  api_base: ${UNIQUE_API_BASE_URL}
  endpoint_secrets: ["${UNIQUE_APP_ENDPOINT_SECRET}"]
defaults: {isolation: in-process, in_flight: 32, attempt_deadline: 1m, event_deadline: 2m, retry: [1s], order: none}
modules:
  DemoApp: demo_app
  KnowledgeAssistant:
    plugin: knowledge_assistant
    threads: 4
    in_flight: 1000
    retry: []
    order: cancel_previous
    side_effects: once
    complete_turn: false
    on_failure: "Sorry: ${UNIQUE_APP_ID} $5 $${UNIQUE_APP_ID}"
    app: app_one
    grants: [platform-without-event, "http:https://api.acme.com:8443"]
    secrets: {token: {env: UNIQUE_APP_KEY}, other: "${UNIQUE_APP_KEY}"}
    config: {model: AZURE_GPT_4o_2024_1120, limit: 3, ratio: -0.5e3, on: true, off: ~, code: "3", id: "${UNIQUE_APP_ID}", list: [a, 01, {b: c}]}
subscriptions:
  unique.chat.user-message.created: DemoApp
)";

TEST(Load, EveryKeyAtTheTopIsRead) {
  const Config config = good(kFull);
  EXPECT_EQ(config.listen.host, "::1");
  EXPECT_EQ(config.listen.port, 9000);
  EXPECT_EQ(config.admin.host, "localhost");
  EXPECT_EQ(config.webhook_path, "/hooks/unique");
  EXPECT_EQ(config.apps.at(0).path, "/hooks/unique");
  EXPECT_EQ(config.state_dir, std::filesystem::current_path() / "state");
  EXPECT_EQ(config.plugins_dir, "/opt/plugins");
  EXPECT_EQ(config.log.level, LogLevel::kDebug);
  EXPECT_EQ(config.log.format, LogFormat::kText);
  EXPECT_EQ(config.limits.body_bytes, 2u << 20);
  EXPECT_EQ(config.limits.connections, 100u);
  EXPECT_EQ(config.limits.ready_events, 5000u);
  EXPECT_EQ(config.limits.ready_bytes, 1u << 30);
  EXPECT_EQ(config.limits.ack_timeout, 2s);
  EXPECT_EQ(config.limits.timestamp_tolerance, 5min);
  EXPECT_EQ(config.limits.receiving_bytes, 64u << 20);
  EXPECT_EQ(config.limits.max_event_age, 30 * 24h);
  EXPECT_EQ(config.limits.drain_delay, 250ms);
  EXPECT_EQ(config.limits.drain_grace, 10s);
  EXPECT_EQ(config.limits.http_threads, 4);
  EXPECT_EQ(config.journal.keep_body, 0ms);
  EXPECT_EQ(config.journal.dedupe_retention, std::chrono::days(7));
  EXPECT_FALSE(config.journal.secure_delete);
  EXPECT_EQ(config.trusted_proxies.size(), 3u);
  EXPECT_EQ(config.http_client.proxy, "http://proxy.bank:3128");
}

TEST(Load, AModuleInShortFormTakesTheDefaults) {
  const Config config = good(kFull);
  const ModuleConfig& demo = config.modules.at("DemoApp");
  EXPECT_EQ(demo.name, "DemoApp");
  EXPECT_EQ(demo.plugin, "demo_app");
  EXPECT_EQ(demo.in_flight, 32u);
  EXPECT_EQ(demo.threads, 1u);
  EXPECT_EQ(demo.attempt_deadline, 1min);
  EXPECT_EQ(demo.attempts_max(), 2u);
  EXPECT_EQ(demo.order, Order::kNone);
  EXPECT_EQ(demo.config_json, "{}");
  EXPECT_TRUE(demo.complete_turn);
}

TEST(Load, EveryKeyOfAModuleIsRead) {
  const Config config = good(kFull);
  const ModuleConfig& knowledge = config.modules.at("KnowledgeAssistant");
  EXPECT_EQ(knowledge.threads, 4u);
  EXPECT_EQ(knowledge.in_flight, 1000u);
  EXPECT_EQ(knowledge.event_deadline, 2min);
  EXPECT_EQ(knowledge.attempts_max(), 1u);
  EXPECT_EQ(knowledge.order, Order::kCancelPrevious);
  EXPECT_EQ(knowledge.side_effects, SideEffects::kOnce);
  EXPECT_FALSE(knowledge.complete_turn);
  EXPECT_EQ(knowledge.on_failure, "Sorry: app_one $5 ${UNIQUE_APP_ID}");
  EXPECT_EQ(knowledge.app, "app_one");
  EXPECT_EQ(knowledge.grants, (std::vector<std::string>{"platform-without-event", "http:https://api.acme.com:8443"}));
  EXPECT_EQ(knowledge.secrets.at("token").reveal(), "ukey_TAINT1");
  EXPECT_EQ(knowledge.secrets.at("other").reveal(), "ukey_TAINT1");
  EXPECT_EQ(
      knowledge.config_json,
      R"({"model":"AZURE_GPT_4o_2024_1120","limit":3,"ratio":-0.5e3,"on":true,"off":null,"code":"3","id":"app_one",)"
      R"("list":["a","01",{"b":"c"}]})");
  EXPECT_EQ(config.subscriptions.at("unique.chat.user-message.created"), "DemoApp");
  EXPECT_TRUE(config.warnings.empty()) << config.warnings.front();
}

TEST(Load, DefaultsAreThoseOfTheDocumentation) {
  const Config config = good("modules: {A: a}");
  const ModuleConfig& module = config.modules.at("A");
  EXPECT_EQ(module.threads, 1u);
  EXPECT_EQ(module.in_flight, 64u);
  EXPECT_EQ(module.attempt_deadline, 5min);
  EXPECT_EQ(module.event_deadline, 10min);
  EXPECT_EQ(module.attempts_max(), 4u);
  EXPECT_EQ(module.isolation, Isolation::kInProcess);
  EXPECT_EQ(config.state_dir.filename(), "data");
  EXPECT_EQ(config.plugins_dir.filename(), "plugins");
}

TEST(Load, SeveralAppsEachWithItsPathAndSecrets) {
  Variables variables = account();
  variables["OLD"] = "usig_old";
  variables["TWO"] = "usig_two";
  const Config config = good(R"(
apps:
  - id: app_a
    path: /a
    api_base: http://localhost:8092
    api_key: ""
    secrets:
      - {env: UNIQUE_APP_ENDPOINT_SECRET, id: new, not_before: 2026-08-01T00:00:00Z}
      - {env: OLD, id: old, not_after: "2026-08-01T02:00:00.5+02:00"}
  - id: app_b
    path: /b
    api_base: https://gateway.example.com/public/chat/
    api_key: {env: UNIQUE_APP_KEY}
    endpoint_secrets: ["${TWO}"]
modules: {A: {plugin: a, app: app_b}}
)",
                             text_options(variables));
  ASSERT_EQ(config.apps.size(), 2u);
  EXPECT_EQ(config.apps[0].path, "/a");
  EXPECT_TRUE(config.apps[0].api_key.empty());
  EXPECT_EQ(config.apps[0].api_base, "http://localhost:8092/public");
  ASSERT_EQ(config.apps[0].secrets.size(), 2u);
  EXPECT_EQ(config.apps[0].secrets[0].id, "new");
  EXPECT_EQ(config.apps[0].secrets[0].not_before, UnixMillis(1785542400000ms));
  EXPECT_EQ(config.apps[0].secrets[1].value.reveal(), "usig_old");
  EXPECT_EQ(config.apps[0].secrets[1].not_after, UnixMillis(1785542400500ms));
  EXPECT_EQ(config.apps[1].api_base, "https://gateway.example.com/public/chat");
  EXPECT_EQ(config.apps[1].secrets[0].id, "app_b/1");
}

TEST(Load, TheShortFormTakesWhatItLeavesOutFromTheEnvironment) {
  const Config config = good("app: {path: /in}\nmodules: {A: a}");
  EXPECT_EQ(config.apps.at(0).id, "app_one");
  EXPECT_EQ(config.apps.at(0).path, "/in");
  EXPECT_EQ(config.apps.at(0).secrets.size(), 1u);
}

TEST(Load, AnchorsAndAliasesWork) {
  const Config config = good("modules:\n  A: &a {plugin: a, config: {x: [1, 2]}}\n  B: *a\n");
  EXPECT_EQ(config.modules.at("B").plugin, "a");
  EXPECT_EQ(config.modules.at("B").config_json, R"({"x":[1,2]})");
}

TEST(Load, EmptySectionsAreAbsent) {
  EXPECT_EQ(errors_of("modules:\nsubscriptions:\ndefaults:\nlog:\nlimits:\nhttp_client:\ntrusted_proxies:\n"), "");
}

TEST(Load, DevNeedsNoAccount) {
  LoadOptions options = text_options({});
  options.purpose = Purpose::kDev;
  Config config = good("modules: {A: a}", options);
  ASSERT_EQ(config.apps.size(), 1u);
  EXPECT_EQ(config.apps[0].id, "app_dev");
  EXPECT_TRUE(config.apps[0].secrets.empty());
  config = good("app: {id: '${X}', api_key: '${Y}', api_base: '${Z}', endpoint_secrets: ['${S}']}\nmodules: {A: a}",
                options);
  EXPECT_EQ(config.apps.at(0).id, "app_dev");
  EXPECT_TRUE(config.apps[0].api_key.empty());
  EXPECT_TRUE(config.apps[0].secrets.empty());
}

TEST(Load, DevKeepsTheKeyAndTheSecretsThatAreSet) {
  LoadOptions options = text_options();
  options.purpose = Purpose::kDev;
  const Config config = good("app: {endpoint_secrets: ['${UNIQUE_APP_ENDPOINT_SECRET}', '${OTHER}']}", options);
  ASSERT_EQ(config.apps.at(0).secrets.size(), 1u);
  EXPECT_EQ(config.apps[0].api_key.reveal(), "ukey_TAINT1") << "what calls the stand-in has it already";
}

TEST(Load, SigningNeedsNothingButTheSecret) {
  LoadOptions options = text_options({{"UNIQUE_APP_ENDPOINT_SECRET", "usig_x"}});
  options.purpose = Purpose::kSign;
  EXPECT_EQ(good("", options).apps.at(0).secrets.at(0).value.reveal(), "usig_x");
}

}  // namespace
}  // namespace modhost::config
