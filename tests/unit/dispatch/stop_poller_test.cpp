#include "dispatch/stop_poller.hpp"

#include <gtest/gtest.h>

#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"

namespace modhost::dispatch {
namespace {

using namespace std::chrono_literals;

class StopPollerTest : public testing::Test {
 protected:
  StopPollerTest() {
    config::App app;
    app.id = "app_1";
    app.api_base = "http://127.0.0.1:1/public/chat";
    app.api_key = Secret(std::string("ukey_x"));
    config_.apps.push_back(app);
  }
  void watch(journal::EventSeq seq, const std::string& message = "msg/1") {
    Event event;
    event.app = "app_1";
    event.name = kExternalModuleChosen;
    event.user_id = "user_1";
    event.company_id = "company_1";
    event.chat_id = "chat 1";
    event.assistant_message_id = message;
    poller_.watch(seq, std::make_shared<const Event>(std::move(event)), module_);
  }
  // What was started by this call.
  std::vector<test::FakeHttpClient::Started> pump() {
    const std::size_t before = client_.requests().size();
    next_ = poller_.pump();
    auto started = client_.requests();
    started.erase(started.begin(), started.begin() + static_cast<std::ptrdiff_t>(before));
    return started;
  }

  test::FakeClock clock_;
  test::FakeHttpClient client_;
  config::Config config_;
  config::Current current_{config::Snapshot(config::Snapshot(), &config_)};  // as a test leaves it
  telemetry::Metrics metrics_;
  const std::string module_ = "DemoApp";
  std::vector<journal::EventSeq> pressed_;
  SteadyTime next_{};
  StopPoller poller_{client_, current_, clock_, metrics_, [this](const std::string& module, journal::EventSeq seq) {
                       EXPECT_EQ(module, "DemoApp");
                       pressed_.push_back(seq);
                     }};
};

TEST_F(StopPollerTest, LooksAtTheMessageEachSecond) {
  EXPECT_TRUE(pump().empty());
  EXPECT_EQ(next_, SteadyTime::max());
  watch(1);
  EXPECT_TRUE(pump().empty()) << "most chats end before the first look";
  EXPECT_EQ(next_, clock_.steady_now() + 1s);
  clock_.advance(1s);
  const auto looks = pump();
  ASSERT_EQ(looks.size(), 1u);
  EXPECT_EQ(looks[0].request.method, "GET");
  EXPECT_EQ(looks[0].request.url, "http://127.0.0.1:1/public/chat/messages/msg%2F1?chatId=chat%201");
  EXPECT_EQ(looks[0].request.attempts_max, 1);
  clock_.advance(300ms);
  EXPECT_TRUE(pump().empty()) << "one look at a time";
  client_.respond(looks[0], 200, R"({"id":"msg/1","userAbortedAt":null})");
  EXPECT_TRUE(pump().empty());
  clock_.advance(700ms);
  EXPECT_EQ(pump().size(), 1u);
  EXPECT_TRUE(pressed_.empty());
}

TEST_F(StopPollerTest, ShortAttemptsDoNotPutTheNextLookOff) {
  watch(1);
  for (int i = 0; i < 9; ++i) {
    clock_.advance(100ms);
    poller_.rest(1);
    clock_.advance(10ms);
    watch(1);
  }
  clock_.advance(10ms);
  EXPECT_EQ(pump().size(), 1u);
  EXPECT_NE(metrics_.scrape().find("stop_poll_interval_seconds{app=\"app_1\"} 1\n"), std::string::npos);
}

TEST_F(StopPollerTest, AnAnswerOnItsWayCountsForTheNextAttempt) {
  watch(1);
  clock_.advance(1s);
  const auto looks = pump();
  ASSERT_EQ(looks.size(), 1u);
  poller_.rest(1);
  watch(1);
  EXPECT_TRUE(pump().empty()) << "one look at a time";
  client_.respond(looks[0], 200, R"({"userAbortedAt":"2026-01-01T00:00:00.000Z"})");
  EXPECT_EQ(pressed_, std::vector<journal::EventSeq>{1});
}

TEST_F(StopPollerTest, AWaitingChatIsLookedAtLessOftenTheLongerItWaits) {
  watch(1);
  poller_.rest(1);
  clock_.advance(1s);
  std::vector<std::chrono::milliseconds> gaps;
  SteadyTime last = clock_.steady_now();
  for (int i = 0; i < 45; ++i) {
    const auto looks = pump();
    if (!looks.empty()) {
      client_.respond(looks.front(), 200, R"({"userAbortedAt":null})");
      pump();
    }
    const SteadyTime due = next_;
    gaps.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(due - last));
    last = due;
    clock_.advance(std::chrono::duration_cast<std::chrono::milliseconds>(due - clock_.steady_now()));
  }
  EXPECT_EQ(gaps.front(), 2s);
  EXPECT_EQ(gaps.back(), 30s);
}

TEST_F(StopPollerTest, RunningChatsGoFirstAndWaitingOnesAreNotForgotten) {
  for (journal::EventSeq seq = 1; seq <= 1000; ++seq) {
    watch(seq, "waiting");
    poller_.rest(seq);
  }
  clock_.advance(20s);  // their first look was due long ago
  for (journal::EventSeq seq = 2001; seq <= 2100; ++seq) watch(seq, "running");
  clock_.advance(1s);
  int of_running = 0, of_waiting = 0;
  for (int second = 0; second < 2; ++second) {
    for (int i = 0; i < 10; ++i, clock_.advance(100ms))
      for (const auto& look : pump())
        (look.request.url.find("running") != std::string::npos ? of_running : of_waiting)++;
  }
  EXPECT_NEAR(of_running, 80, 6);
  EXPECT_NEAR(of_waiting, 20, 6);
}

TEST_F(StopPollerTest, TellsUntilTheEventIsForgotten) {
  watch(1);
  watch(2);
  clock_.advance(1100ms);
  const auto looks = pump();
  ASSERT_EQ(looks.size(), 2u);
  client_.respond(looks[0], 200, R"({"userAbortedAt":"2026-01-01T00:00:00.000Z"})");
  client_.respond(looks[1], 200, R"({"userAbortedAt":null})");
  EXPECT_EQ(pressed_, std::vector<journal::EventSeq>{1});
  clock_.advance(2s);
  const auto again = pump();
  ASSERT_EQ(again.size(), 2u) << "the attempt may have ended and wait for the next one";
  poller_.forget(1);
  client_.respond(again[0], 200, R"({"userAbortedAt":"2026-01-01T00:00:00.000Z"})");
  EXPECT_EQ(pressed_, std::vector<journal::EventSeq>{1});
  clock_.advance(2s);
  EXPECT_EQ(pump().size(), 0u) << "the other look is still out";
}

TEST_F(StopPollerTest, AnythingButAnAnswerIsNoStop) {
  watch(1);
  const auto look = [&] {
    clock_.advance(1100ms);
    const auto looks = pump();
    EXPECT_EQ(looks.size(), 1u);
    return looks.at(0);
  };
  client_.respond(look(), 404, R"({"userAbortedAt":"2026-01-01T00:00:00.000Z"})");
  client_.respond(look(), 200, "not json");
  client_.respond(look(), 200, R"([{"userAbortedAt":1}])");
  client_.done(look().id, unavailable("connection refused"));
  client_.refuse_with(unavailable("stopping"));
  clock_.advance(1100ms);
  EXPECT_TRUE(pump().empty());
  client_.refuse_with(std::nullopt);
  look();
  EXPECT_TRUE(pressed_.empty());
}

TEST_F(StopPollerTest, ForgetsWhatHasEnded) {
  watch(1);
  watch(2);
  poller_.forget(1);
  poller_.forget(3);
  clock_.advance(1100ms);
  const auto looks = pump();
  ASSERT_EQ(looks.size(), 1u);
  poller_.forget(2);
  client_.respond(looks[0], 200, R"({"userAbortedAt":"2026-01-01T00:00:00.000Z"})");
  EXPECT_TRUE(pressed_.empty());
  clock_.advance(2s);
  EXPECT_TRUE(pump().empty());
  EXPECT_EQ(next_, SteadyTime::max());
}

TEST_F(StopPollerTest, AnEventThatRunsAgainIsLookedAtOnce) {
  for (int attempt = 0; attempt < 5; ++attempt) {
    poller_.forget(1);
    watch(1);
  }
  clock_.advance(1100ms);
  const auto looks = pump();
  ASSERT_EQ(looks.size(), 1u);
  poller_.forget(1);
  watch(1);
  client_.respond(looks[0], 200, R"({"userAbortedAt": null, "debugInfo": {"userAbortedAt": "then"}})");
  clock_.advance(1100ms);
  EXPECT_EQ(pump().size(), 1u) << "the look of the attempt before does not go on";
  EXPECT_TRUE(pressed_.empty());
}

TEST_F(StopPollerTest, AsksAnAppNoMoreThanItMayAndTakesLongerInstead) {
  for (journal::EventSeq seq = 1; seq <= 200; ++seq) watch(seq);
  std::map<std::string, int> asked;
  int looks = 0;
  for (int i = 0; i < 400; ++i) {  // four seconds
    clock_.advance(10ms);
    for (const auto& started : pump()) {
      ++looks;
      client_.respond(started, 200, R"({"userAbortedAt":null})");
    }
  }
  EXPECT_GE(looks, 3 * kStopPollsPerSecond - 5);
  EXPECT_LE(looks, 3 * kStopPollsPerSecond + 10);
  EXPECT_NE(metrics_.scrape().find("modhost_stop_poll_interval_seconds{app=\"app_1\"} 4"), std::string::npos);
}

TEST_F(StopPollerTest, WatchesOnlyChats) {
  watch(1, "");
  clock_.advance(2s);
  EXPECT_TRUE(pump().empty());
}

}  // namespace
}  // namespace modhost::dispatch
