// Every state is moved on by the part it names and by no other, whatever time passes and whoever else acts.
#include "journal_test_support.hpp"

namespace modhost::journal::test {
namespace {

class Movers : public JournalTest, public testing::WithParamInterface<State> {
 protected:
  // One event, brought into the state by the shortest way.
  void SetUp() override {
    open();
    ASSERT_TRUE(append(*journal_, event("evt_1")));
    if (GetParam() == State::kReady) return;
    claim_ = claim_one(*journal_);
    if (GetParam() != State::kRunning) settle(GetParam());
    journal_->flush();
    ASSERT_EQ(state(), GetParam());
  }
  void settle(State to) {
    Settlement settlement = end(claim_, to, "test");
    settlement.not_before = clock_.unix_now() + kWait;
    journal_->settle(std::move(settlement));
  }
  State state() {
    journal_->flush();
    return rows().at(0).state;
  }

  // The parts, each doing all it can.
  void dispatcher() {
    for (int i = 0; i < 3; ++i) {
      journal_->claim("DemoApp", 10);
      journal_->flush();
    }
  }
  void outcome() {
    settle(State::kCompleted);
    journal_->flush();
  }
  void timer() {
    clock_.advance(std::chrono::hours(24 * 7));
    for (int i = 0; i < 3; ++i) journal_->flush();
  }
  void act(Mover mover) {
    if (mover == Mover::kDispatcher) dispatcher();
    if (mover == Mover::kOutcome) outcome();
    if (mover == Mover::kTimer) timer();
  }

  static constexpr std::chrono::seconds kWait{10};
  Claim claim_;
};

TEST_P(Movers, NobodyElseMovesIt) {
  for (const Mover mover : {Mover::kDispatcher, Mover::kOutcome, Mover::kTimer}) {
    if (mover == mover_of(GetParam())) continue;
    act(mover);
    EXPECT_EQ(state(), GetParam()) << static_cast<int>(mover);
  }
  expect_balanced();
}

TEST_P(Movers, TheOneItNamesDoes) {
  act(mover_of(GetParam()));
  if (is_terminal(GetParam()))
    EXPECT_EQ(state(), GetParam());
  else
    EXPECT_NE(state(), GetParam());
  expect_balanced();
}

TEST_P(Movers, ARestartLeavesNothingRunning) {
  open();
  const State before = GetParam();
  EXPECT_EQ(state(), before == State::kRunning ? State::kReady : before);
  expect_balanced();
}

// All of them reach an end: what is live is moved on until nothing is.
TEST_P(Movers, EveryWayEnds) {
  for (int step = 0; step < 5 && !is_terminal(state()); ++step) {
    if (state() == State::kReady) {
      claim_ = claim_one(*journal_);
      continue;
    }
    act(mover_of(state()));
  }
  EXPECT_TRUE(is_terminal(state()));
  EXPECT_TRUE(journal_->stats().live.empty());
}

INSTANTIATE_TEST_SUITE_P(States, Movers,
                         testing::Values(State::kReady, State::kRunning, State::kWaiting, State::kCompleted,
                                         State::kCancelled, State::kExpired, State::kDead),
                         [](const auto& of) { return std::string(to_string(of.param)); });

}  // namespace
}  // namespace modhost::journal::test
