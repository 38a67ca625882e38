#include "executor/watchdog.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "support/fake_clock.hpp"
#include "support/gate.hpp"

namespace modhost::executor {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::FakeClock;
using test::Gate;

TEST(Watchdog, RunsACallbackWhenItsTimeHasCome) {
  FakeClock clock;
  Watchdog watchdog(clock);
  std::atomic<int> runs{0};
  watchdog.schedule(clock.steady_now() + 5s, [&] { ++runs; });

  clock.advance(4999ms);
  watchdog.wake();
  Gate now;
  watchdog.schedule(clock.steady_now(), [&] { now.open(); });
  ASSERT_TRUE(now.wait());
  EXPECT_EQ(runs, 0);

  clock.advance(1ms);
  watchdog.wake();
  EXPECT_TRUE(eventually([&] { return runs == 1; }));
  EXPECT_EQ(watchdog.size(), 0u);
}

TEST(Watchdog, RunsByTheRealClockWithoutBeingWoken) {
  const SystemClock clock;
  Watchdog watchdog(clock);
  Gate ran;
  watchdog.schedule(clock.steady_now() + 10ms, [&] { ran.open(); });
  EXPECT_TRUE(ran.wait());
}

TEST(Watchdog, RunsInTheOrderOfTime) {
  FakeClock clock;
  Watchdog watchdog(clock);
  std::vector<int> order;
  std::vector<int> delays(200);
  for (int i = 0; i < 200; ++i) delays[static_cast<std::size_t>(i)] = i;
  std::shuffle(delays.begin(), delays.end(), std::mt19937(7));
  for (const int delay : delays)
    watchdog.schedule(clock.steady_now() + std::chrono::milliseconds(delay + 1),
                      [&, delay] { order.push_back(delay); });
  Gate last;
  watchdog.schedule(clock.steady_now() + 1s, [&] { last.open(); });
  clock.advance(1s);
  watchdog.wake();
  ASSERT_TRUE(last.wait());
  ASSERT_EQ(order.size(), 200u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Watchdog, NeverRunsWhatWasCancelled) {
  FakeClock clock;
  Watchdog watchdog(clock);
  std::mt19937 random(11);
  std::vector<Watchdog::EntryId> entries;
  std::atomic<int> ran{0};
  for (int i = 0; i < 500; ++i)
    entries.push_back(
        watchdog.schedule(clock.steady_now() + std::chrono::milliseconds(random() % 900 + 1), [&] { ++ran; }));
  std::shuffle(entries.begin(), entries.end(), random);
  for (std::size_t i = 0; i < 300; ++i) EXPECT_TRUE(watchdog.cancel(entries[i]));
  for (std::size_t i = 0; i < 300; ++i) EXPECT_FALSE(watchdog.cancel(entries[i])) << "a second time";
  EXPECT_EQ(watchdog.size(), 200u);
  Gate last;
  watchdog.schedule(clock.steady_now() + 1s, [&] { last.open(); });
  clock.advance(1s);
  watchdog.wake();
  ASSERT_TRUE(last.wait());
  EXPECT_EQ(ran, 200);
}

TEST(Watchdog, KnowsAnOldEntryFromANewOneInItsPlace) {
  FakeClock clock;
  Watchdog watchdog(clock);
  const auto old_entry = watchdog.schedule(clock.steady_now() + 1s, [] {});
  ASSERT_TRUE(watchdog.cancel(old_entry));
  const auto new_entry = watchdog.schedule(clock.steady_now() + 1s, [] {});
  EXPECT_NE(old_entry, new_entry);
  EXPECT_FALSE(watchdog.cancel(old_entry));
  EXPECT_EQ(watchdog.size(), 1u);
  EXPECT_FALSE(watchdog.cancel(0));
  EXPECT_FALSE(watchdog.cancel(UINT64_MAX));
}

TEST(Watchdog, ACallbackMaySchedule) {
  FakeClock clock;
  Watchdog watchdog(clock);
  Gate second;
  watchdog.schedule(clock.steady_now(), [&] { watchdog.schedule(clock.steady_now(), [&] { second.open(); }); });
  EXPECT_TRUE(second.wait());
}

TEST(Watchdog, DropsWhatHasNotRunWhenDestroyed) {
  FakeClock clock;
  const auto captured = std::make_shared<int>(1);
  {
    Watchdog watchdog(clock);
    watchdog.schedule(clock.steady_now() + 1h, [captured] {});
    EXPECT_EQ(captured.use_count(), 2);
  }
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(Watchdog, SchedulesAndCancelsFromManyThreadsExactlyOnce) {
  const SystemClock clock;
  Watchdog watchdog(clock);
  std::atomic<int> ran{0}, cancelled{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int i = 0; i < 500; ++i) {
        const auto entry =
            watchdog.schedule(clock.steady_now() + std::chrono::microseconds(random() % 300), [&] { ++ran; });
        if (random() % 2 == 0) cancelled += watchdog.cancel(entry) ? 1 : 0;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(eventually([&] { return ran + cancelled == 2000; }));
  EXPECT_EQ(watchdog.size(), 0u);
}

}  // namespace
}  // namespace modhost::executor
