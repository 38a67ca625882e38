// One instance of a plugin under test: real threads and watchdog, a clock of its own kind, a fake client.
#pragma once

#include <gtest/gtest.h>

#include "runtime_support.hpp"
#include "scripted_plugin.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_journal.hpp"
#include "support/fake_key_values.hpp"
#include "support/fake_open_steps.hpp"
#include "support/gate.hpp"

namespace modhost::plugin {

class RuntimeTest : public testing::Test {
 protected:
  RuntimeTest() {
    config_.apps.emplace_back();
    config_.apps.back().id = "app_1";
    config_.apps.back().api_base = "https://api.example.com/public";
    config_.apps.back().api_key = Secret("ukey_test");
    module_.name = "module";
    module_.attempt_deadline = std::chrono::seconds(15);
  }

  InProcessRuntime& make(std::shared_ptr<const loader::LoadedPlugin> plugin) {
    InProcessRuntime::Options options;
    options.number = ++instances_;
    options.bring_up = bring_up_;
    options.place_freed = [this] { ++places_freed_; };
    runtime_ = std::make_unique<InProcessRuntime>(std::move(plugin), module_, shared_, watchdog_, options);
    return *runtime_;
  }
  InProcessRuntime& started(std::shared_ptr<const loader::LoadedPlugin> plugin) {
    const auto ok = make(std::move(plugin)).start();
    EXPECT_TRUE(ok) << ok.error().message;
    return *runtime_;
  }

  AttemptInput input(int number) {
    AttemptInput input;
    input.event = sample_event(number);
    input.idempotency_key = "app_1/" + input.event.id + "/0";
    input.attempts_max = 4;
    input.deadline = Deadline::after(clock_, module_.attempt_deadline);
    return input;
  }
  // A plugin that does what `script_` says.
  InProcessRuntime& scripted() {
    module_.config_json = script_.config_json();
    return started(plugin_of(table_));
  }
  void submit(int number) { runtime_->submit(input(number), outcomes_.listener(number)); }
  Outcome run(int number) {
    submit(number);
    return outcomes_.wait(number);
  }
  bool stop(std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    return runtime_->stop(Deadline::after(clock_, patience));
  }
  // Lets the clock run until the attempt has ended; how long that took.
  std::pair<Outcome, std::chrono::milliseconds> run_out(int number) {
    constexpr auto kStep = std::chrono::seconds(1);
    std::chrono::milliseconds passed{0};
    const bool has_ended = test::eventually([&] {
      if (outcomes_.count(number) > 0) return true;
      passed += kStep;
      advance(kStep);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the watchdog's turn
      return false;
    });
    EXPECT_TRUE(has_ended);
    return {outcomes_.wait(number), passed};
  }
  void advance(std::chrono::milliseconds by) {
    clock_.advance(by);
    watchdog_.wake();
  }

  Script script_;  // outlives its plugin
  modhost_plugin table_ = Script::table();
  test::FakeClock clock_;
  Outcomes outcomes_;  // outlives what reports to it
  std::atomic<int> places_freed_{0};
  config::Config config_;
  config::ModuleConfig module_;
  telemetry::Log log_{config::LogConfig{}};
  test::FakeHttpClient client_;
  telemetry::Metrics metrics_;
  test::FakeJournal journal_;
  test::FakeKeyValues key_values_;
  test::FakeOpenSteps open_steps_;
  config::Current current_{config::Snapshot(config::Snapshot(), &config_)};  // as a test leaves it
  services::Shared shared_{clock_, log_, client_, current_, metrics_, {journal_, key_values_, open_steps_}};
  executor::Watchdog watchdog_{clock_};
  std::chrono::milliseconds bring_up_{10'000};
  std::uint16_t instances_ = 0;
  std::unique_ptr<InProcessRuntime> runtime_;
};

}  // namespace modhost::plugin
