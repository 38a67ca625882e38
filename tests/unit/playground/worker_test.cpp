// The stand-in's thread: order, delays, stopping.
#include "playground/worker.hpp"

#include <gtest/gtest.h>

#include "support/gate.hpp"

namespace modhost::playground::test {
namespace {

using modhost::test::Gate;
using namespace std::chrono_literals;

TEST(WorkerThread, RunsTasksInOrderAndLaterOnesLater) {
  SystemClock clock;
  Worker worker(clock);
  std::string order;  // the worker's thread only, read after stop()
  Gate done;
  worker.at(clock.steady_now() + 30ms, [&] {
    order += "c";
    done.open();
  });
  worker.post([&] { order += "a"; });
  worker.post([&] { order += "b"; });
  worker.start();
  ASSERT_TRUE(done.wait());
  worker.stop();
  EXPECT_EQ(order, "abc");
}

TEST(WorkerThread, AnEarlierTaskOvertakesAWaitingOne) {
  SystemClock clock;
  Worker worker(clock);
  Gate done;
  worker.start();
  worker.at(clock.steady_now() + 1h, [] { ADD_FAILURE() << "ran an hour early"; });
  worker.post([&] { done.open(); });
  EXPECT_TRUE(done.wait());
}

TEST(WorkerThread, StopDropsWhatHasNotBegun) {
  SystemClock clock;
  Worker worker(clock);
  const auto owned = std::make_shared<int>(1);
  worker.at(clock.steady_now() + 1h, [owned] { ADD_FAILURE(); });
  worker.start();
  worker.stop();
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_FALSE(worker.post([] { ADD_FAILURE(); }));
  worker.stop();
}

TEST(WorkerThread, IsBounded) {
  SystemClock clock;
  Worker worker(clock);
  for (std::size_t i = 0; i < kTasksMax; ++i) ASSERT_TRUE(worker.post([] {}));
  EXPECT_FALSE(worker.post([] {}));
}

}  // namespace
}  // namespace modhost::playground::test
