#include "plugin/registry.hpp"

#include "runtime_fixture.hpp"
#include "support/temp_dir.hpp"

namespace modhost::plugin {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class RegistryTest : public RuntimeTest {
 protected:
  RegistryTest() {
    config_.plugins_dir = dir_.path() / "plugins";
    fs::create_directory(config_.plugins_dir);
    fs::permissions(config_.plugins_dir, fs::perms(0755));
  }
  void install(const std::string& name) {
    const fs::path target = config_.plugins_dir / (name + ".so");
    fs::copy_file(MODHOST_BINARY_DIR "/tests/plugins/" + name + ".so", target);
    fs::permissions(target, fs::perms(0755));
  }
  void map(const std::string& module, const std::string& plugin) {
    config::ModuleConfig entry = module_;
    entry.name = module;
    entry.plugin = plugin;
    config_.modules.emplace(module, entry);
  }
  loader::Loader::Options loader_options() {
    loader::Loader::Options options;
    options.stage_dir = dir_.path() / "stage";
    options.probe.program = MODHOST_BINARY_DIR "/tests/modhost-probe";
    return options;
  }

  test::TempDir dir_;
  loader::Loader loader_{loader_options()};
};

TEST_F(RegistryTest, AFailedModuleLeavesTheOthersRunning) {
  for (const char* name : {"noop", "create_fails", "retries_event"}) install(name);
  map("Good", "noop");
  map("Broken", "create_fails");
  map("Missing", "not_there");
  map("Twin", "noop");
  testing::internal::CaptureStderr();
  Registry registry(shared_, loader_, watchdog_, {});
  EXPECT_EQ(registry.find("Good"), nullptr) << "not started";
  registry.start();
  const std::string said = testing::internal::GetCapturedStderr();

  EXPECT_NE(registry.find("Good"), nullptr);
  EXPECT_NE(registry.find("Twin"), nullptr) << "one file, two modules";
  EXPECT_EQ(registry.find("Broken"), nullptr);
  EXPECT_EQ(registry.find("Missing"), nullptr);
  EXPECT_EQ(registry.find("Unheard"), nullptr);

  const auto status = registry.status();
  ASSERT_EQ(status.size(), 4u);
  EXPECT_EQ(status[0].module, "Broken");
  EXPECT_NE(status[0].problem.find("create() failed with"), std::string::npos) << status[0].problem;
  EXPECT_EQ(status[1].module, "Good");
  EXPECT_TRUE(status[1].running);
  EXPECT_EQ(status[1].plugin, "noop");
  EXPECT_EQ(status[1].sha256.size(), 64u);
  EXPECT_EQ(status[2].module, "Missing");
  EXPECT_NE(status[2].problem.find("not_there"), std::string::npos) << status[2].problem;
  EXPECT_FALSE(status[2].running);

  EXPECT_NE(said.find("plugin file without a module"), std::string::npos) << said;
  EXPECT_NE(said.find("retries_event"), std::string::npos);
  EXPECT_NE(said.find("module not running; its events wait"), std::string::npos);

  const std::string numbers = metrics_.scrape();
  EXPECT_NE(numbers.find("modhost_module_running{module=\"Good\"} 1"), std::string::npos) << numbers;
  EXPECT_NE(numbers.find("modhost_module_running{module=\"Broken\"} 0"), std::string::npos);

  registry.find("Good")->submit(input(1), outcomes_.listener(1));
  EXPECT_EQ(outcomes_.wait(1).kind, Outcome::Kind::kOk);
  EXPECT_TRUE(registry.stop(Deadline::after(clock_, 10s)));
  EXPECT_EQ(registry.find("Good"), nullptr) << "stopped";
}

TEST_F(RegistryTest, StopsAllWithOneDeadlineAndSaysWhatWasAbandoned) {
  for (const char* name : {"noop", "hangs_in_stop"}) install(name);
  map("Good", "noop");
  for (const char* module : {"Bad1", "Bad2", "Bad3"}) map(module, "hangs_in_stop");
  Registry registry(shared_, loader_, watchdog_, {});
  registry.start();
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(registry.stop(Deadline::after(clock_, 300ms)));
  EXPECT_LT(std::chrono::steady_clock::now() - before, 3s);
}

class ReloadTest : public RegistryTest {
 protected:
  // As a reload does it.
  Result<void> reload(Registry& registry) {
    const auto next = std::make_shared<const config::Config>(config_);
    auto staged = registry.stage(next);
    if (!staged) return staged.error();
    recovered_ = staged->recovered;
    changed_plugins_ = staged->changed_plugins;
    current_.set(next);
    registry.commit(*std::move(staged));
    return {};
  }
  // What was given so far stays what it is.
  void start(Registry& registry) {
    current_.set(std::make_shared<const config::Config>(config_));
    registry.start();
  }
  std::string sha256_of(const Registry& registry, const std::string& module) {
    for (const RuntimeStatus& status : registry.status())
      if (status.module == module) return status.sha256;
    return {};
  }

