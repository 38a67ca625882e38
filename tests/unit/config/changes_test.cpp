// What a reload puts in force, key by key.
#include "config/changes.hpp"

#include "config/current.hpp"
#include "config/schema.hpp"
#include "support/temp_dir.hpp"
#include "unit/config/load_text.hpp"

namespace modhost::config {
namespace {

constexpr const char* kBefore = "log: {level: info}\nmodules: {A: a, B: {plugin: b, config: {x: 1}}}\n";

std::vector<std::string> differences_to(const std::string& yaml, const Variables& environment = test::account()) {
  return differences(test::good(kBefore), test::good(yaml, test::text_options(environment)));
}

using Lines = std::vector<std::string>;

TEST(Changes, TheSameTextIsNoChange) { EXPECT_EQ(differences_to(kBefore), Lines()); }

TEST(Changes, ModulesComeGoAndChange) {
  EXPECT_EQ(differences_to("modules: {B: {plugin: b, config: {x: 2}}, C: a}"),
            (Lines{"module A: removed", "module B: a new instance", "module C: added"}));
  EXPECT_EQ(differences_to("modules: {A: {plugin: a, retry: [], on_failure: No.}, B: {plugin: b, config: {x: 1}}}"),
            (Lines{"module A: retry, on_failure"}))
      << "the instance stays";
  for (const char* more : {"threads: 2", "in_flight: 2", "attempt_deadline: 1s", "event_deadline: 1h", "config: {x: 2}",
                           "grants: [platform-without-event]", "secrets: {token: \"${UNIQUE_APP_KEY}\"}"})
    EXPECT_EQ(differences_to("modules: {A: {plugin: a, " + std::string(more) + "}, B: {plugin: b, config: {x: 1}}}"),
              (Lines{"module A: a new instance"}))
        << more;
}

TEST(Changes, AppsAndSecretsAreNamedAndNeverShown) {
  Variables environment = test::account();
  environment["UNIQUE_APP_ENDPOINT_SECRET"] = "usig_TAINT3";
  environment["UNIQUE_APP_KEY"] = "ukey_TAINT4";
  EXPECT_EQ(differences_to(kBefore, environment), (Lines{"app app_one: api_key, secrets"}));
  EXPECT_EQ(differences_to("webhook_path: /other\n" + std::string(kBefore)),
            (Lines{"app app_one: path", "webhook_path"}));
  environment["UNIQUE_APP_ID"] = "app_two";
  EXPECT_EQ(differences_to(kBefore, environment), (Lines{"app app_one: removed", "app app_two: added"}));
}

TEST(Changes, WhatIsFixedStaysAndIsNamed) {
  const Config now = test::good(kBefore);
  Config next = test::good(std::string("listen: 127.0.0.1:9\nlimits: {http_threads: 5, body_bytes: 2MiB}\n") + kBefore);
  EXPECT_EQ(keep_fixed(now, next), (Lines{"listen", "limits.http_threads"}));
  EXPECT_EQ(next.listen, now.listen);
  EXPECT_EQ(next.limits.http_threads, now.limits.http_threads);
  EXPECT_EQ(differences(now, next), (Lines{"limits.body_bytes"})) << "and this one comes";
  EXPECT_EQ(keep_fixed(now, next), Lines());
}

// A new key is decided about, and docs/configuration.md says the same.
TEST(Changes, EveryKeyIsEitherLiveOrNamedAsFixed) {
  const std::set<std::string> live = {"webhook_path", "log.level", "limits.body_bytes", "limits.timestamp_tolerance",
                                      "limits.drain_delay", "limits.drain_grace", "subscriptions",
                                      // whole parts of the file
                                      "log", "limits", "journal", "http_client", "app", "apps", "defaults", "modules"};
  const auto fixed = keys_fixed_until_restart();
  const std::string document = test::read_file(MODHOST_SOURCE_DIR "/docs/configuration.md");
  const std::size_t begin = document.find("\nThese keys need a restart");
  ASSERT_NE(begin, std::string::npos);
  const std::string listed = document.substr(begin, document.find("\n\n", begin) - begin);
  for (const std::string& key : schema_paths()) {
    const bool is_entry = key.starts_with("app.") || key.starts_with("apps[]") || key.starts_with("modules.<name>");
    const bool is_fixed = std::find(fixed.begin(), fixed.end(), key) != fixed.end();
    EXPECT_TRUE(is_entry || live.contains(key) || is_fixed)
        << key << ": list it in config/changes.cpp, as one that needs a restart or with what differs";
    EXPECT_EQ(listed.find("`" + key + "`") != std::string::npos, is_fixed) << key << " in docs/configuration.md";
  }
}

TEST(Changes, FilesAreKnownWithWhatWasReadFromThem) {
  const test::TempDir folder;
  folder.write("key", "ukey_1\n");
  std::filesystem::permissions(folder.path() / "key", std::filesystem::perms(0600));
  LoadOptions options = test::text_options();
  options.reads_env_files = true;
  options.file = folder.write("modules.yaml",
                              "app: {id: app_one, api_base: \"https://x.example.com\", api_key: {file: key},\n"
                              "      endpoint_secrets: [\"${UNIQUE_APP_ENDPOINT_SECRET}\"]}\nmodules: {A: a}\n");
  const auto files = load(options).value().files;
  for (const char* name : {"modules.yaml", "unique.env", ".env", "key"}) {
    ASSERT_TRUE(files.contains(folder.path() / name)) << name;
    EXPECT_EQ(files.at(folder.path() / name).empty(), std::string_view(name).ends_with("env")) << name;
  }
  folder.write("key", "ukey_2\n");
  const auto after = load(options).value().files;
  EXPECT_NE(after.at(folder.path() / "key"), files.at(folder.path() / "key"));
  EXPECT_EQ(after.at(folder.path() / "modules.yaml"), files.at(folder.path() / "modules.yaml"));
  std::filesystem::permissions(folder.path() / "key", std::filesystem::perms(0644));
  const Examined refused = examine(options);
  ASSERT_TRUE(refused.error);
  EXPECT_NE(refused.config.files.at(folder.path() / "key"), after.at(folder.path() / "key"))
      << "who may read it counts, too";
}

TEST(Current, ASnapshotLivesAsLongAsSomebodyHasAPartOfIt) {
  Config first = test::good(kBefore);
  Current current(std::make_shared<const Config>(std::move(first)));
  const ModulePtr module = module_of(current.get(), "A");
  const std::weak_ptr<const Config> before = current.get();
  current.set(std::make_shared<const Config>(test::good("modules: {C: c}")));
  EXPECT_FALSE(before.expired());
  EXPECT_EQ(module->plugin, "a");
  EXPECT_EQ(module_of(current.get(), "A"), nullptr);
  EXPECT_NE(module_of(current.get(), "C"), nullptr);
}

}  // namespace
}  // namespace modhost::config
