// Every mistake has its place, its reason and its cure.
#include "config/schema.hpp"
#include "unit/config/load_text.hpp"

namespace modhost::config {
namespace {

using test::errors_of;
using test::good;
using test::text_options;

struct Case {
  const char* name;
  const char* yaml;
  const char* message;  // how it begins
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class LoadError : public testing::TestWithParam<Case> {};

TEST_P(LoadError, SaysWhatWhereAndHow) {
  const std::string errors = errors_of(GetParam().yaml);
  EXPECT_TRUE(errors.starts_with(GetParam().message)) << errors << "\n  instead of\n" << GetParam().message;
  EXPECT_EQ(errors.find('\n'), std::string::npos) << "one mistake, one line: " << errors;
}

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Keys, LoadError,
    testing::Values(
        Case{"UnknownTop", "lissten: 1.2.3.4:80",
             "modules.yaml:1:1: unknown key \"lissten\": did you mean \"listen\"?"},
        Case{"UnknownNested", "log:\n  levle: info",
             "modules.yaml:2:3: unknown key \"levle\" in log: did you mean \"level\"?"},
        Case{"UnknownOfAModule", "modules:\n  A:\n    plugin: a\n    inflight: 3",
             "modules.yaml:4:5: unknown key \"inflight\" in modules.A: did you mean \"in_flight\"?"},
        Case{"HyphenForUnderscore", "state-dir: x",
             "modules.yaml:1:1: unknown key \"state-dir\": did you mean \"state_dir\"?"},
        Case{"Misplaced", "ca_file: /x", "modules.yaml:1:1: unknown key \"ca_file\": it belongs under http_client"},
        Case{"MisplacedAtTheTop", "limits: {plugins_dir: x}",
             "modules.yaml:1:10: unknown key \"plugins_dir\" in limits: it belongs at the top of the file"},
        Case{"NothingLikeIt", "log: {abcdefgh: 1}",
             "modules.yaml:1:7: unknown key \"abcdefgh\" in log: known are level, format"},
        Case{"Concurrency", "defaults: {concurrency: 4}",
             "modules.yaml:1:12: unknown key \"concurrency\" in defaults: it is called threads"},
        Case{"Timeout", "defaults: {timeout: 4s}",
             "modules.yaml:1:12: unknown key \"timeout\" in defaults: it is called attempt_deadline"},
        Case{"Retries", "defaults: {retries: 3}",
             "modules.yaml:1:12: unknown key \"retries\" in defaults: it is called retry"},
        Case{"MergeKey", "modules: {A: {plugin: a, <<: {threads: 1}}}",
             "modules.yaml:1:26: unknown key \"<<\" in modules.A: merge keys are not known here"},
        Case{"Duplicate", "listen: 127.0.0.1:1\nadmin: 127.0.0.1:2\nlisten: 127.0.0.1:3",
             "modules.yaml:3:1: \"listen\" is given twice: the first is at line 1, keep one of them"},
        Case{"DuplicateInConfig", "modules: {A: {plugin: a, config: {x: 1, x: 2}}}",
             "modules.yaml:1:41: \"x\" is given twice"},
        Case{"DuplicateModule", "modules:\n  A: a\n  A: b", "modules.yaml:3:3: \"A\" is given twice"},
        Case{"DuplicateSubscription",
             "modules: {A: a, B: b}\nsubscriptions:\n  unique.chat.user-message.created: A\n"
             "  unique.chat.user-message.created: B",
             "modules.yaml:4:3: \"unique.chat.user-message.created\" is given twice"},
        Case{"KeyIsAList", "? [a]\n: 1", "modules.yaml:1:3: a key must be text, this is a list"},
        Case{"SectionIsText", "log: debug", "modules.yaml:1:6: log: expected a mapping of level, format, this is text"},
        Case{"FileIsAList", "- a", "modules.yaml:1:1: the file: expected a mapping of listen"},
        Case{"NoValue", "listen:", "modules.yaml:1:1: listen has no value: write one or remove the key"},
        Case{"ListForAValue", "listen: [a]", "modules.yaml:1:9: listen: expected a single value, this is a list"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Values, LoadError,
    testing::Values(
        Case{"PortAlone", "listen: 8080", "modules.yaml:1:9: listen \"8080\": a port alone: write 0.0.0.0:<port>"},
        Case{"NoPort", "listen: localhost", "modules.yaml:1:9: listen \"localhost\": the port is missing"},
        Case{"PortTooLarge", "listen: localhost:65536",
             "modules.yaml:1:9: listen \"localhost:65536\": a port is a number up to 65535"},
        Case{"BareIpv6", "listen: ::1:80", "modules.yaml:1:9: listen \"::1:80\": an IPv6 address stands in brackets"},
        Case{"BadIpv6", "listen: '[::x]:80'",
             "modules.yaml:1:9: listen \"[::x]:80\": not an IPv6 address between the brackets"},
        Case{"BadHost", "listen: 1.2.3.256:80", "modules.yaml:1:9: listen \"1.2.3.256:80\": not a host"},
        Case{"SamePort", "listen: 0.0.0.0:81\nadmin: 127.0.0.1:81",
             "modules.yaml:2:8: admin \"127.0.0.1:81\": listen and admin have the same port 81"},
        Case{"WebhookPath", "webhook_path: webhook",
             "modules.yaml:1:15: webhook_path \"webhook\": expected a path such as /webhook"},
        Case{"WebhookPathQuery", "webhook_path: /a?b",
             "modules.yaml:1:15: webhook_path \"/a?b\": expected a path such as /webhook"},
        Case{"WebhookPathIsHealth", "webhook_path: /health",
             "modules.yaml:1:15: webhook_path \"/health\": /health answers health checks"},
        Case{"EmptyPath", "state_dir: ''", "modules.yaml:1:12: state_dir \"\": expected a path"},
        Case{"DurationWithoutUnit", "limits: {ack_timeout: 5}",
             "modules.yaml:1:23: limits.ack_timeout \"5\": a duration needs its unit: ms, s, m, h or d"},
        Case{"DurationUnit", "limits: {ack_timeout: 5sec}",
             "modules.yaml:1:23: limits.ack_timeout \"5sec\": expected a duration such as 250ms"},
        Case{"DurationTooLong", "limits: {ack_timeout: 61s}",
             "modules.yaml:1:23: limits.ack_timeout \"61s\": at most 1m: the platform waits for this answer"},
        Case{"DurationTooShort", "limits: {ack_timeout: 1ms}",
             "modules.yaml:1:23: limits.ack_timeout \"1ms\": at least 100ms"},
        Case{"DurationOverflow", "limits: {ack_timeout: 99999999999999999999d}",
             "modules.yaml:1:23: limits.ack_timeout"},
        Case{"SizeWithoutUnit", "limits: {body_bytes: 4096}",
             "modules.yaml:1:22: limits.body_bytes \"4096\": a size needs its unit"},
        Case{"SizeUnit", "limits: {body_bytes: 4MB}",
             "modules.yaml:1:22: limits.body_bytes \"4MB\": expected a size such as 512KiB"},
        Case{"SizeTooLarge", "limits: {body_bytes: 1GiB}",
             "modules.yaml:1:22: limits.body_bytes \"1GiB\": at most 64MiB"},
        Case{"NotANumber", "limits: {connections: many}",
             "modules.yaml:1:23: limits.connections \"many\": expected a whole number"},
        Case{"Negative", "limits: {connections: -1}",
             "modules.yaml:1:23: limits.connections \"-1\": expected a whole number"},
        Case{"Zero", "limits: {connections: 0}", "modules.yaml:1:23: limits.connections \"0\": at least 1: each takes"},
        Case{"TooManyThreads", "defaults: {threads: 257}",
             "modules.yaml:1:21: defaults.threads \"257\": at most 256: each is a thread"},
        Case{"BodiesKeptLongerThanEvents", "journal: {keep_body: 8d, dedupe_retention: 7d}",
             "modules.yaml:1:22: journal.keep_body \"8d\": keep_body is more than dedupe_retention"},
        Case{"StopTooLong", "limits: {drain_grace: 24s}",
             "modules.yaml:1:23: limits.drain_grace \"24s\": drain_delay + drain_grace + 5s is more than 28s"},
        Case{"Choice", "log: {level: inof}",
             "modules.yaml:1:14: log.level \"inof\": expected one of trace, debug, info, warn, error: did you mean "
             "\"info\"?"},
        Case{"ChoiceNothingLikeIt", "log: {format: xml12345}",
             "modules.yaml:1:15: log.format \"xml12345\": expected one of json, text"},
        Case{"Flag", "defaults: {complete_turn: yes}",
             "modules.yaml:1:27: defaults.complete_turn \"yes\": expected true or false"},
        Case{"Networks", "trusted_proxies: 10.0.0.0/8",
             "modules.yaml:1:18: trusted_proxies \"10.0.0.0/8\": expected a list such as [10.0.0.0/8]"},
        Case{"Network", "trusted_proxies: [10.0.0.0/33]",
             "modules.yaml:1:19: trusted_proxies \"10.0.0.0/33\": expected an address or a network"},
        Case{"NetworkWithAHost", "trusted_proxies: [10.1.2.3/8]",
             "modules.yaml:1:19: trusted_proxies \"10.1.2.3/8\": an address within the network, not the network: "
             "write 10.0.0.0/8, or the address alone"},
        Case{"EventAge", "limits: {max_event_age: 31d}",
             "modules.yaml:1:25: limits.max_event_age \"31d\": at most 30d: ids are remembered for 30 days, and an "
             "older event that is sent again would run again"},
        Case{"ReceivingBytes", "limits: {body_bytes: 8MiB, receiving_bytes: 4MiB}",
             "modules.yaml:1:45: limits.receiving_bytes \"4MiB\": receiving_bytes is less than body_bytes"},
        Case{"Proxy", "http_client: {proxy: proxy.bank:3128}",
             "modules.yaml:1:22: http_client.proxy \"proxy.bank:3128\": expected a URL such as http://proxy.bank:3128"},
        Case{"CaFile", "http_client: {ca_file: /no/such.pem}",
             "modules.yaml:1:24: http_client.ca_file \"/no/such.pem\": can not be opened"},
        Case{"CaFileIsAFolder", "http_client: {ca_file: /}",
             "modules.yaml:1:24: http_client.ca_file \"/\": is not a regular file"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Modules, LoadError,
    testing::Values(
        Case{"NotAMapping", "modules: [a]", "modules.yaml:1:10: modules a list: expected a mapping of module names"},
        Case{"EmptyName", "modules: {'': a}", "modules.yaml:1:11: modules: a name is 1 to 256 bytes"},
        Case{"NoPlugin", "modules: {A: {threads: 1}}", "modules.yaml:1:14: modules.A.plugin: is missing"},
        Case{"PluginWithSuffix", "modules: {A: demo_app.so}",
             "modules.yaml:1:14: modules.A \"demo_app.so\": the name goes without .so"},
        Case{"PluginWithFolder", "modules: {A: {plugin: ../x}}",
             "modules.yaml:1:23: modules.A.plugin \"../x\": a name without folders"},
        Case{"PluginName", "modules: {A: 'a b'}",
             "modules.yaml:1:14: modules.A \"a b\": expected the name of a plugin"},
        Case{"PluginMissing", "modules: {A: }", "modules.yaml:1:"},
        Case{"Order", "modules: {A: {plugin: a, order: parallel}}",
             "modules.yaml:1:33: modules.A.order \"parallel\": expected one of serial, cancel_previous, none"},
        Case{"Process", "modules: {A: {plugin: a, isolation: process}}",
             "modules.yaml:1:37: modules.A.isolation \"process\": running plugins in processes of their own is not "
             "built yet: use in-process"},
        Case{"Deadlines", "modules: {A: {plugin: a, attempt_deadline: 11m}}",
             "modules.yaml:1:44: modules.A.attempt_deadline \"11m\": the event's deadline (10m) is before the one of a "
             "single attempt (11m)"},
        Case{"RetryText", "defaults: {retry: 3}", "modules.yaml:1:19: defaults.retry \"3\": expected a list of delays"},
        Case{"RetryItem", "defaults: {retry: [1s, 2]}",
             "modules.yaml:1:24: defaults.retry \"2\": a duration needs its unit"},
        Case{"RetryTooLong", "defaults: {retry: [25h]}", "modules.yaml:1:20: defaults.retry \"25h\": at most 1d"},
        Case{"RetryTooMany", "defaults: {retry: [1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s]}",
             "modules.yaml:1:19: defaults.retry: at most 20 delays"},
        Case{"UnknownApp", "modules: {A: {plugin: a, app: app_onne}}",
             "modules.yaml:1:31: modules.A.app \"app_onne\": there is no app with this id"},
        Case{"PluginInDefaults", "defaults: {plugin: a}",
             "modules.yaml:1:20: defaults.plugin \"a\": belongs to one module"},
        Case{"Config", "modules: {A: {plugin: a, config: [1]}}",
             "modules.yaml:1:34: modules.A.config a list: expected a mapping"},
        Case{"ConfigVariable", "modules: {A: {plugin: a, config: {x: {y: '${NOPE}'}}}}",
             "modules.yaml:1:42: modules.A.config.x.y: the variable NOPE is not set: looked in the environment"},
        Case{"Grants", "modules: {A: {plugin: a, grants: all}}",
             "modules.yaml:1:34: modules.A.grants \"all\": expected a list such as"},
        Case{"Grant", "modules: {A: {plugin: a, grants: ['']}}",
             "modules.yaml:1:35: modules.A.grants \"\": expected platform-without-event or http:<origin>"},
        Case{
            "GrantWithAPath", "modules: {A: {plugin: a, grants: ['http:https://api.acme.com/v1']}}",
            "modules.yaml:1:35: modules.A.grants \"http:https://api.acme.com/v1\": expected platform-without-event or"},
        Case{"GrantMisspelled", "modules: {A: {plugin: a, grants: ['htp:https://api.acme.com']}}",
             "modules.yaml:1:35: modules.A.grants \"htp:https://api.acme.com\": expected platform-without-event or"},
        Case{"Secrets", "modules: {A: {plugin: a, secrets: [x]}}",
             "modules.yaml:1:35: modules.A.secrets a list: expected a mapping of names"},
        Case{"OnFailure", "defaults: {on_failure: [x]}",
             "modules.yaml:1:24: defaults.on_failure: expected a single value"},
        Case{"SubscriptionToNothing", "modules: {Alpha: a}\nsubscriptions: {unique.chat.user-message.created: Alhpa}",
             "modules.yaml:2:51: subscriptions.unique.chat.user-message.created \"Alhpa\": there is no such module "
             "under modules: did you mean \"Alpha\"?"},
        Case{"SubscriptionToTwo", "modules: {A: a, B: b}\nsubscriptions: {unique.chat.user-message.created: [A, B]}",
             "modules.yaml:2:51: subscriptions.unique.chat.user-message.created: one module an event name, this is a "
             "list: choose one"},
        Case{"SubscriptionToChosen", "modules: {A: a}\nsubscriptions: {unique.chat.external-module.chosen: A}",
             "modules.yaml:2:17: subscriptions.unique.chat.external-module.chosen: this event goes to the module that "
             "payload.name names"},
        Case{"SubscriptionsList", "modules: {A: a}\nsubscriptions: [A]",
             "modules.yaml:2:16: subscriptions a list: expected a mapping of event names"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Variables, LoadError,
    testing::Values(Case{"Unset", "state_dir: /x/${NOPE}/y",
                         "modules.yaml:1:12: state_dir: the variable NOPE is not set: looked in the environment"},
                    Case{"NotClosed", "state_dir: ${NOPE", "modules.yaml:1:12: state_dir: \"${\" without its \"}\""},
                    Case{"WithDefault", "state_dir: ${NOPE:-x}",
                         "modules.yaml:1:12: state_dir: between ${ and } stands the name of one variable"},
                    Case{"NoName", "state_dir: ${}",
                         "modules.yaml:1:12: state_dir: between ${ and } stands the name of one variable"},
                    Case{"ValueIsNotShown", "limits: {connections: '${UNIQUE_APP_KEY}'}",
                         "modules.yaml:1:23: limits.connections \"${UNIQUE_APP_KEY}\": expected a whole number"},
                    Case{"ValueIsNotShownAsChoice", "log: {level: '${UNIQUE_APP_KEY}'}",
                         "modules.yaml:1:14: log.level \"${UNIQUE_APP_KEY}\": expected one of"},
                    Case{"ValueIsNotShownAsAddress", "listen: ${UNIQUE_APP_KEY}",
                         "modules.yaml:1:9: listen \"${UNIQUE_APP_KEY}\": the port is missing"},
                    Case{"ValueIsNotShownAsModule",
                         "modules: {A: a}\nsubscriptions: {unique.chat.user-message.created: '${UNIQUE_APP_KEY}'}",
                         "modules.yaml:2:51: subscriptions.unique.chat.user-message.created \"${UNIQUE_APP_KEY}\": "
                         "there is no such module"},
                    Case{"ValueIsNotShownAsFile", "http_client: {ca_file: '/no/${UNIQUE_APP_KEY}'}",
                         "modules.yaml:1:24: http_client.ca_file"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Yaml, LoadError,
    testing::Values(Case{"Syntax", "listen: [", "modules.yaml:"},
                    Case{"Indentation", "log:\n  level: info\n format: json", "modules.yaml:3:"},
                    Case{"Tag", "listen: !env X", "modules.yaml:1:9: tags such as !name are not used here"},
                    Case{"TwoDocuments", "listen: 127.0.0.1:1\n---\nlisten: 127.0.0.1:2",
                         "modules.yaml: something follows the document"},
                    Case{"StrayComma", ",", "modules.yaml"},
                    Case{"NotUtf8", "state_dir: x\nlog: {level: \xe4}", "modules.yaml:2:14: not UTF-8 text"},
                    Case{"Nul", "\x01", "modules.yaml"},
                    Case{"UnknownAlias", "listen: *nope", "modules.yaml:1:9: can not be read as YAML"},
                    Case{"AliasInsideItself", "modules: &a {A: *a}",
                         "modules.yaml:1:17: an alias can not stand inside the value it names"}),
    name_of);

TEST(LoadErrors, AllAreReportedInTheOrderOfTheFile) {
  const std::string errors =
      errors_of("subscriptions: {x: Y}\nmodules: {A: {plugin: a, threads: x}}\nlisten: z\nnope: 1");
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 3) << errors;
  EXPECT_LT(errors.find("yaml:1:"), errors.find("yaml:2:"));
  EXPECT_LT(errors.find("yaml:2:"), errors.find("yaml:3:"));
  EXPECT_LT(errors.find("yaml:3:"), errors.find("yaml:4:"));
}

TEST(LoadErrors, AValueThatIsNotGoodHidesNoOther) {
  const std::string errors = errors_of("modules: {A: {plugin: a, config: {x: '${NOPE}', y: 1, z: ['${GONE}', 2]}}}");
  EXPECT_NE(errors.find("modules.A.config.x: the variable NOPE"), std::string::npos) << errors;
  EXPECT_NE(errors.find("modules.A.config.z: the variable GONE"), std::string::npos) << errors;
}

TEST(LoadErrors, AreBounded) {
  std::string yaml;
  for (int i = 0; i < 1000; ++i) yaml += "key" + std::to_string(i) + ": 1\n";
  const std::string errors = errors_of(yaml);
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 20);
  EXPECT_TRUE(errors.ends_with("and 980 more")) << errors;
}

TEST(LoadErrors, WarningsSayWhatWorksAndIsNotMeant) {
  const auto warning_of = [](const char* yaml, const LoadOptions& options = text_options()) {
    const Config config = good(yaml, options);
    return config.warnings.empty() ? std::string() : config.warnings.front();
  };
  EXPECT_EQ(warning_of("modules: {A: a}"), "");
  EXPECT_EQ(warning_of(""), "modules.yaml: no modules: every event will be answered \"ignored\"");
  EXPECT_EQ(warning_of("modules: {A: a}\nadmin: 0.0.0.0:8081").substr(0, 30), "modules.yaml:2:8: admin: liste");
  EXPECT_EQ(warning_of("modules: {A: a}\nlimits: {timestamp_tolerance: 0}").substr(0, 50),
            "modules.yaml:2:31: limits.timestamp_tolerance 0: t");
  EXPECT_NE(warning_of("modules: {A: a}\nsubscriptions: {unique.chat.user-message.craeted: A}")
                .find("did you mean \"unique.chat.user-message.created\"?"),
            std::string::npos);
}

TEST(LoadErrors, AFileThatIsNotThere) {
  LoadOptions options = text_options();
  options.file = "/no/such/modules.yaml";
  const auto config = load(options);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Code::kNotFound);
  EXPECT_EQ(config.error().message,
            "/no/such/modules.yaml can not be opened: No such file or directory: write one, or name it with --config");
  options.may_be_absent = true;
  EXPECT_TRUE(load(options));
}

TEST(LoadErrors, WhatIsWrongKeepsItsDefaultAndTheRestIsRead) {
  const Examined examined =
      examine_text("listen: nonsense\nadmin: 127.0.0.1:9\nmodules: {A: a, B: {}}", text_options());
  ASSERT_TRUE(examined.error);
  EXPECT_EQ(examined.problems.size(), 2u);
  EXPECT_EQ(examined.config.listen.port, 8080);
  EXPECT_EQ(examined.config.admin.port, 9);
  EXPECT_EQ(examined.config.modules.at("A").plugin, "a");
}

TEST(LoadErrors, EveryKeyOfTheSchemaIsKnownToItsReader) {
  // A reader that forgets a key of the schema would accept anything for it: a list of mappings is wrong for all of
  // them.
  for (const schema::Section& section : schema::kSections) {
    for (const std::string_view key : section.keys) {
      std::string yaml = std::string(key) + ": [[{a: 1}]]";
      if (section.path == "modules.<name>")
        yaml = "modules: {A: {plugin: a, " + yaml + "}}";
      else if (section.path == "modules.<name>.secrets.<name>")
        yaml = "modules: {A: {plugin: a, secrets: {s: {" + yaml + "}}}}";
      else if (section.path == "apps[]")
        yaml = "apps: [{" + yaml + "}]";
      else if (section.path == "apps[].secrets[]")
        yaml =
            "apps: [{id: a, secrets: [{" + (key == "env" ? "" : std::string("env: UNIQUE_APP_KEY, ")) + yaml + "}]}]";
      else if (!section.path.empty())
        yaml = std::string(section.path) + ": {" + yaml + "}";
      const std::string errors = errors_of(yaml);
      EXPECT_NE(errors, "") << yaml;
      EXPECT_EQ(errors.find("unknown key \"" + std::string(key)), std::string::npos) << yaml << "\n" << errors;
      EXPECT_NE(errors.find(key), std::string::npos) << yaml << "\n" << errors;
    }
  }
}

}  // namespace
}  // namespace modhost::config
