#include "base/lru_map.hpp"

#include <gtest/gtest.h>

#include <string>

namespace modhost {
namespace {

TEST(LruMap, TheOneUsedLongestAgoGoes) {
  LruMap<std::string, int> map(2);
  map.at("a") = 1;
  map.at("b") = 2;
  ASSERT_NE(map.find("a"), nullptr);
  map.at("c") = 3;
  EXPECT_EQ(map.size(), 2u);
  EXPECT_EQ(map.find("b"), nullptr);
  EXPECT_EQ(*map.find("a"), 1);
  EXPECT_EQ(*map.find("c"), 3);
  map.at("a") = 4;
  EXPECT_EQ(map.size(), 2u);
  EXPECT_EQ(map.at("a"), 4);
  map.at("d");
  EXPECT_EQ(map.find("c"), nullptr);
}

}  // namespace
}  // namespace modhost
