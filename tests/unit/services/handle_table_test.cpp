#include "services/handle_table.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

namespace modhost::services {
namespace {

TEST(HandleTable, FindsWhatIsThereAndKnowsWhatIsNot) {
  HandleTable<int> table(3, 10);
  const auto handle = table.reserve();
  ASSERT_TRUE(handle);
  EXPECT_EQ(table.find(*handle), nullptr) << "reserved, not filled";
  table.fill(*handle, std::make_shared<int>(42));
  EXPECT_EQ(*table.find(*handle), 42);
  EXPECT_EQ(table.state(*handle), HandleState::kLive);
  EXPECT_EQ(table.size(), 1u);

  EXPECT_TRUE(table.erase(*handle));
  EXPECT_FALSE(table.erase(*handle));
  EXPECT_EQ(table.find(*handle), nullptr);
  EXPECT_EQ(table.state(*handle), HandleState::kGone);
  EXPECT_EQ(table.size(), 0u);
}

TEST(HandleTable, KnowsInventedHandles) {
  HandleTable<int> table(3, 10);
  const auto handle = table.reserve();
  table.fill(*handle, std::make_shared<int>(1));
  for (const Handle invented : {Handle{0}, Handle{1}, UINT64_MAX, *handle + 1, *handle ^ (Handle{1} << 40),
                                *handle ^ (Handle{1} << 60), *handle + (Handle{1} << 20)}) {
    EXPECT_EQ(table.find(invented), nullptr) << invented;
    EXPECT_EQ(table.state(invented), HandleState::kInvalid) << invented;
    EXPECT_FALSE(table.erase(invented));
  }
  EXPECT_EQ(table.size(), 1u);
}

TEST(HandleTable, AHandleOfAnotherTableIsNoHandleHere) {
  HandleTable<int> one(3, 10), other(4, 10);
  const auto handle = one.reserve();
  one.fill(*handle, std::make_shared<int>(1));
  const auto twin = other.reserve();
  other.fill(*twin, std::make_shared<int>(2));
  EXPECT_NE(*handle, *twin);
  EXPECT_EQ(other.find(*handle), nullptr);
  EXPECT_EQ(other.state(*handle), HandleState::kInvalid);
}

TEST(HandleTable, NeverGivesTheSameHandleTwiceAndStaysWithinItsCapacity) {
  HandleTable<int> table(1, 4);
  std::set<Handle> seen;
  for (int round = 0; round < 1000; ++round) {
    std::vector<Handle> held;
    while (const auto handle = table.reserve()) held.push_back(*handle);
    EXPECT_EQ(held.size(), 4u);
    for (const Handle handle : held) {
      EXPECT_NE(handle, 0u);
      EXPECT_TRUE(seen.insert(handle).second);
      EXPECT_TRUE(table.erase(handle));
    }
  }
}

TEST(HandleTable, IsSafeFromManyThreads) {
  HandleTable<int> table(1, 64);
  std::atomic<int> erased{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        const auto handle = table.reserve();
        if (!handle) continue;
        table.fill(*handle, std::make_shared<int>(i));
        for (const auto& object : table.all()) EXPECT_GE(*object, 0);
        EXPECT_EQ(*table.find(*handle), i);
        erased += table.erase(*handle) ? 1 : 0;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(erased, 4000);
  EXPECT_EQ(table.size(), 0u);
}

}  // namespace
}  // namespace modhost::services
