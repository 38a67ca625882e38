// Read, compare, stage, swap; and what is left after each way this can fail.
#include "reload/reloader.hpp"

#include "support/fake_clock.hpp"
#include "support/gate.hpp"

namespace modhost::reload {
namespace {

using namespace std::chrono_literals;

config::Config one_module(const std::string& text) {
  config::Config config;
  config.modules["DemoApp"].name = "DemoApp";
  config.modules["DemoApp"].on_failure = text;
  return config;
}

class ReloaderTest : public testing::Test {
 protected:
  Loaded load() {
    if (on_load_) on_load_();
    return next_;
  }
  Result<Staged> stage() {
    if (stage_error_) return *stage_error_;
    Staged staged = staged_;
    staged.commit = [this](const config::Snapshot& next) {
      current_.set(next);
      ++commits_;
    };
    staged.discard = [this] { ++discards_; };
    return staged;
  }
  void next_is(config::Config config) {
    next_ = Loaded{};
    next_.examined.config = std::move(config);
  }
  std::string in_force() { return current_.get()->modules.at("DemoApp").on_failure; }
  bool counted(const std::string& result, int count) {
    const std::string line = "modhost_reload_total{result=\"" + result + "\"} " + std::to_string(count) + "\n";
    return metrics_.scrape().find(line) != std::string::npos;
  }
  // What the reload says.
  std::string said(Result<config::ReloadReport>& result) {
    testing::internal::CaptureStderr();
    result = reloader_.reload("test");
    return testing::internal::GetCapturedStderr();
  }

  test::FakeClock clock_;
  telemetry::Log log_{config::LogConfig{}};
  telemetry::Metrics metrics_;
  config::Current current_{std::make_shared<const config::Config>(one_module("before"))};
  Loaded next_;
  Staged staged_;
  std::optional<Error> stage_error_;
  std::function<void()> on_load_;
  std::atomic<int> commits_{0}, discards_{0};
  Result<config::ReloadReport> result_ = config::ReloadReport{};
  Reloader reloader_{current_, Steps{[this] { return load(); }, [this](const auto&) { return stage(); }},
                     clock_,   log_,
                     metrics_, FileWatch::Options{}};
};

TEST_F(ReloaderTest, PutsTheNextOneInForceAndSaysWhatChanged) {
  config::Config next = one_module("after");
  next.listen.port = 9;
  next_is(std::move(next));
  staged_.needs_restart = {"plugin a: changed"};
  const std::string log = said(result_);
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->applied, std::vector<std::string>{"module DemoApp: on_failure"});
  EXPECT_EQ(result_->needs_restart, (std::vector<std::string>{"listen", "plugin a: changed"}));
  EXPECT_EQ(in_force(), "after");
  EXPECT_EQ(current_.get()->listen.port, 8080) << "what the sockets have";
  EXPECT_NE(log.find("configuration reloaded"), std::string::npos) << log;
  EXPECT_NE(log.find("takes effect after a restart only: listen"), std::string::npos) << log;
  EXPECT_TRUE(counted("applied", 1));
  EXPECT_TRUE(counted("rejected", 0));
}

TEST_F(ReloaderTest, NothingNewIsNothingDone) {
  next_is(one_module("before"));
  const auto before = current_.get();
  said(result_);
  ASSERT_TRUE(result_);
  EXPECT_TRUE(result_->applied.empty());
  EXPECT_EQ(current_.get(), before);
  EXPECT_EQ(discards_, 1) << "what was staged is stopped again";
  EXPECT_TRUE(counted("unchanged", 1));
}

TEST_F(ReloaderTest, AModuleThatRunsAgainIsAChange) {
  next_is(one_module("before"));
  staged_.applied = {"module DemoApp: runs now"};
  said(result_);
  EXPECT_EQ(commits_, 1);
}

TEST_F(ReloaderTest, AMistakeLeavesTheOldOneInForceAndIsSaidLineByLine) {
  next_is(one_module("after"));
  next_.examined.error = invalid("modules.yaml:3:1: unknown key\nmodules.yaml:5:2: not a number");
  const std::string log = said(result_);
  EXPECT_FALSE(result_);
  EXPECT_EQ(in_force(), "before");
  EXPECT_EQ(commits_ + discards_, 0);
  EXPECT_NE(log.find("stays in force: modules.yaml:3:1: unknown key\""), std::string::npos) << log;
  EXPECT_NE(log.find("stays in force: modules.yaml:5:2: not a number\""), std::string::npos) << log;
  EXPECT_TRUE(counted("rejected", 1));
}

TEST_F(ReloaderTest, WhatCanNotBeStagedLeavesTheOldOneInForce) {
  next_is(one_module("after"));
  stage_error_ = invalid("module DemoApp: create() failed");
  said(result_);
  EXPECT_FALSE(result_);
  EXPECT_EQ(in_force(), "before");
  EXPECT_TRUE(counted("rejected", 1));
}

TEST_F(ReloaderTest, ARequestIsDoneSoon) {
  next_is(one_module("after"));
  reloader_.start();
  reloader_.request("SIGHUP");
  EXPECT_TRUE(test::eventually([&] { return counted("applied", 1); }));
  EXPECT_EQ(in_force(), "after");
}

TEST_F(ReloaderTest, AfterCloseNothingComesIntoForce) {
  next_is(one_module("after"));
  on_load_ = [this] { reloader_.close(); };  // the stop comes while it is under way
  said(result_);
  ASSERT_FALSE(result_);
  EXPECT_EQ(result_.error().code, Code::kGone);
  EXPECT_EQ(discards_, 1);
  on_load_ = [] { FAIL() << "nothing is read any more"; };
  said(result_);
  EXPECT_FALSE(result_);
  EXPECT_EQ(in_force(), "before");
}

TEST_F(ReloaderTest, AStopDoesNotWaitForAPluginThatHangs) {
  next_is(one_module("after"));
  test::Gate inside, go_on;
  on_load_ = [&] {
    inside.open();
    EXPECT_TRUE(go_on.wait());
  };
  reloader_.start();
  reloader_.request("SIGHUP");
  EXPECT_TRUE(inside.wait());
  reloader_.close();
  EXPECT_FALSE(reloader_.wait_idle(Deadline::after(clock_, 0ms)));
  go_on.open();
  EXPECT_TRUE(reloader_.wait_idle(Deadline::never()));
  EXPECT_EQ(commits_, 0);
}

}  // namespace
}  // namespace modhost::reload
