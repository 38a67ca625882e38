// Every row of the result table in docs/delivery.md.
#include "dispatch/policy.hpp"

namespace modhost::dispatch {
namespace {

using namespace std::chrono_literals;
using journal::State;
using Kind = plugin::Outcome::Kind;

const UnixMillis kStart{std::chrono::milliseconds(1'760'000'000'000)};

plugin::Outcome outcome(Kind kind, std::chrono::milliseconds retry_after = 0ms) {
  plugin::Outcome made;
  made.kind = kind;
  made.retry_after = retry_after;
  return made;
}

AttemptFacts facts(unsigned attempt = 1, std::chrono::milliseconds age = 1s) {
  AttemptFacts made;
  made.attempt = attempt;
  made.first_received = kStart;
  made.now = kStart + age;
  return made;
}

TEST(Policy, OkCompletes) {
  const Decision decision = decide({}, outcome(Kind::kOk), facts());
  EXPECT_EQ(decision.state, State::kCompleted);
  EXPECT_EQ(decision.reason, "ok");
}

TEST(Policy, RetriesFollowTheScheduleThenTheEventIsDead) {
  const config::ModuleConfig module;  // 2 s, 10 s, 60 s
  const std::chrono::milliseconds delays[] = {2s, 10s, 60s};
  for (unsigned attempt = 1; attempt <= 3; ++attempt) {
    const Decision decision = decide(module, outcome(Kind::kRetry), facts(attempt));
    EXPECT_EQ(decision.state, State::kWaiting);
    EXPECT_EQ(decision.not_before, kStart + 1s + delays[attempt - 1]);
    EXPECT_TRUE(decision.consumes_attempt);
  }
  const Decision last = decide(module, outcome(Kind::kRetry), facts(4));
  EXPECT_EQ(last.state, State::kDead);
  EXPECT_EQ(last.reason, "exhausted");
}

TEST(Policy, JitterIsTwentyPercentEitherWay) {
  AttemptFacts low = facts(), high = facts();
  low.jitter = -1;
  high.jitter = 1;
  EXPECT_EQ(decide({}, outcome(Kind::kRetry), low).not_before, kStart + 1s + 1600ms);
  EXPECT_EQ(decide({}, outcome(Kind::kRetry), high).not_before, kStart + 1s + 2400ms);
}

TEST(Policy, AModuleMayAskForALongerDelayNotAShorterOne) {
  EXPECT_EQ(decide({}, outcome(Kind::kRetry, 30s), facts()).not_before, kStart + 31s);
  EXPECT_EQ(decide({}, outcome(Kind::kRetry, 1ms), facts()).not_before, kStart + 3s);
}

TEST(Policy, NothingWaitsPastTheEventsDeadline) {
  const Decision decision = decide({}, outcome(Kind::kRetry), facts(1, 10min - 1s));
  EXPECT_EQ(decision.state, State::kExpired);
  EXPECT_EQ(decision.reason, "event_deadline");
  EXPECT_EQ(decide({}, outcome(Kind::kSnooze, 1h), facts()).state, State::kExpired);
}

TEST(Policy, ASnoozeUsesNoAttempt) {
  const Decision decision = decide({}, outcome(Kind::kSnooze, 5s), facts(4));
  EXPECT_EQ(decision.state, State::kWaiting);
  EXPECT_FALSE(decision.consumes_attempt);
  EXPECT_EQ(decision.not_before, kStart + 6s);
}

TEST(Policy, AFailureIsPermanent) {
  const Decision decision = decide({}, outcome(Kind::kFailed), facts());
  EXPECT_EQ(decision.state, State::kDead);
  EXPECT_EQ(decision.reason, "permanent");
}

TEST(Policy, CrashAndDeadlineRetryOnlyWhereSideEffectsAreIdempotent) {
  config::ModuleConfig once;
  once.side_effects = config::SideEffects::kOnce;
  for (const Kind kind : {Kind::kCrashed, Kind::kDeadline, Kind::kCancelled}) {
    EXPECT_EQ(decide({}, outcome(kind), facts()).state, State::kWaiting);
    EXPECT_EQ(decide(once, outcome(kind), facts()).state, State::kDead);
    EXPECT_EQ(decide(once, outcome(kind), facts()).reason, "interrupted");
  }
  EXPECT_EQ(decide(once, outcome(Kind::kRetry), facts()).state, State::kWaiting) << "the module's own word is honoured";
}

TEST(Policy, AStopOfOursGivesTheEventBackUnused) {
  AttemptFacts stopping = facts();
  stopping.is_stopping = true;
  const Decision decision = decide({}, outcome(Kind::kCancelled), stopping);
  EXPECT_EQ(decision.state, State::kReady);
  EXPECT_FALSE(decision.consumes_attempt);
}

TEST(Policy, ARunGivenUpAtTheStopMayHaveReachedTheOutside) {
  AttemptFacts stopping = facts();
  stopping.is_stopping = true;
  plugin::Outcome unfinished = outcome(Kind::kCancelled);
  unfinished.is_unfinished = true;
  const Decision again = decide({}, unfinished, stopping);
  EXPECT_EQ(again.state, State::kReady);
  EXPECT_TRUE(again.consumes_attempt) << "as after a kill";
  config::ModuleConfig once;
  once.side_effects = config::SideEffects::kOnce;
  EXPECT_EQ(decide(once, unfinished, stopping).state, State::kDead);
  EXPECT_EQ(decide(once, outcome(Kind::kCancelled), stopping).state, State::kReady) << "it never began";
}

TEST(Policy, TheLatestPossibleTimeIsStillTheFuture) {
  for (const Kind kind : {Kind::kSnooze, Kind::kRetry}) {
    const Decision decision = decide({}, outcome(kind, std::chrono::milliseconds::max()), facts());
    EXPECT_EQ(decision.state, State::kExpired);
  }
}

TEST(Policy, NoRetriesMeansOneAttempt) {
  config::ModuleConfig module;
  module.retry.clear();
  EXPECT_EQ(decide(module, outcome(Kind::kRetry), facts()).state, State::kDead);
}

TEST(Policy, WhatIsNotWantedAnyMoreIsCancelledHoweverItEnds) {
  config::ModuleConfig once;
  once.side_effects = config::SideEffects::kOnce;
  for (const auto reason :
       {plugin::CancelReason::kUser, plugin::CancelReason::kSuperseded, plugin::CancelReason::kOperator})
    for (const Kind kind : {Kind::kCancelled, Kind::kRetry, Kind::kSnooze, Kind::kFailed, Kind::kCrashed}) {
      plugin::Outcome stopped = outcome(kind);
      stopped.cancelled_for = reason;
      EXPECT_EQ(decide({}, stopped, facts()).state, State::kCancelled);
      EXPECT_EQ(decide(once, stopped, facts()).state, State::kCancelled);
    }
  plugin::Outcome finished = outcome(Kind::kOk);
  finished.cancelled_for = plugin::CancelReason::kUser;
  EXPECT_EQ(decide({}, finished, facts()).state, State::kCompleted) << "it was done before it heard of it";
  plugin::Outcome late = outcome(Kind::kDeadline);
  late.cancelled_for = plugin::CancelReason::kDeadline;
  EXPECT_EQ(decide({}, late, facts()).state, State::kWaiting);
}

}  // namespace
}  // namespace modhost::dispatch
