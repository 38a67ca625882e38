// The rules of repetition, on a clock that stands still.
#include <gtest/gtest.h>

#include "platform/retry_policy.hpp"
#include "support/fake_clock.hpp"

namespace modhost::platform::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

class RetryPolicyTest : public testing::Test {
 protected:
  std::optional<milliseconds> pause(const HttpRequest& request, AttemptEnd end, int attempts = 1) const {
    return policy_.pause_before_next(request, end, attempts);
  }
  HttpRequest request(std::string method) const {
    HttpRequest request;
    request.method = std::move(method);
    request.deadline = Deadline::after(clock_, 60s);
    return request;
  }

  modhost::test::FakeClock clock_{1'760'000'000'000};  // Thu, 09 Oct 2025 08:53:20 GMT
  double random_ = 0;
  RetryPolicy policy_{clock_, [this] { return random_; }};
};

TEST_F(RetryPolicyTest, PausesOneThenTwoSecondsThenStops) {
  EXPECT_EQ(pause(request("GET"), {.status = 500}, 1), 1000ms);
  EXPECT_EQ(pause(request("GET"), {.status = 500}, 2), 2000ms);
  EXPECT_EQ(pause(request("GET"), {.status = 500}, 3), std::nullopt);
}

TEST_F(RetryPolicyTest, AddsUpToATenth) {
  random_ = 1;
  EXPECT_EQ(pause(request("GET"), {.status = 500}, 1), 1100ms);
  EXPECT_EQ(pause(request("GET"), {.status = 500}, 2), 2200ms);
  random_ = 0.5;
  EXPECT_EQ(pause(request("GET"), {.status = 500, .retry_after = "10"}, 2), 10'500ms);
}

TEST_F(RetryPolicyTest, CallerMayLowerTheAttemptsNotRaiseThem) {
  HttpRequest get = request("GET");
  get.attempts_max = 1;
  EXPECT_EQ(pause(get, {.status = 500}), std::nullopt);
  get.attempts_max = 100;
  EXPECT_EQ(pause(get, {.status = 500}, 3), std::nullopt);
}

TEST_F(RetryPolicyTest, NeverPausesPastTheDeadline) {
  HttpRequest get = request("GET");
  get.deadline = Deadline::after(clock_, 1000ms);
  EXPECT_EQ(pause(get, {.status = 500}), std::nullopt);
  get.deadline = Deadline::after(clock_, 1001ms);
  EXPECT_EQ(pause(get, {.status = 500}), 1000ms);
  get.deadline = Deadline::after(clock_, 5s);
  EXPECT_EQ(pause(get, {.status = 503, .retry_after = "5"}), std::nullopt);
  EXPECT_EQ(pause(get, {.status = 503, .retry_after = "4"}), 4000ms);
  clock_.advance(6s);
  EXPECT_EQ(pause(get, {.status = 500}), std::nullopt);
}

TEST_F(RetryPolicyTest, PostIsRepeatedOnlyWhenThatIsSafe) {
  const HttpRequest post = request("POST");
  EXPECT_EQ(pause(post, {.status = 0, .request_sent = true}), std::nullopt);
  EXPECT_EQ(pause(post, {.status = 0, .request_sent = false}), 1000ms);
  EXPECT_EQ(pause(post, {.status = 500}), std::nullopt);
  EXPECT_EQ(pause(post, {.status = 500, .retry_after = "1"}), std::nullopt);
  EXPECT_EQ(pause(post, {.status = 503}), std::nullopt);
  EXPECT_EQ(pause(post, {.status = 503, .retry_after = "soon"}), std::nullopt);
  EXPECT_EQ(pause(post, {.status = 503, .retry_after = "1"}), 1000ms);
  EXPECT_EQ(pause(post, {.status = 429, .retry_after = "7"}), 7000ms);
  HttpRequest safe = post;
  safe.safe_to_repeat = true;
  EXPECT_EQ(pause(safe, {.status = 0, .request_sent = true}), 1000ms);
  EXPECT_EQ(pause(safe, {.status = 500}), 1000ms);
}

TEST_F(RetryPolicyTest, OthersAreRepeatedOnFailureServerErrorsAndBeingTurnedAway) {
  for (const char* method : {"GET", "PUT", "PATCH", "DELETE", "HEAD"}) {
    EXPECT_EQ(pause(request(method), {.status = 0}), 1000ms);
    EXPECT_EQ(pause(request(method), {.status = 0, .hopeless = true}), std::nullopt);
    EXPECT_EQ(pause(request(method), {.status = 429}), std::nullopt);
    EXPECT_EQ(pause(request(method), {.status = 429, .retry_after = "2"}), 2000ms);
    EXPECT_EQ(pause(request(method), {.status = 404}), std::nullopt);
    EXPECT_EQ(pause(request(method), {.status = 302}), std::nullopt);
    EXPECT_EQ(pause(request(method), {.status = 200, .body = "Internal server error"}), std::nullopt);
  }
}

TEST_F(RetryPolicyTest, HoldsBackWhatMayBeRepeated) {
  EXPECT_FALSE(policy_.may_repeat(request("GET"), 200, ""));
  EXPECT_TRUE(policy_.may_repeat(request("GET"), 404, ""));
  EXPECT_FALSE(policy_.may_repeat(request("POST"), 500, ""));
  EXPECT_FALSE(policy_.may_repeat(request("POST"), 503, ""));
  EXPECT_TRUE(policy_.may_repeat(request("POST"), 503, "1"));
}

TEST_F(RetryPolicyTest, ReadsRetryAfter) {
  EXPECT_EQ(policy_.parse_retry_after("0"), 0ms);
  EXPECT_EQ(policy_.parse_retry_after(" 120 "), 120s);
  EXPECT_EQ(policy_.parse_retry_after("Thu, 09 Oct 2025 08:53:50 GMT"), 30s);
  EXPECT_EQ(policy_.parse_retry_after("Thursday, 09-Oct-25 08:53:50 GMT"), 30s);
  EXPECT_EQ(policy_.parse_retry_after("Thu Oct  9 08:53:50 2025"), 30s);
  EXPECT_EQ(policy_.parse_retry_after("Thu, 09 Oct 2025 08:00:00 GMT"), 0ms);
  EXPECT_EQ(policy_.parse_retry_after("99999999999999999999999"), 24h);
  EXPECT_EQ(policy_.parse_retry_after("Thu, 09 Oct 2999 08:00:00 GMT"), 24h);
  for (const char* nonsense : {"", " ", "-1", "1.5", "soon", "1 s", "0x10"})
    EXPECT_EQ(policy_.parse_retry_after(nonsense), std::nullopt) << nonsense;
}

}  // namespace
}  // namespace modhost::platform::test
