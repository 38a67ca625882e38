#include "base/anchored_clock.hpp"
#include "base/bounded_queue.hpp"
#include "base/clock.hpp"
#include "base/percent.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "support/fake_clock.hpp"

namespace modhost {
namespace {

using namespace std::chrono_literals;

TEST(Result, CarriesAValueOrAnErrorThatGainsContext) {
  const auto half = [](int value) -> Result<int> {
    if (value % 2 != 0) return invalid("odd");
    return value / 2;
  };
  EXPECT_EQ(half(4).value(), 2);
  const auto failed = half(3);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kInvalid);
  EXPECT_EQ(Error(failed.error()).within("half").message, "half: odd");
}

TEST(Percent, AnyTextComesBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
  EXPECT_EQ(percent_encoded("aZ09-._~ /%+?ä"), "aZ09-._~%20%2F%25%2B%3F%C3%A4");
}

TEST(Percent, WhatIsNoEscapeStays) {
  EXPECT_EQ(percent_decoded("%4a%4A+%2"), "JJ+%2");
  EXPECT_EQ(percent_decoded("%zz%1%%41%4"), "%zz%1%A%4");
}

TEST(Secret, MovesLeaveNothingBehind) {
  Secret first(std::string("usig_short"));
  const char* const bytes = first.reveal().data();
  Secret second(std::move(first));
  EXPECT_EQ(second.reveal(), "usig_short");
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(std::string(bytes, 10), std::string(10, '\0')) << "the moved-from short string is wiped";
}

TEST(AnchoredClock, IsMovedByNoStepOfTheWallClock) {
  test::FakeClock wall;
  const UnixMillis began = wall.unix_now();
  const AnchoredClock clock(wall);
  wall.step_wall(24h);
  wall.advance(3s);
  EXPECT_EQ(clock.unix_now(), began + 3s);
  wall.step_wall(-48h);
  wall.advance(1500ms);
  EXPECT_EQ(clock.unix_now(), began + 4500ms);
  EXPECT_EQ(clock.steady_now(), wall.steady_now());
}

TEST(Deadline, RemainingIsNeverNegative) {
  test::FakeClock clock;
  const Deadline deadline = Deadline::after(clock, 5s);
  EXPECT_EQ(deadline.remaining(clock), 5s);
  clock.advance(6s);
  EXPECT_TRUE(deadline.has_passed(clock));
  EXPECT_EQ(deadline.remaining(clock), 0ms);
  EXPECT_FALSE(Deadline::never().has_passed(clock));
}

TEST(BoundedQueue, RefusesWhenFullAndDrainsAfterClose) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.try_push(1));
  EXPECT_TRUE(queue.try_push(2));
  EXPECT_FALSE(queue.try_push(3));
  queue.close();
  EXPECT_FALSE(queue.try_push(4));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, CloseWakesAWaitingConsumer) {
  BoundedQueue<int> queue(1);
  std::thread consumer([&] { EXPECT_EQ(queue.pop(), std::nullopt); });
  queue.close();
  consumer.join();
}

}  // namespace
}  // namespace modhost
