#include "executor/lane.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "support/gate.hpp"

namespace modhost::executor {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::Gate;

const SystemClock kClock;

Deadline soon() { return Deadline::after(kClock, 20s); }

Lane::Options lane_of(unsigned threads) {
  Lane::Options options;
  options.name = "lane-under-test";
  options.threads = threads;
  return options;
}

TEST(Lane, RunsTasksInTheOrderTheyCame) {
  Lane lane(lane_of(1));
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(lane.submit([&order, i](Lane::Ticket) { order.push_back(i); }));
  ASSERT_TRUE(lane.stop(kClock, soon()));
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Lane, StartsNoThreadBeforeThereIsWorkAndNeverMoreThanAllowed) {
  Lane lane(lane_of(3));
  EXPECT_EQ(lane.status().threads, 0u);
  std::atomic<int> at_once{0}, most{0};
  for (int i = 0; i < 200; ++i)
    ASSERT_TRUE(lane.submit([&](Lane::Ticket) {
      const int now = ++at_once;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::yield();
      --at_once;
    }));
  EXPECT_LE(lane.status().threads, 3u);
  ASSERT_TRUE(lane.stop(kClock, soon()));
  EXPECT_LE(most, 3);
  EXPECT_EQ(lane.status().threads, 0u);
}

TEST(Lane, RunsAsManyAtOnceAsAllowed) {
  Lane lane(lane_of(3));
  Gate all_here;
  std::atomic<int> here{0};
  std::atomic<bool> met{true};
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(lane.submit([&](Lane::Ticket) {
      if (++here == 3) all_here.open();
      if (!all_here.wait()) met = false;
    }));
  ASSERT_TRUE(lane.stop(kClock, soon()));
  EXPECT_TRUE(met);
}

TEST(Lane, RefusesWhatDoesNotFitInsteadOfWaiting) {
  auto options = lane_of(1);
  options.queue_max = 2;
  Lane lane(options);
  Gate entered, leave;
  ASSERT_TRUE(lane.submit([&](Lane::Ticket) {
    entered.open();
    leave.wait();
  }));
  ASSERT_TRUE(entered.wait());
  EXPECT_TRUE(lane.submit([](Lane::Ticket) {}));
  EXPECT_TRUE(lane.submit([](Lane::Ticket) {}));
  EXPECT_FALSE(lane.submit([](Lane::Ticket) {}));
  EXPECT_EQ(lane.status().queued, 2u);
  leave.open();
  EXPECT_TRUE(lane.stop(kClock, soon()));
  EXPECT_FALSE(lane.submit([](Lane::Ticket) {})) << "closed";
}

TEST(Lane, IdleThreadsEndAndComeBack) {
  auto options = lane_of(2);
  options.idle = 1ms;
  Lane lane(options);
  for (int round = 0; round < 5; ++round) {
    Gate ran;
    ASSERT_TRUE(lane.submit([&](Lane::Ticket) { ran.open(); }));
    ASSERT_TRUE(ran.wait());
    EXPECT_TRUE(eventually([&] { return lane.status().threads == 0; }));
  }
  EXPECT_TRUE(lane.stop(kClock, soon()));
}

TEST(Lane, AStuckThreadIsCountedAndReplaced) {
  Lane lane(lane_of(1));
  Gate leave, ran_beside;
  std::atomic<Lane::Ticket> hung{0};
  ASSERT_TRUE(lane.submit([&](Lane::Ticket ticket) {
    hung = ticket;
    leave.wait();
  }));
  ASSERT_TRUE(eventually([&] { return hung != 0; }));
  ASSERT_TRUE(lane.submit([&](Lane::Ticket) { ran_beside.open(); }));
  EXPECT_TRUE(lane.overdue(hung));
  EXPECT_TRUE(ran_beside.wait()) << "the substitute serves the queue";
  EXPECT_EQ(lane.status().stuck, 1u);

  leave.open();
  EXPECT_TRUE(eventually([&] { return lane.status().stuck == 0; }));
  EXPECT_TRUE(eventually([&] { return lane.status().threads <= 1; })) << "back to what is allowed";
  EXPECT_FALSE(lane.overdue(hung)) << "it came back";
  EXPECT_TRUE(lane.stop(kClock, soon()));
}

TEST(Lane, StandsStillWhenAllSubstitutesHang) {
  auto options = lane_of(1);
  options.substitutes_max = 2;
  Lane lane(options);
  Gate leave;
  for (unsigned i = 1; i <= 3; ++i) {
    std::atomic<Lane::Ticket> hung{0};
    ASSERT_TRUE(lane.submit([&](Lane::Ticket ticket) {
      hung = ticket;
      leave.wait();
    }));
    ASSERT_TRUE(eventually([&] { return hung != 0; }));
    ASSERT_TRUE(lane.overdue(hung));
    EXPECT_EQ(lane.status().stuck, i);
  }
  std::atomic<bool> ran{false};
  ASSERT_TRUE(lane.submit([&](Lane::Ticket) { ran = true; }));
  EXPECT_EQ(lane.status().threads, 3u);
  EXPECT_FALSE(ran);
  leave.open();
  EXPECT_TRUE(eventually([&] { return ran.load(); })) << "served once a thread came back";
  EXPECT_TRUE(lane.stop(kClock, soon()));
}

TEST(Lane, StopAbandonsWhatDoesNotEnd) {
  // Owned by the task: an abandoned thread runs on after lane and test are gone.
  const auto leave = std::make_shared<Gate>();
  const auto left = std::make_shared<Gate>();
  const auto dropped = std::make_shared<int>(0);
  {
    Lane lane(lane_of(1));
    const auto entered = std::make_shared<Gate>();
    ASSERT_TRUE(lane.submit([=](Lane::Ticket) {
      entered->open();
      leave->wait();
      left->open();
    }));
    ASSERT_TRUE(entered->wait());
    ASSERT_TRUE(lane.submit([dropped](Lane::Ticket) { ++*dropped; }));
    EXPECT_FALSE(lane.stop(kClock, Deadline::after(kClock, 5ms)));
    EXPECT_EQ(dropped.use_count(), 1) << "the queue is dropped";
  }
  leave->open();
  EXPECT_TRUE(left->wait());
  EXPECT_EQ(*dropped, 0);
}

TEST(Lane, MayBeDestroyedByItsOwnTask) {
  const auto done = std::make_shared<Gate>();
  auto lane = std::make_shared<Lane>(lane_of(1));
  Gate go;
  ASSERT_TRUE(lane->submit([lane, done, &go](Lane::Ticket) mutable {
    go.wait();
    lane.reset();
    done->open();
  }));
  lane.reset();
  go.open();
  EXPECT_TRUE(done->wait());
}

TEST(Lane, ManySubmittersRunEverythingOnce) {
  auto options = lane_of(4);
  options.queue_max = 100'000;
  options.idle = 1ms;
  Lane lane(options);
  std::atomic<int> runs{0};
  std::atomic<bool> all_accepted{true};
  std::mutex mutex;
  std::set<Lane::Ticket> tickets;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i)
        if (!lane.submit([&](Lane::Ticket ticket) {
              ++runs;
              if (ticket % 7 == 0) lane.overdue(ticket);
              std::lock_guard lock(mutex);
              tickets.insert(ticket);
            }))
          all_accepted = false;
    });
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(lane.stop(kClock, soon()));
  EXPECT_TRUE(all_accepted);
  EXPECT_EQ(runs, 2000);
  EXPECT_EQ(tickets.size(), 2000u) << "no ticket is used twice";
}

}  // namespace
}  // namespace modhost::executor
