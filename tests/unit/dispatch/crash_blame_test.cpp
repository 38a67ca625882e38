// Who is to blame for a crash, and who has to prove himself after it.
#include "dispatch/crash_blame.hpp"

#include <gtest/gtest.h>

#include "dispatch/holds.hpp"

namespace modhost::dispatch {
namespace {

using namespace std::chrono_literals;
using Fault = executor::RunRecord::Fault;

constexpr UnixMillis kNow{1'760'000'000'000ms};

TEST(CrashBlame, AFaultInAnEventIsThatEventsOnly) {
  executor::RunRecord::LastRun last;
  EXPECT_FALSE(last_running(last)) << "nothing is known";
  last.is_known = true;
  last.epoch = 4;
  last.begun = {1, 2};
  last.faults = {Fault{kNow, "A", 9, 11, false}, Fault{kNow, "A", 2, 6, true}, Fault{kNow, "B", 0, 11, true}};
  const auto running = last_running(last);
  ASSERT_TRUE(running);
  EXPECT_EQ(running->epoch, 4u);
  EXPECT_EQ(running->begun, (std::set<journal::EventSeq>{1, 2}));
  EXPECT_EQ(running->blamed, (std::map<journal::EventSeq, std::string>{{2, "signal 6 in code of module A"}}));
}

TEST(CrashBlame, ThreeFaultsWithinAMinuteHoldAModule) {
  std::vector<Fault> faults = {Fault{kNow - 61s, "A", 1, 11, false}, Fault{kNow - 50s, "A", 1, 11, false},
                               Fault{kNow - 2s, "A", 2, 11, false},  Fault{kNow - 1s, "B", 0, 11, false},
                               Fault{kNow - 1s, "B", 0, 11, false},  Fault{kNow + 1h, "A", 2, 11, false}};
  EXPECT_TRUE(modules_to_hold(faults, kNow, true).empty());
  faults.push_back(Fault{kNow, "A", 3, 6, true});
  faults.push_back(Fault{kNow, "B", 0, 6, true});
  EXPECT_EQ(modules_to_hold(faults, kNow, true), std::set<std::string>{"A"});
  EXPECT_EQ(modules_to_hold(faults, kNow, false), std::set<std::string>{"B"});
}

TEST(HoldsTest, AHeldModuleWaitsThenTakesOneAtATimeUntilItHasProvedItself) {
  Holds holds;
  const SteadyTime start{1h};
  EXPECT_EQ(holds.places("A", 64, start), 64u);
  holds.hold("A", start);
  EXPECT_EQ(holds.places("A", 64, start + kHoldTime - 1ns), 0u);
  EXPECT_EQ(holds.places("B", 64, start), 64u);
  const SteadyTime later = start + kHoldTime;
  EXPECT_EQ(holds.places("A", 64, later), 1u);
  EXPECT_EQ(holds.places("A", 0, later), 0u);
  holds.began("A");
  EXPECT_EQ(holds.places("A", 64, later), 0u) << "one at a time";
  EXPECT_FALSE(holds.ended("A", false));
  for (unsigned i = 1; i < kHoldSuccesses; ++i) {
    EXPECT_EQ(holds.places("A", 64, later), 1u);
    holds.began("A");
    EXPECT_FALSE(holds.ended("A", true)) << i;
  }
  holds.began("A");
  EXPECT_TRUE(holds.ended("A", true));
  EXPECT_FALSE(holds.is_held("A"));
  EXPECT_EQ(holds.places("A", 64, later), 64u);
}

}  // namespace
}  // namespace modhost::dispatch
