// Steps of the wall clock, by a day and both ways: while the journal runs no timer moves, and what the last run left
// waits no longer than it was told to.
#include "journal_test_support.hpp"

namespace modhost::journal::test {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::hours kSteps[] = {24h, -24h};

class ClockSteps : public JournalTest, public testing::WithParamInterface<std::chrono::hours> {
 protected:
  // An event that waits for ten seconds.
  void wait_ten_seconds() {
    ASSERT_TRUE(append(*journal_, event("evt_1")));
    Settlement later = end(claim_one(*journal_), State::kWaiting, "retry");
    later.not_before = clock_.unix_now() + 10s;
    journal_->settle(std::move(later));
    journal_->flush();
  }
  std::vector<std::string> ready_after(std::chrono::milliseconds time) {
    clock_.advance(time);
    journal_->flush();
    journal_->flush();  // a release that the first one has written
    return journal_->modules_ready();
  }
  // An ended event whose ending the platform did not take: ten seconds to wait.
  void owe_an_ending() {
    ASSERT_TRUE(append(*journal_, event("evt_1")));
    Settlement dead = end(claim_one(*journal_), State::kDead, "permanent");
    dead.ending = "{}";
    journal_->settle(std::move(dead));
    journal_->flush();
    journal_->outbox_later(journal_->outbox_due(1).at(0).id, clock_.unix_now() + 10s);
    journal_->flush();
  }
};

TEST_P(ClockSteps, MoveNoTimerOfAWaitingEvent) {
  open();
  wait_ten_seconds();
  clock_.step_wall(GetParam());
  EXPECT_TRUE(ready_after(9s).empty()) << "too early";
  EXPECT_EQ(ready_after(1s), std::vector<std::string>{"DemoApp"}) << "too late";
  expect_balanced();
}

TEST_P(ClockSteps, MoveNoTimerOfAnEnding) {
  open();
  owe_an_ending();
  clock_.step_wall(GetParam());
  clock_.advance(9s);
  EXPECT_TRUE(journal_->outbox_due(1).empty()) << "too early";
  clock_.advance(1s);
  EXPECT_EQ(journal_->outbox_due(1).size(), 1u) << "too late";
}

TEST_P(ClockSteps, BetweenTwoHostsMakeNobodyWaitLonger) {
  open();
  wait_ten_seconds();
  close();
  clock_.step_wall(GetParam());
  open();
  EXPECT_EQ(ready_after(10s), std::vector<std::string>{"DemoApp"});
  EXPECT_EQ(claim_one(*journal_).event.id, "evt_1");
}

TEST_P(ClockSteps, BetweenTwoHostsMakeNoEndingWaitLonger) {
  open();
  owe_an_ending();
  close();
  clock_.step_wall(GetParam());
  open();
  clock_.advance(60s);  // as long as an ending ever waits
  EXPECT_EQ(journal_->outbox_due(1).size(), 1u);
}

TEST_P(ClockSteps, BetweenTwoHostsLoseNothingAndKnowEveryId) {
  Options with = options();
  with.once_modules = {"Once"};
  open(with);
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  ASSERT_TRUE(append(*journal_, event("evt_2", "Once")));
  claim_one(*journal_, "Once");
  close();
  clock_.step_wall(GetParam());
  open(with);
  EXPECT_EQ(append(*journal_, event("evt_1")).value(), Appended::kDuplicate);
  EXPECT_EQ(claim_one(*journal_).event.id, "evt_1");
  EXPECT_TRUE(journal_->claim("Once", 1).empty()) << "it has run";
  EXPECT_EQ(journal_->stats().ended, 1u);
  expect_balanced();
}

using ClockOfTheLastHost = JournalTest;

// The deadline of such an event would be late by the whole step: it came now.
TEST_F(ClockOfTheLastHost, IsTheFutureWhenItWasSetBack) {
  open();
  for (const char* id : {"evt_1", "evt_2"}) ASSERT_TRUE(append(*journal_, event(id)));
  close();
  clock_.step_wall(-24h);
  open();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(claim_one(*journal_).first_received, clock_.unix_now());
}

INSTANTIATE_TEST_SUITE_P(ByADay, ClockSteps, testing::ValuesIn(kSteps));

}  // namespace
}  // namespace modhost::journal::test
