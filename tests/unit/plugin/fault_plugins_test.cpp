// One test a fault: what the host makes of a plugin that misbehaves while it runs.
#include "runtime_fixture.hpp"

namespace modhost::plugin {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;

class FaultTest : public RuntimeTest {};

TEST_F(FaultTest, noop) {
  started(fault("noop"));
  const Outcome outcome = run(1);
  EXPECT_EQ(outcome.kind, Kind::kOk);
  EXPECT_NE(outcome.started_at, SteadyTime{});
  EXPECT_TRUE(stop());
}

TEST_F(FaultTest, fails_event) {
  started(fault("fails_event"));
  EXPECT_EQ(run(1).kind, Kind::kFailed);
  EXPECT_TRUE(stop());
}

TEST_F(FaultTest, retries_event) {
  started(fault("retries_event"));
  EXPECT_EQ(run(1).kind, Kind::kRetry);
  EXPECT_TRUE(stop());
}

TEST_F(FaultTest, snoozes_event) {
  started(fault("snoozes_event"));
  EXPECT_EQ(run(1).kind, Kind::kSnooze);
  EXPECT_TRUE(stop());
}

TEST_F(FaultTest, throws_in_event) {
  started(fault("throws_in_event"));
  const Outcome outcome = run(1);
  EXPECT_EQ(outcome.kind, Kind::kCrashed);
  EXPECT_NE(outcome.detail.find("on_event threw std::"), std::string::npos) << outcome.detail;
  EXPECT_TRUE(runtime_->status().running) << "the next event has its chance";
  EXPECT_TRUE(stop());
}

TEST_F(FaultTest, create_fails) {
  const auto result = make(fault("create_fails")).start();
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("create() failed with"), std::string::npos) << result.error().message;
  EXPECT_EQ(runtime_->free_slots(), 0u);
  EXPECT_TRUE(stop());
}

TEST_F(FaultTest, create_throws) {
  const auto result = make(fault("create_throws")).start();
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("create() threw "), std::string::npos) << result.error().message;
  EXPECT_TRUE(stop());
}

TEST_F(FaultTest, start_fails) {
  const auto result = make(fault("start_fails")).start();
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("start() failed with"), std::string::npos) << result.error().message;
  EXPECT_TRUE(stop());
}

TEST_F(FaultTest, pending_from_thread) {
  started(fault("pending_from_thread"));
  for (int i = 1; i <= 20; ++i) EXPECT_EQ(run(i).kind, Kind::kOk);
  EXPECT_TRUE(stop());
}

TEST_F(FaultTest, complete_in_on_event) {
  started(fault("complete_in_on_event"));
  const Outcome outcome = run(1);
  EXPECT_EQ(outcome.kind, Kind::kOk);
  EXPECT_EQ(outcome.detail, "early");
  EXPECT_TRUE(stop());
  EXPECT_EQ(outcomes_.count(1), 1u);
}

TEST_F(FaultTest, complete_in_on_event_and_an_answer_too) {
  module_.config_json = R"({"returns": -1})";
  started(fault("complete_in_on_event"));
  EXPECT_EQ(run(1).kind, Kind::kOk) << "the first word counts";
  EXPECT_TRUE(stop());
  EXPECT_EQ(outcomes_.count(1), 1u);
}

TEST_F(FaultTest, double_complete) {
  started(fault("double_complete"));
  EXPECT_EQ(run(1).kind, Kind::kOk);
  EXPECT_TRUE(stop());
  EXPECT_EQ(outcomes_.count(1), 1u);
}

TEST_F(FaultTest, gone_handle) {
  testing::internal::CaptureStderr();
  {
    // A log of its own, bound to the captured stream.
    started(fault("gone_handle"));
    EXPECT_EQ(run(1).kind, Kind::kOk);
    EXPECT_EQ(run(2).kind, Kind::kOk);
    EXPECT_TRUE(stop());
  }
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("complete: -2"), std::string::npos) << "an invented handle is invalid: " << said;
  EXPECT_NE(said.find("complete: -8"), std::string::npos) << "a stale one is gone";
  EXPECT_EQ(said.find("complete: 0"), std::string::npos);
}

TEST_F(FaultTest, never_complete) {
  module_.in_flight = 2;
  started(fault("never_complete"));
  submit(1);
  ASSERT_TRUE(test::eventually([&] { return watchdog_.size() == 1; })) << "it has begun";
  advance(15s);
  ASSERT_TRUE(test::eventually([&] { return watchdog_.size() == 1; })) << "in its grace";
  EXPECT_EQ(outcomes_.count(1), 0u);
  advance(limits::kCancelGrace);
  EXPECT_EQ(outcomes_.wait(1).kind, Kind::kDeadline);
  EXPECT_EQ(runtime_->status().in_flight, 1u) << "the plugin has not finished it";
  EXPECT_EQ(runtime_->free_slots(), 1u);
  EXPECT_TRUE(stop(500ms));
}

}  // namespace
}  // namespace modhost::plugin
