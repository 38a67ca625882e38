// Coroutines of the SDK on the threads, timers and calls of a real instance.
#include "runtime_fixture.hpp"

namespace modhost::plugin {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;
using test::eventually;

class Coroutines : public RuntimeTest {
 protected:
  void start(unsigned in_flight, unsigned threads = 1) {
    module_.in_flight = in_flight;
    module_.threads = threads;
    module_.attempt_deadline = 60s;
    started(fault("coroutine"));
  }
  // Each that sleeps has two timers: its own and its deadline.
  bool all_sleep(std::size_t count) {
    return eventually([&] { return watchdog_.size() == 2 * count; });
  }
  // Submits this many and lets them come to their call.
  void begin(int count) {
    for (int i = 1; i <= count; ++i) submit(i);
    ASSERT_TRUE(all_sleep(static_cast<std::size_t>(count)));
    advance(10s);
    ASSERT_TRUE(eventually([&] { return client_.live() == static_cast<std::size_t>(count); }));
    ASSERT_TRUE(all_sleep(static_cast<std::size_t>(count)));  // beside the call
  }
  std::string left_behind() {
    const auto found = key_values_.get(module_.name, "left behind");
    return found ? found->value : "not destroyed";
  }
};

TEST_F(Coroutines, HundredsWaitOnOneThread) {
  start(300);
  begin(300);
  EXPECT_EQ(runtime_->status().in_flight, 300u);
  for (const auto& call : client_.requests()) client_.respond(call, 200, "{}");
  advance(1s);
  for (int i = 1; i <= 300; ++i) EXPECT_EQ(outcomes_.wait(i).kind, Kind::kOk);
  EXPECT_TRUE(stop());
  EXPECT_EQ(left_behind(), "0");
}

TEST_F(Coroutines, UnwindAtTheirDeadline) {
  start(4);
  submit(1);
  const auto [outcome, passed] = run_out(1);  // nobody answers its call
  EXPECT_EQ(outcome.kind, Kind::kDeadline);
  EXPECT_LT(passed, 80s);
  EXPECT_TRUE(eventually([&] { return runtime_->status().in_flight == 0; }));
  EXPECT_TRUE(stop());
  EXPECT_EQ(left_behind(), "0");
}

TEST_F(Coroutines, AStopEndsThemWhereverTheyAre) {
  start(60, 2);
  begin(30);
  for (int i = 31; i <= 60; ++i) submit(i);
  ASSERT_TRUE(all_sleep(60));  // half of them beside a call
  EXPECT_TRUE(stop());
  EXPECT_EQ(left_behind(), "0");
  for (int i = 1; i <= 60; ++i) EXPECT_EQ(outcomes_.wait(i).kind, Kind::kCancelled) << i;
}

// The same calls in a module that blocks: its one thread does all of it, and hears of the end.
class Blocking : public RuntimeTest {
 protected:
  void start() {
    module_.threads = 1;
    module_.attempt_deadline = 60s;
    started(fault("blocks"));
  }
  std::string kept(const std::string& key) {
    const auto found = key_values_.get(module_.name, key);
    return found ? found->value : "nothing";
  }
};

TEST_F(Blocking, OneThreadWaitsForItsOwnCoroutines) {
  start();
  submit(1);
  ASSERT_TRUE(eventually([&] { return client_.live() == 1u; }));
  client_.respond(client_.requests().front(), 200, R"({"said": "yes"})");
  ASSERT_TRUE(eventually([&] { return kept("asked") == "yes"; }));
  EXPECT_TRUE(stop()) << "it sleeps for an hour, and hears that it is over";
  EXPECT_EQ(outcomes_.wait(1).kind, Kind::kCancelled);
  EXPECT_EQ(kept("left behind"), "0");
}

TEST_F(Blocking, SleepEndsAtTheDeadline) {
  start();
  submit(1);
  ASSERT_TRUE(eventually([&] { return client_.live() == 1u; }));
  client_.respond(client_.requests().front(), 200, R"({"said": "yes"})");
  ASSERT_TRUE(eventually([&] { return kept("asked") == "yes"; }));
  EXPECT_EQ(run_out(1).first.kind, Kind::kDeadline);
  EXPECT_TRUE(eventually([&] { return runtime_->status().in_flight == 0; }));
  EXPECT_TRUE(stop());
  EXPECT_EQ(kept("left behind"), "0");
}

TEST_F(Blocking, ATaskComesAgainUntilTheInstanceStops) {
  start();
  // It is set again some time after it ran, so that the clock goes on in small steps until it has come three times.
  ASSERT_TRUE(eventually([&] {
    advance(1s);
    std::this_thread::sleep_for(1ms);                             // the watchdog's turn
    return std::strtol(kept("ticks").c_str(), nullptr, 10) >= 3;  // none yet: 0
  }));
  EXPECT_TRUE(stop());
  EXPECT_EQ(kept("left behind"), "0");
  const std::string ticks = kept("ticks");
  advance(1h);
  EXPECT_EQ(kept("ticks"), ticks);
}

}  // namespace
}  // namespace modhost::plugin
