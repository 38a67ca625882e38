// Whose turn it is when an origin's connections are all taken.
#include "platform/origin.hpp"

#include <gtest/gtest.h>

namespace modhost::platform {
namespace {

Origin::CallPtr call(CallId id, const std::string& group) {
  HttpRequest request;
  request.group = group;
  return std::make_shared<Call>(id, std::move(request), nullptr);
}

TEST(Origin, OneGroupLeavesAQuarterToTheOthers) {
  Origin origin(8);
  for (CallId id = 1; id <= 6; ++id) {
    EXPECT_TRUE(origin.has_room("greedy"));
    origin.began(*call(id, "greedy"));
  }
  EXPECT_FALSE(origin.has_room("greedy"));
  EXPECT_TRUE(origin.has_room("modest"));
  origin.wait(call(7, "greedy"));
  EXPECT_EQ(origin.next(), nullptr) << "it has its share";
}

TEST(Origin, TheGroupWithTheFewestConnectionsIsServedFirst) {
  Origin origin(4);
  for (CallId id = 1; id <= 3; ++id) origin.began(*call(id, "a"));
  origin.began(*call(4, "b"));
  origin.wait(call(5, "a"));
  origin.wait(call(6, "b"));
  origin.wait(call(7, ""));
  origin.wait(call(8, ""));
  EXPECT_EQ(origin.next(), nullptr);
  for (const CallId expected : {7, 8, 5}) {
    origin.ended(*call(1, "a"));
    const auto next = origin.next();
    ASSERT_NE(next, nullptr);
    EXPECT_EQ(next->id, expected);
    origin.began(*next);
  }
}

TEST(Origin, IsUnusedWhenNobodyCallsOrWaits) {
  Origin origin(1);
  const auto first = call(1, "a"), second = call(2, "b");
  origin.began(*first);
  origin.wait(second);
  origin.ended(*first);
  EXPECT_FALSE(origin.is_unused());
  origin.forget(*second);
  EXPECT_TRUE(origin.is_unused());
  EXPECT_TRUE(origin.has_room("a"));
}

}  // namespace
}  // namespace modhost::platform
