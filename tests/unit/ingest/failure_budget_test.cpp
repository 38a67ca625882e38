#include "ingest/failure_budget.hpp"

#include "support/fake_clock.hpp"

namespace modhost::ingest {
namespace {

using namespace std::chrono_literals;

IpAddress address(const std::string& text) { return IpAddress::parse(text).value(); }

class FailureBudgetTest : public testing::Test {
 protected:
  void fail(const IpAddress& who, unsigned times, std::chrono::milliseconds pause = 0ms) {
    for (unsigned i = 0; i < times; ++i) {
      budget_.failed(who);
      clock_.advance(pause);
    }
  }
  test::FakeClock clock_;
  FailureBudget budget_{clock_};
  const IpAddress somebody_ = address("203.0.113.7");
};

TEST_F(FailureBudgetTest, MoreThanTwentyFailuresInAMinuteAreTooMany) {
  fail(somebody_, 20);
  EXPECT_TRUE(budget_.admits(somebody_));
  fail(somebody_, 1);
  EXPECT_FALSE(budget_.admits(somebody_));
  EXPECT_TRUE(budget_.admits(address("203.0.113.8"))) << "nobody else";
  clock_.advance(60s - 1ms);
  EXPECT_FALSE(budget_.admits(somebody_));
  clock_.advance(1ms);
  EXPECT_TRUE(budget_.admits(somebody_));
  fail(somebody_, 20);
  EXPECT_TRUE(budget_.admits(somebody_)) << "the old ones count no more";
  fail(somebody_, 1);
  EXPECT_FALSE(budget_.admits(somebody_));
}

TEST_F(FailureBudgetTest, TheMinuteSlides) {
  fail(somebody_, 1);
  clock_.advance(59s);
  fail(somebody_, 20);
  EXPECT_FALSE(budget_.admits(somebody_));
  clock_.advance(1s);
  EXPECT_TRUE(budget_.admits(somebody_)) << "twenty are left";
  fail(somebody_, 1);
  EXPECT_FALSE(budget_.admits(somebody_)) << "no fresh start";
}

TEST_F(FailureBudgetTest, SlowFailuresAreNeverTooMany) {
  fail(somebody_, 1000, 3s);
  EXPECT_TRUE(budget_.admits(somebody_));
}

TEST_F(FailureBudgetTest, WhoVerifiedLatelyIsNotHeldBack) {
  budget_.verified(somebody_);
  clock_.advance(10min - 1ms);
  fail(somebody_, 50);
  EXPECT_TRUE(budget_.admits(somebody_));
  clock_.advance(1ms);
  EXPECT_FALSE(budget_.admits(somebody_));
}

TEST_F(FailureBudgetTest, OneSiteOfIpv6IsOneAddress) {
  for (int i = 0; i < 21; ++i) budget_.failed(address("2001:db8:1:2::" + std::to_string(i)));
  EXPECT_FALSE(budget_.admits(address("2001:db8:1:2:ffff::1")));
  EXPECT_TRUE(budget_.admits(address("2001:db8:1:3::1")));
}

TEST_F(FailureBudgetTest, AFloodFromManyAddressesNeitherGrowsNorForgetsWhoVerifies) {
  const IpAddress platform = address("198.51.100.1");
  budget_.verified(platform);
  fail(platform, 21);
  fail(somebody_, 21);
  const auto flood = [&](std::size_t addresses) {
    for (std::size_t i = 0; i < addresses; ++i)
      budget_.failed(address("10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." +
                             std::to_string(i & 255)));
  };
  flood(limits::kFailingAddressesMax - 1);
  EXPECT_FALSE(budget_.admits(somebody_)) << "among the last so many";
  flood(limits::kFailingAddressesMax + 1);
  EXPECT_TRUE(budget_.admits(somebody_)) << "the memory is bounded";
  fail(platform, 21);
  EXPECT_TRUE(budget_.admits(platform));
}

}  // namespace
}  // namespace modhost::ingest
