// Log steps that an event opens are closed with its end, whatever comes between.
#include "journal_test_support.hpp"

namespace modhost::journal::test {
namespace {

class OpenStepsTest : public JournalTest {
 protected:
  Claim running(const std::string& id = "evt_1") {
    EXPECT_TRUE(append(*journal_, event(id)));
    return claim_one(*journal_);
  }
  Result<OpenSteps::StepRecord> opening(EventSeq seq) {
    std::promise<Result<OpenSteps::StepRecord>> promise;
    journal_->opening(seq, [&](auto recorded) { promise.set_value(std::move(recorded)); });
    return promise.get_future().get();
  }
  void open_step(EventSeq seq, const std::string& id) {
    const auto record = opening(seq);
    ASSERT_TRUE(record) << record.error().message;
    journal_->opened(*record, step_ending(id));
  }
  std::vector<std::string> due() {
    journal_->flush();
    std::vector<std::string> endings;
    for (const OutboxItem& item : journal_->outbox_due(10)) endings.push_back(item.ending);
    std::sort(endings.begin(), endings.end());
    return endings;
  }
  void finish(const Claim& claim, State state) {
    journal_->settle(end(claim, state));
    journal_->flush();
  }
  using Endings = std::vector<std::string>;
};

TEST_F(OpenStepsTest, AreClosedWithTheEventAndNotBefore) {
  open();
  const Claim claim = running();
  open_step(claim.seq, "log_1");
  open_step(claim.seq, "log_\"2\"");
  EXPECT_EQ(due(), Endings{});
  finish(claim, State::kDead);
  EXPECT_EQ(due(), (Endings{R"({"step":"log_1"})", R"({"step":"log_\"2\""})"}));
}

TEST_F(OpenStepsTest, ThatTheModuleClosedAreLeftAlone) {
  open();
  const Claim claim = running();
  open_step(claim.seq, "log_1");
  open_step(claim.seq, "log_2");
  journal_->closed(claim.seq, step_ending("log_1"));
  finish(claim, State::kCompleted);
  EXPECT_EQ(due(), (Endings{R"({"step":"log_2"})"}));
}

TEST_F(OpenStepsTest, ThatWereNeverOpenedLeaveNothing) {
  open();
  const Claim claim = running();
  journal_->not_opened(opening(claim.seq).value());
  finish(claim, State::kDead);
  EXPECT_EQ(due(), Endings{});
}

TEST_F(OpenStepsTest, OfATurnThatIsLeftOpenStay) {
  open();
  const Claim claim = running();
  open_step(claim.seq, "log_1");
  const auto late = opening(claim.seq);
  Settlement settlement = end(claim, State::kCompleted);
  settlement.leaves_steps_open = true;
  journal_->settle(std::move(settlement));
  journal_->opened(*late, step_ending("log_2"));
  EXPECT_EQ(due(), Endings{});
}

TEST_F(OpenStepsTest, OfAnotherEventAreNotTouchedByALateAnswer) {
  open();
  const Claim left_open = running();
  const auto late = opening(left_open.seq);
  const auto refused = opening(left_open.seq);
  Settlement settlement = end(left_open, State::kCompleted);
  settlement.leaves_steps_open = true;
  journal_->settle(std::move(settlement));
  journal_->flush();
  const Claim other = running("evt_2");
  open_step(other.seq, "log_2");
  journal_->opened(*late, step_ending("log_1"));
  journal_->not_opened(*refused);
  finish(other, State::kDead);
  EXPECT_EQ(due(), (Endings{R"({"step":"log_2"})"}));
}

TEST_F(OpenStepsTest, OfAnEventThatEndsDuringTheCallAreClosedWhenItsAnswerComes) {
  open();
  const Claim claim = running();
  const auto late = opening(claim.seq);
  finish(claim, State::kExpired);
  EXPECT_EQ(due(), Endings{});
  journal_->opened(*late, step_ending("log_1"));
  EXPECT_EQ(due(), (Endings{R"({"step":"log_1"})"}));
}

TEST_F(OpenStepsTest, OfAnEarlierAttemptAreClosedWithTheEvent) {
  open();
  Claim claim = running();
  open_step(claim.seq, "log_1");
  Settlement retry = end(claim, State::kWaiting, "retry");
  retry.not_before = clock_.unix_now();
  journal_->settle(std::move(retry));
  EXPECT_EQ(due(), Endings{});
  claim = claim_one(*journal_);
  EXPECT_EQ(claim.attempt, 2u);
  open_step(claim.seq, "log_2");
  journal_->closed(claim.seq, step_ending("log_2"));
  finish(claim, State::kCompleted);
  EXPECT_EQ(due(), (Endings{R"({"step":"log_1"})"}));
}

TEST_F(OpenStepsTest, SurviveTheHost) {
  open();
  const Claim claim = running();
  open_step(claim.seq, "log_1");
  ASSERT_TRUE(opening(claim.seq)) << "its answer never comes";
  journal_->flush();
  open();
  EXPECT_EQ(due(), Endings{}) << "the event runs again";
  const Claim again = claim_one(*journal_);
  EXPECT_EQ(again.seq, claim.seq);
  finish(again, State::kCompleted);
  EXPECT_EQ(due(), (Endings{R"({"step":"log_1"})"}));
}

TEST_F(OpenStepsTest, OfAnInterruptedEventOfAOnceModuleAreClosedAtTheStart) {
  Options once = options();
  once.once_modules = {"DemoApp"};
  open(once);
  open_step(running().seq, "log_1");
  journal_->flush();
  open(once);
  EXPECT_EQ(due(), (Endings{R"({"step":"log_1"})"}));
}

TEST_F(OpenStepsTest, OfAnEventThatIsWithdrawnAreClosed) {
  open();
  const Claim claim = running();
  open_step(claim.seq, "log_1");
  Settlement retry = end(claim, State::kWaiting, "retry");
  retry.not_before = clock_.unix_now() + std::chrono::minutes(1);
  journal_->settle(std::move(retry));
  Settlement stop = end(claim, State::kCancelled, "stopped_by_user");
  stop.ending = "{}";
  ASSERT_TRUE(journal_->withdraw(std::move(stop)));
  EXPECT_EQ(due(), (Endings{R"({"step":"log_1"})", "{}"}));
}

TEST_F(OpenStepsTest, ACompletedTurnIsKnownToTheNextAttempt) {
  open();
  Claim claim = running();
  EXPECT_FALSE(claim.turn_completed);
  journal_->turn_completed(claim.seq);
  Settlement retry = end(claim, State::kWaiting, "retry");
  retry.not_before = clock_.unix_now() + std::chrono::minutes(1);
  journal_->settle(std::move(retry));
  journal_->flush();
  open();
  const auto waiting = journal_->waiting(10);
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_TRUE(waiting[0].turn_completed);
  EXPECT_EQ(waiting[0].event.id, "evt_1");
  EXPECT_EQ(waiting[0].event.body, "");
  EXPECT_EQ(waiting[0].attempt, 2u);
  clock_.advance(std::chrono::minutes(1));
  claim = claim_one(*journal_);
  EXPECT_TRUE(claim.turn_completed);
  EXPECT_TRUE(journal_->waiting(10).empty());
  finish(claim, State::kDead);
  journal_->turn_completed(claim.seq);
  journal_->flush();
}

TEST_F(OpenStepsTest, ATurnThatAnInterruptedRunCompletedGetsNoEnding) {
  Options once = options();
  once.once_modules = {"DemoApp"};
  once.interrupted_ending = [](const Event& event, const std::string&) { return event.id; };
  open(once);
  journal_->turn_completed(running("evt_1").seq);
  running("evt_2");
  journal_->flush();
  open(once);
  EXPECT_EQ(due(), (Endings{"evt_2"}));
}

TEST_F(OpenStepsTest, AreOfRunningEventsAndNotTooMany) {
  open();
  EXPECT_EQ(opening(99).error().code, Code::kGone);
  const Claim claim = running();
  for (unsigned i = 0; i < kOpenStepsMax; ++i) ASSERT_TRUE(opening(claim.seq));
  EXPECT_EQ(opening(claim.seq).error().code, Code::kDenied);
  finish(claim, State::kDead);
  EXPECT_EQ(opening(claim.seq).error().code, Code::kGone);
}

}  // namespace
}  // namespace modhost::journal::test