  std::vector<std::string> recovered_, changed_plugins_;
};

TEST_F(ReloadTest, OnlyWhatChangedGetsANewInstance) {
  for (const char* name : {"noop", "slow"}) install(name);
  map("Same", "noop");
  map("Changed", "slow");
  config_.modules.at("Changed").config_json = R"({"delay_ms": 60000})";
  Registry registry(shared_, loader_, watchdog_, {});
  start(registry);
  registry.find("Changed")->submit(input(1), outcomes_.listener(1));
  const std::string before = sha256_of(registry, "Same");

  config_.modules.at("Same").on_failure = "another text";
  config_.modules.at("Changed").config_json = R"({"delay_ms": 0})";
  map("New", "noop");
  const auto done = reload(registry);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_NE(registry.find("New"), nullptr);
  registry.find("Changed")->submit(input(2), outcomes_.listener(2));
  EXPECT_EQ(outcomes_.wait(2).kind, Outcome::Kind::kOk) << "by the new instance";
  EXPECT_EQ(outcomes_.count(1), 0u) << "the old one has its event still";
  EXPECT_EQ(sha256_of(registry, "Same"), before);
  EXPECT_EQ(changed_plugins_, std::vector<std::string>());

  registry.find("Changed")->cancel_all(CancelReason::kOperator);
  EXPECT_EQ(outcomes_.wait(1).cancelled_for, CancelReason::kOperator);
  EXPECT_TRUE(registry.stop(Deadline::after(clock_, 10s)));
}

TEST_F(ReloadTest, ARemovedModuleTakesNothingMore) {
  install("noop");
  map("Stays", "noop");
  map("Goes", "noop");
  Registry registry(shared_, loader_, watchdog_, {});
  start(registry);
  PluginRuntime* const held = registry.find("Goes");
  config_.modules.erase("Goes");
  ASSERT_TRUE(reload(registry));
  EXPECT_EQ(registry.find("Goes"), nullptr);
  EXPECT_EQ(registry.status().size(), 1u);
  held->submit(input(1), outcomes_.listener(1));
  EXPECT_EQ(outcomes_.wait(1).kind, Outcome::Kind::kSnooze) << "whoever was about to submit loses nothing";
  EXPECT_NE(metrics_.scrape().find("modhost_module_running{module=\"Goes\"} 0"), std::string::npos);
  map("Goes", "noop");
  ASSERT_TRUE(reload(registry));
  EXPECT_NE(registry.find("Goes"), nullptr);
  EXPECT_TRUE(registry.stop(Deadline::after(clock_, 10s)));
}

TEST_F(ReloadTest, OneThatDoesNotStartLeavesAllAsItWas) {
  for (const char* name : {"noop", "start_fails"}) install(name);
  map("Good", "noop");
  Registry registry(shared_, loader_, watchdog_, {});
  start(registry);
  map("Broken", "start_fails");
  map("Missing", "not_there");
  map("AlsoNew", "noop");
  config_.modules.at("Good").threads = 2;
  const auto refused = reload(registry);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("module Broken: "), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("\nmodule Missing: "), std::string::npos) << refused.error().message;
  EXPECT_EQ(registry.find("AlsoNew"), nullptr);
  ASSERT_EQ(registry.status().size(), 1u);
  EXPECT_EQ(registry.status()[0].threads, 1u) << "the instance of before";
  registry.find("Good")->submit(input(1), outcomes_.listener(1));
  EXPECT_EQ(outcomes_.wait(1).kind, Outcome::Kind::kOk);
  EXPECT_TRUE(registry.stop(Deadline::after(clock_, 10s)));
}

TEST_F(ReloadTest, AModuleThatDidNotRunIsTriedAgain) {
  install("noop");
  map("Good", "noop");
  map("Late", "slow");
  Registry registry(shared_, loader_, watchdog_, {});
  start(registry);
  EXPECT_EQ(registry.find("Late"), nullptr);
  ASSERT_TRUE(reload(registry)) << "it was broken before: that refuses nothing";
  EXPECT_TRUE(recovered_.empty());
  install("slow");
  ASSERT_TRUE(reload(registry));
  EXPECT_EQ(recovered_, std::vector<std::string>{"Late"});
  EXPECT_NE(registry.find("Late"), nullptr);
  EXPECT_TRUE(registry.stop(Deadline::after(clock_, 10s)));
}

TEST_F(ReloadTest, AChangedFileKeepsItsMapping) {
  install("noop");
  map("Good", "noop");
  Registry registry(shared_, loader_, watchdog_, {});
  start(registry);
  const std::string before = sha256_of(registry, "Good");
  fs::remove(config_.plugins_dir / "noop.so");
  fs::copy_file(MODHOST_BINARY_DIR "/tests/plugins/slow.so", config_.plugins_dir / "noop.so");
  config_.modules.at("Good").threads = 2;
  ASSERT_TRUE(reload(registry));
  EXPECT_EQ(changed_plugins_, std::vector<std::string>{"noop"});
  EXPECT_EQ(sha256_of(registry, "Good"), before);
  EXPECT_TRUE(registry.stop(Deadline::after(clock_, 10s)));
}

TEST_F(RegistryTest, WithoutThirdPartyNothingIsLoaded) {
  install("noop");
  map("Good", "noop");
  Registry registry(shared_, loader_, watchdog_, {{}, true});
  registry.start();
  EXPECT_EQ(registry.find("Good"), nullptr);
  EXPECT_NE(registry.status().at(0).problem.find("--no-third-party"), std::string::npos);
  EXPECT_TRUE(registry.stop(Deadline::after(clock_, 1s)));
}

}  // namespace
}  // namespace modhost::plugin
