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
  started(fault("gone_handle"));
  EXPECT_EQ(run(1).kind, Kind::kOk);
  EXPECT_EQ(run(2).kind, Kind::kOk);
  EXPECT_TRUE(stop());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("complete: -2"), std::string::npos) << "an invented handle is invalid: " << said;
  EXPECT_NE(said.find("complete: -8"), std::string::npos) << "a stale one is gone";
  EXPECT_EQ(said.find("complete: 0"), std::string::npos);
}

TEST_F(FaultTest, never_complete) {
  module_.in_flight = 2;
  started(fault("never_complete"));
  submit(1);
  const auto [outcome, passed] = run_out(1);
  EXPECT_EQ(outcome.kind, Kind::kDeadline);
  EXPECT_GE(passed, module_.attempt_deadline + limits::kCancelGrace);
  EXPECT_EQ(runtime_->status().in_flight, 1u) << "the plugin has not finished it";
  EXPECT_EQ(runtime_->free_slots(), 1u);
  EXPECT_EQ(runtime_->status().stuck, 0u) << "no thread hangs";
  EXPECT_TRUE(stop(500ms));
}

TEST_F(FaultTest, hangs_in_event) {
  started(fault("hangs_in_event"));
  submit(1);
  const auto [outcome, passed] = run_out(1);
  EXPECT_EQ(outcome.kind, Kind::kDeadline);
  EXPECT_NE(outcome.detail.find("on_event still runs"), std::string::npos) << outcome.detail;
  EXPECT_EQ(runtime_->status().stuck, 1u);
  submit(2);
  EXPECT_EQ(run_out(2).first.kind, Kind::kDeadline) << "a substitute ran it, into the same wall";
  EXPECT_EQ(runtime_->status().stuck, 2u);
  submit(3);
  EXPECT_FALSE(stop(200ms)) << "abandoned";
  EXPECT_EQ(outcomes_.wait(3).kind, Kind::kCancelled);
}

TEST_F(FaultTest, hangs_in_stop) {
  started(fault("hangs_in_stop"));
  EXPECT_EQ(run(1).kind, Kind::kOk);
  EXPECT_FALSE(stop(200ms));
  EXPECT_FALSE(stop(200ms)) << "asked again, the same answer";
}

TEST_F(FaultTest, late_complete) {
  testing::internal::CaptureStderr();
  module_.config_json = R"({"late_ms": 500})";  // of real time, while the grace passes by the fake clock
  started(fault("late_complete"));
  submit(1);
  EXPECT_EQ(run_out(1).first.kind, Kind::kDeadline);
  EXPECT_TRUE(test::eventually([&] { return places_freed_ == 1; })) << "finished late, its place is free";
  EXPECT_EQ(runtime_->free_slots(), module_.in_flight);
  EXPECT_TRUE(stop());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("late complete: -8"), std::string::npos) << said;
  EXPECT_EQ(outcomes_.count(1), 1u);
}

TEST_F(FaultTest, cancel_ignored) {
  module_.config_json = R"({"hold_ms": 800})";
  started(fault("cancel_ignored"));
  submit(1);
  EXPECT_EQ(run_out(1).first.kind, Kind::kDeadline);
  EXPECT_TRUE(test::eventually([&] { return runtime_->status().stuck == 0; })) << "its thread came back";
  EXPECT_TRUE(test::eventually([&] { return runtime_->free_slots() == module_.in_flight; }));
  EXPECT_TRUE(stop());
  EXPECT_EQ(outcomes_.count(1), 1u);
}

TEST_F(FaultTest, slow_stops_when_cancelled) {
  module_.config_json = R"({"delay_ms": 60000})";
  started(fault("slow"));
  submit(1);
  ASSERT_TRUE(test::eventually([&] { return watchdog_.size() == 1; })) << "it has begun";
  runtime_->cancel_all(CancelReason::kUser);
  EXPECT_EQ(outcomes_.wait(1).kind, Kind::kCancelled);
  EXPECT_TRUE(stop());
}

TEST_F(FaultTest, one_fault_leaves_the_neighbour_untouched) {
  config::ModuleConfig neighbour = module_;
  neighbour.name = "neighbour";
  InProcessRuntime::Options options;
  options.number = 77;
  InProcessRuntime good(fault("pending_from_thread"), neighbour, shared_, watchdog_, options);
  ASSERT_TRUE(good.start());
  started(fault("hangs_in_event"));
  submit(1);
  Outcomes others;
  for (int i = 1; i <= 10; ++i) {
    good.submit(input(i), others.listener(i));
    EXPECT_EQ(others.wait(i).kind, Kind::kOk);
  }
  EXPECT_EQ(run_out(1).first.kind, Kind::kDeadline);
  good.submit(input(11), others.listener(11));
  EXPECT_EQ(others.wait(11).kind, Kind::kOk);
  EXPECT_TRUE(good.stop(Deadline::after(clock_, 10s)));
  EXPECT_FALSE(stop(200ms));
}

}  // namespace
}  // namespace modhost::plugin
