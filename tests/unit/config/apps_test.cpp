// Apps, their credentials, and that no message ever holds one.
#include <sys/stat.h>

#include "support/temp_dir.hpp"
#include "unit/config/load_text.hpp"

namespace modhost::config {
namespace {

using test::account;
using test::errors_of;
using test::good;
using test::text_options;

struct Swap {
  const char* name;
  const char* variable;
  const char* value;
  const char* message;  // what is in it
};

void PrintTo(const Swap& s, std::ostream* out) { *out << s.name; }

class Credential : public testing::TestWithParam<Swap> {};

TEST_P(Credential, InTheWrongPlaceIsExplained) {
  Variables variables = account();
  variables[GetParam().variable] = GetParam().value;
  const std::string from_environment = errors_of("modules: {A: a}", text_options(variables));
  EXPECT_NE(from_environment.find(GetParam().message), std::string::npos) << from_environment;
  const std::string from_file = errors_of(
      "app: {id: '${UNIQUE_APP_ID}', api_key: '${UNIQUE_APP_KEY}', endpoint_secrets: "
      "['${UNIQUE_APP_ENDPOINT_SECRET}']}",
      text_options(variables));
  EXPECT_NE(from_file.find(GetParam().message), std::string::npos) << from_file;
  EXPECT_TRUE(from_file.starts_with("modules.yaml:1:")) << from_file;
}

std::string name_of(const testing::TestParamInfo<Swap>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Swapped, Credential,
    testing::Values(
        Swap{"KeyAsId", "UNIQUE_APP_ID", "ukey_TAINT",
             "this is an API key (ukey_): it goes to api_key; here goes the app's id (app_)"},
        Swap{"SecretAsId", "UNIQUE_APP_ID", "usig_TAINT",
             "this is an endpoint secret (usig_): it goes to endpoint_secrets; here goes the app's id"},
        Swap{"SecretAsKey", "UNIQUE_APP_KEY", "usig_TAINT",
             "this is an endpoint secret (usig_): it goes to endpoint_secrets; here goes the API key (ukey_)"},
        Swap{"IdAsKey", "UNIQUE_APP_KEY", "app_TAINT",
             "this is an app id (app_): it goes to id; here goes the API key (ukey_)"},
        Swap{"KeyAsSecret", "UNIQUE_APP_ENDPOINT_SECRET", "ukey_TAINT",
             "this is an API key (ukey_): it goes to api_key; here goes the endpoint's secret (usig_)"},
        Swap{"IdAsSecret", "UNIQUE_APP_ENDPOINT_SECRET", "app_TAINT",
             "this is an app id (app_): it goes to id; here goes the endpoint's secret (usig_)"},
        Swap{"EmptySecret", "UNIQUE_APP_ENDPOINT_SECRET", "", "the secret is empty"},
        Swap{"DummySecret", "UNIQUE_APP_ENDPOINT_SECRET", "dummy_secret",
             "dummy_secret is a placeholder that everybody knows"},
        Swap{"BlankAroundSecret", "UNIQUE_APP_ENDPOINT_SECRET", "usig_TAINT\n", "the secret has white space around it"},
        Swap{"BlankInKey", "UNIQUE_APP_KEY", "ukey_TAINT x", "an API key is one word without white space"},
        Swap{"BlankInId", "UNIQUE_APP_ID", "app TAINT", "an app id is one word"}),
    name_of);

TEST(Apps, PlaceholdersAreNoticed) {
  Variables variables = account();
  variables["UNIQUE_APP_ID"] = "dummy_id";
  variables["UNIQUE_APP_KEY"] = "dummy_key";
  const Config config = good("modules: {A: a}", text_options(variables));
  ASSERT_EQ(config.warnings.size(), 2u);
  EXPECT_NE(config.warnings[0].find("dummy_id is a placeholder"), std::string::npos);
  EXPECT_NE(config.warnings[1].find("dummy_key is a placeholder"), std::string::npos);
}

TEST(Apps, NoneAtAllSaysWhereItLooked) {
  EXPECT_EQ(errors_of("modules: {A: a}", text_options({})),
            "modules.yaml: there is no app: add app: {id, api_key, api_base, endpoint_secrets}, or set UNIQUE_APP_ID, "
            "UNIQUE_APP_KEY, UNIQUE_API_BASE_URL and UNIQUE_APP_ENDPOINT_SECRET (looked in the environment)");
}

TEST(Apps, WhatIsMissingIsNamed) {
  const std::string errors = errors_of("app: {}", text_options({}));
  EXPECT_NE(errors.find("modules.yaml:1:6: app.id is missing"), std::string::npos) << errors;
  EXPECT_NE(errors.find("app.endpoint_secrets is missing"), std::string::npos) << errors;
  EXPECT_NE(errors.find("app.api_base is missing"), std::string::npos) << errors;
}

TEST(Apps, BothFormsAreTooMany) {
  EXPECT_EQ(errors_of("app: {}\napps: []"), "modules.yaml:1:6: app and apps: write one of them");
}

TEST(Apps, MustBeToldApart) {
  const std::string app = "{id: app_a, api_base: 'http://localhost:1', secrets: [{env: UNIQUE_APP_ENDPOINT_SECRET}]}";
  EXPECT_NE(errors_of("apps: [" + app + ", " + app + "]").find("apps: entries 1 and 2 have the same id"),
            std::string::npos);
  std::string other = app;
  other.replace(other.find("app_a"), 5, "app_b");
  EXPECT_NE(errors_of("apps: [" + app + ", " + other + "]").find("entries 1 and 2 share their path and a secret"),
            std::string::npos);
}

// Two apps with so many secrets each, all with these dates.
std::string two_apps(int secrets, const std::string& dates, const std::string& second_path, Variables& variables) {
  std::string yaml = "apps:\n";
  for (const std::string app : {"a", "b"}) {
    yaml += "  - {id: app_" + app + ", path: " + (app == "a" ? "/webhook" : second_path) +
            ", api_base: 'http://localhost:1/public', api_key: '${UNIQUE_APP_KEY}', secrets: [";
    for (int i = 0; i < secrets; ++i) {
      const std::string name = "S_" + app + std::to_string(i);
      variables[name] = "usig_" + name;
      yaml += (i == 0 ? "{env: " : ", {env: ") + name + (app == "a" ? dates : "") + "}";
    }
    yaml += "]}\n";
  }
  return yaml + "modules: {A: a}\n";
}

TEST(Apps, APathHasAtMostSixteenSecretsAtOnce) {
  const auto errors = [](int secrets, const std::string& dates, const std::string& second_path) {
    Variables variables = account();
    const std::string yaml = two_apps(secrets, dates, second_path, variables);
    return errors_of(yaml, text_options(variables));
  };
  EXPECT_EQ(errors(8, "", "/webhook"), "");
  EXPECT_NE(errors(9, "", "/webhook").find("apps: 18 secrets count at once on the path /webhook: at most 16"),
            std::string::npos);
  EXPECT_EQ(errors(16, "", "/webhook/b"), "") << "a path each";
  EXPECT_NE(errors(9, ", not_after: 2030-01-01", "/webhook").find("18 secrets count at once"), std::string::npos);
  EXPECT_NE(errors(9, ", not_before: 2030-01-01", "/webhook").find("18 secrets count at once"), std::string::npos)
      << "not now, but then";
}

TEST(Apps, SecretsThatFollowOneAnotherDoNotAddUp) {
  Variables variables = account();
  std::string yaml = "apps:\n";
  for (int app = 0; app < 20; ++app) {
    const std::string name = "S_" + std::to_string(app);
    variables[name] = "usig_" + name;
    yaml += "  - {id: app_" + std::to_string(app) +
            ", api_base: 'http://localhost:1/public', api_key: " + "'${UNIQUE_APP_KEY}', secrets: [{env: " + name +
            ", not_before: " + std::to_string(2030 + app) + "-01-01, not_after: " + std::to_string(2031 + app) +
            "-01-01}]}\n";
  }
  EXPECT_EQ(errors_of(yaml + "modules: {A: a}\n", text_options(variables)), "");
}

TEST(Apps, TheListIsNoFallbackForTheEnvironment) {
  const std::string errors = errors_of("apps: [{}]");
  EXPECT_NE(errors.find("apps[1].id is missing"), std::string::npos) << errors;
  EXPECT_NE(errors_of("apps: {a: b}").find("apps: expected a list"), std::string::npos);
}

TEST(Apps, AWrongBaseIsExplained) {
  EXPECT_NE(errors_of("app: {api_base: 'ftp://x'}").find("modules.yaml:1:17: app.api_base: "), std::string::npos);
  const Config config = good("app: {api_base: 'https://gateway.example.com/chat/public/'}\nmodules: {A: a}");
  EXPECT_EQ(config.warnings.size(), 2u) << "a trailing slash, and chat/public for public/chat";
}

TEST(EndpointSecrets, MistakesInTheirForm) {
  const auto errors = [](const std::string& secret) { return errors_of("app: {secrets: [" + secret + "]}"); };
  EXPECT_NE(errors("{}").find("app.secrets[1]: expected either env: (the name of a variable) or file: (a path)"),
            std::string::npos);
  EXPECT_NE(errors("{env: A, file: b}").find("expected either env:"), std::string::npos);
  EXPECT_NE(errors("{env: NOPE}").find("app.secrets[1].env: the variable NOPE is not set"), std::string::npos);
  EXPECT_NE(errors("{env: '${UNIQUE_APP_KEY}'}").find(".env: expected the name of a variable, without $ and {}"),
            std::string::npos);
  EXPECT_NE(errors("{env: usig_TAINT}").find("this is a secret itself"), std::string::npos);
  EXPECT_NE(errors("{env: 'not-a-name-TAINT'}").find("expected the name of a variable"), std::string::npos);
  EXPECT_NE(errors("{env: UNIQUE_APP_ENDPOINT_SECRET, not_before: tomorrow}")
                .find("app.secrets[1].not_before \"tomorrow\": expected a time"),
            std::string::npos);
  EXPECT_NE(errors("{env: UNIQUE_APP_ENDPOINT_SECRET, not_before: 2026-02-01, not_after: 2026-01-01}")
                .find("not_after is before not_before"),
            std::string::npos);
  EXPECT_NE(errors("{env: UNIQUE_APP_ENDPOINT_SECRET, id: a b}").find("its id must be one word"), std::string::npos);
  EXPECT_NE(errors("{env: UNIQUE_APP_ENDPOINT_SECRET, id: a}, {env: UNIQUE_APP_ENDPOINT_SECRET, id: a}")
                .find("that no other secret"),
            std::string::npos);
  EXPECT_NE(errors_of("app: {endpoint_secrets: usig_TAINT}").find("app.endpoint_secrets: expected a list"),
            std::string::npos);
}

TEST(EndpointSecrets, InClearTextWorkAndAreWarnedAbout) {
  const Config config = good("app: {endpoint_secrets: [usig_TAINT]}\nmodules: {A: a}");
  EXPECT_EQ(config.apps.at(0).secrets.at(0).value.reveal(), "usig_TAINT");
  ASSERT_EQ(config.warnings.size(), 1u);
  EXPECT_NE(config.warnings[0].find("a secret in clear text"), std::string::npos);
  EXPECT_EQ(config.warnings[0].find("TAINT"), std::string::npos);
}

TEST(SecretFiles, AreReadWithoutTheirLineEnd) {
  const test::TempDir folder;
  ::chmod(folder.write("secret", "usig_file\r\n").c_str(), 0600);
  LoadOptions options = text_options();
  options.file = folder.path() / "modules.yaml";
  const Config config = good("app: {secrets: [{file: secret}]}", options);
  EXPECT_EQ(config.apps.at(0).secrets.at(0).value.reveal(), "usig_file");
}

TEST(SecretFiles, MustBeTheirOwnersAlone) {
  const test::TempDir folder;
  const auto file = folder.write("secret", "usig_TAINT");
  LoadOptions options = text_options();
  options.file = folder.path() / "modules.yaml";
  for (const mode_t mode : {0640, 0604}) {
    ::chmod(file.c_str(), mode);
    EXPECT_NE(
        errors_of("app: {secrets: [{file: secret}]}", options).find("other users can read this secret: chmod 600 it"),
        std::string::npos);
  }
  EXPECT_NE(errors_of("app: {secrets: [{file: nope}]}", options).find("secrets[1].file \"nope\": can not be opened"),
            std::string::npos);
  EXPECT_NE(errors_of("app: {secrets: [{file: .}]}", options).find("is not a regular file"), std::string::npos);
  ::chmod(folder.write("large", std::string(70'000, 'x')).c_str(), 0600);
  EXPECT_NE(errors_of("app: {secrets: [{file: large}]}", options).find("is larger than"), std::string::npos);
  ASSERT_EQ(::mkfifo((folder.path() / "fifo").c_str(), 0600), 0);
  EXPECT_NE(errors_of("app: {secrets: [{file: fifo}]}", options).find("is not a regular file"), std::string::npos);
}

TEST(Secrets, AppearInNoDescriptionAndNoOrigin) {
  const Config config = good(
      "modules: {A: {plugin: a, secrets: {t: '${UNIQUE_APP_KEY}'}, config: {x: '${UNIQUE_APP_KEY}'}}}\n"
      "http_client: {proxy: 'http://user:TAINT@proxy:1'}");
  EXPECT_EQ(describe(config).find("TAINT"), std::string::npos) << describe(config);
  EXPECT_NE(describe(config).find("app.api_key: (set)  # environment UNIQUE_APP_KEY"), std::string::npos)
      << describe(config);
  for (const auto& [key, origin] : config.origins) EXPECT_EQ((key + origin).find("TAINT"), std::string::npos);
}

TEST(Describe, SaysWhereEachValueComesFrom) {
  const std::string text = describe(good("listen: 127.0.0.1:1\ndefaults: {threads: 2}\nmodules: {A: a}"));
  EXPECT_NE(text.find("listen: 127.0.0.1:1  # modules.yaml:1:9\n"), std::string::npos) << text;
  EXPECT_NE(text.find("admin: 127.0.0.1:8081  # default\n"), std::string::npos);
  EXPECT_NE(text.find("modules.A.threads: 2  # modules.yaml:2:21\n"), std::string::npos);
  EXPECT_NE(text.find("modules.A.in_flight: 64  # default\n"), std::string::npos);
  EXPECT_NE(text.find("app.id: app_one  # environment UNIQUE_APP_ID\n"), std::string::npos);
}

}  // namespace
}  // namespace modhost::config
