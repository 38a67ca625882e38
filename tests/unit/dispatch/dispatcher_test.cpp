// The dispatcher with a journal, a runtime and a platform that do as they are told.
#include "dispatch/dispatcher.hpp"

#include "dispatch/ending.hpp"
#include "event/json_reader.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_journal.hpp"

namespace modhost::dispatch {
namespace {

using namespace std::chrono_literals;
using Kind = plugin::Outcome::Kind;

class FakeRuntime final : public plugin::PluginRuntime {
 public:
  void submit(plugin::AttemptInput input, plugin::OutcomeListener done) override {
    std::optional<plugin::Outcome> outcome;
    {
      MutexLock lock(mutex_);
      inputs_.push_back(input);
      outcome = answer_;
      if (!outcome) {
        held_.push_back(std::move(done));
        done = nullptr;
      }
    }
    changed_.notify_all();
    if (done) done(*outcome);
  }
  [[nodiscard]] unsigned free_slots() const override { return slots_; }
  void cancel(std::int64_t journal_seq, plugin::CancelReason reason) override {
    {
      MutexLock lock(mutex_);
      cancelled_.emplace_back(journal_seq, reason);
    }
    changed_.notify_all();
  }
  void cancel_all(plugin::CancelReason) override {}
  bool stop(Deadline) override { return true; }
  [[nodiscard]] plugin::RuntimeStatus status() const override { return {}; }

  void answer_with(Kind kind) {
    MutexLock lock(mutex_);
    answer_.emplace();
    answer_->kind = kind;
  }
  std::vector<plugin::AttemptInput> wait_inputs(std::size_t count) {
    MutexLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (inputs_.size() < count && lock.wait_until(changed_, until) != std::cv_status::timeout) {
    }
    return inputs_;
  }
  std::vector<std::pair<std::int64_t, plugin::CancelReason>> wait_cancelled() {
    MutexLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (cancelled_.empty() && lock.wait_until(changed_, until) != std::cv_status::timeout) {
    }
    return cancelled_;
  }
  void finish_held(const plugin::Outcome& outcome) {
    std::vector<plugin::OutcomeListener> held;
    {
      MutexLock lock(mutex_);
      held.swap(held_);
    }
    for (const auto& done : held) done(outcome);
  }
  std::atomic<unsigned> slots_{64};

 private:
  Mutex mutex_;
  std::condition_variable changed_;
  std::optional<plugin::Outcome> answer_ GUARDED_BY(mutex_);
  std::vector<plugin::OutcomeListener> held_ GUARDED_BY(mutex_);
  std::vector<plugin::AttemptInput> inputs_ GUARDED_BY(mutex_);
  std::vector<std::pair<std::int64_t, plugin::CancelReason>> cancelled_ GUARDED_BY(mutex_);
};

class FakeClient final : public platform::HttpClient {
 public:
  Result<platform::CallId> start(platform::HttpRequest request, std::shared_ptr<platform::Sink> sink) override {
    int status = 0;
    std::string body;
    {
      MutexLock lock(mutex_);
      requests_.push_back(std::move(request));
      status = status_;
      body = body_;
    }
    if (status == 0) {
      sink->on_done(unavailable("connection refused"));
    } else {
      sink->on_head(status, {});
      if (!body.empty()) sink->on_data(body);
      sink->on_done({});
    }
    return 1;
  }
  void cancel(platform::CallId) override {}
  void pause(platform::CallId, bool) override {}
  std::vector<platform::HttpRequest> requests() {
    MutexLock lock(mutex_);
    return requests_;
  }
  void answer_with(int status, std::string body = {}) {
    MutexLock lock(mutex_);
    status_ = status;
    body_ = std::move(body);
  }

 private:
  Mutex mutex_;
  int status_ GUARDED_BY(mutex_) = 200;
  std::string body_ GUARDED_BY(mutex_);
  std::vector<platform::HttpRequest> requests_ GUARDED_BY(mutex_);
};

config::Config demo_config() {
  config::Config config;
  config.modules["DemoApp"].name = "DemoApp";
  config.modules["Slow"].name = "Slow";
  config.modules["Newest"].name = "Newest";
  config.modules["Newest"].order = config::Order::kCancelPrevious;
  config::App app;
  app.id = "app_1";
  app.api_base = "http://127.0.0.1:1/public/chat";
  app.api_key = Secret(std::string("ukey_x"));
  config.apps.push_back(app);
  return config;
}

config::LogConfig silent() {
  config::LogConfig config;
  config.level = config::LogLevel::kError;
  return config;
}

class DispatcherTest : public testing::Test {
 protected:
  void append(const std::string& id, const std::string& module = "DemoApp") {
    journal::NewEvent entry;
    entry.module = module;
    entry.event.app = "app_1";
    entry.event.id = id;
    entry.event.name = kExternalModuleChosen;
    entry.event.user_id = "u";
    entry.event.company_id = "c";
    entry.event.chat_id = "chat_1";
    entry.event.assistant_message_id = "msg_1";
    entry.event.body = "{}";
    entry.event.received_at = clock_.unix_now();
    journal_.append(std::move(entry), [](const Result<journal::Appended>&) {});
  }

  test::FakeClock clock_;
  test::FakeJournal journal_;
  FakeRuntime demo_, slow_;
  FakeClient client_;
  config::Config config_ = demo_config();
  config::Current current_{config::Snapshot(config::Snapshot(), &config_)};  // as a test leaves it
  telemetry::Log log_{silent()};
  telemetry::Metrics metrics_;
  Dispatcher dispatcher_{journal_,
                         [this](const std::string& name) -> plugin::PluginRuntime* {
                           return name == "DemoApp" ? &demo_ : name == "Slow" || name == "Newest" ? &slow_ : nullptr;
                         },
                         client_,
                         current_,
                         clock_,
                         log_,
                         metrics_};
};

TEST_F(DispatcherTest, RunsAnEventAndCompletesTheTurn) {
  demo_.answer_with(Kind::kOk);
  dispatcher_.start();
  append("evt_1");
  const auto settled = journal_.wait_settled(1);
  ASSERT_EQ(settled.size(), 1u);
  EXPECT_EQ(settled[0].state, journal::State::kCompleted);
  ASSERT_TRUE(journal_.wait_outbox());
  const auto requests = client_.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].method, "PATCH");
  EXPECT_EQ(requests[0].url, "http://127.0.0.1:1/public/chat/messages/msg_1");
  const auto body = parse_json(requests[0].body);
  ASSERT_TRUE(body);
  EXPECT_EQ(string_member(*body, "chatId"), "chat_1");
  EXPECT_EQ(string_member(*body, "completedAt"), "2025-10-09T08:53:20.000Z");
  EXPECT_EQ(find_member(*body, "text"), nullptr) << "what the module wrote stays";
}

TEST_F(DispatcherTest, AFailedEventTellsTheUser) {
  demo_.answer_with(Kind::kFailed);
  dispatcher_.start();
  append("evt_1");
  ASSERT_TRUE(journal_.wait_outbox());
  const auto body = parse_json(client_.requests().at(0).body);
  ASSERT_TRUE(body);
  EXPECT_EQ(string_member(*body, "text"), config_.modules["DemoApp"].on_failure);
  EXPECT_EQ(journal_.wait_settled(1)[0].state, journal::State::kDead);
}

TEST_F(DispatcherTest, AnEndingThePlatformDoesNotTakeIsTriedAgainLater) {
  client_.answer_with(503);
  demo_.answer_with(Kind::kOk);
  dispatcher_.start();
  append("evt_1");
  EXPECT_FALSE(journal_.wait_outbox());
  ASSERT_EQ(journal_.postponed().size(), 1u);
  EXPECT_EQ(journal_.postponed().begin()->second, clock_.unix_now() + 1s);
}

TEST_F(DispatcherTest, AnEndingThePlatformRefusesForGoodIsGivenUp) {
  client_.answer_with(404);
  demo_.answer_with(Kind::kOk);
  dispatcher_.start();
  append("evt_1");
  EXPECT_TRUE(journal_.wait_outbox());
}

TEST_F(DispatcherTest, AnEndingWaitsForAKeyThatThePlatformTakes) {
  client_.answer_with(401);
  demo_.answer_with(Kind::kOk);
  dispatcher_.start();
  append("evt_1");
  EXPECT_FALSE(journal_.wait_outbox());
  ASSERT_EQ(journal_.postponed().size(), 1u);
  EXPECT_EQ(journal_.postponed().begin()->second, clock_.unix_now() + 60s);
}

TEST_F(DispatcherTest, APausedModuleTakesNoEventsUntilItIsResumed) {
  dispatcher_.pauses().pause("Slow");
  EXPECT_NE(metrics_.scrape().find("modhost_module_paused{module=\"Slow\"} 1"), std::string::npos);
  dispatcher_.start();
  append("evt_1", "Slow");
  append("evt_2");
  ASSERT_EQ(demo_.wait_inputs(1).size(), 1u) << "the others go on";
  EXPECT_EQ(journal_.modules_ready(), std::vector<std::string>{"Slow"});
  dispatcher_.pauses().resume("Slow");
  dispatcher_.wake();
  EXPECT_EQ(slow_.wait_inputs(1).size(), 1u);
}

TEST_F(DispatcherTest, TheStopButtonCancelsTheAttempt) {
  client_.answer_with(200, R"({"userAbortedAt":"2026-01-01T00:00:00.000Z"})");
  dispatcher_.start();
  append("evt_1");
  ASSERT_EQ(demo_.wait_inputs(1).size(), 1u);
  clock_.advance(1s);
  dispatcher_.wake();
  const auto cancelled = demo_.wait_cancelled();
  ASSERT_EQ(cancelled.size(), 1u);
  EXPECT_EQ(cancelled[0], std::pair(std::int64_t{1}, plugin::CancelReason::kUser));
  plugin::Outcome outcome;
  outcome.kind = Kind::kCancelled;
  outcome.cancelled_for = plugin::CancelReason::kUser;
  demo_.finish_held(outcome);
  const journal::Settlement settled = journal_.wait_settled(1).at(0);
  EXPECT_EQ(settled.state, journal::State::kCancelled);
  EXPECT_NE(settled.ending, "") << "the input unlocks";
  EXPECT_EQ(settled.ending.find("text"), std::string::npos) << "what is in the bubble stays";
}

TEST_F(DispatcherTest, TheStopButtonEndsAChatThatWaitsForItsNextAttempt) {
  client_.answer_with(200, R"({"userAbortedAt":"2026-01-01T00:00:00.000Z"})");
  demo_.answer_with(Kind::kRetry);
  dispatcher_.start();
  append("evt_1");
  ASSERT_EQ(journal_.wait_settled(1).at(0).state, journal::State::kWaiting);
  clock_.advance(1s);
  dispatcher_.wake();
  const journal::Settlement withdrawn = journal_.wait_settled(2).at(1);
  EXPECT_EQ(withdrawn.seq, 1);
  EXPECT_EQ(withdrawn.state, journal::State::kCancelled);
  EXPECT_EQ(withdrawn.reason, "stopped_by_user");
  EXPECT_NE(withdrawn.ending.find("completedAt"), std::string::npos) << "the input unlocks";
  EXPECT_EQ(withdrawn.ending.find("text"), std::string::npos);
  EXPECT_EQ(demo_.wait_inputs(1).size(), 1u);
}

TEST_F(DispatcherTest, WhatAnEarlierAttemptShowedStaysWhenTheUserStops) {
  client_.answer_with(200, R"({"userAbortedAt":"2026-01-01T00:00:00.000Z"})");
  dispatcher_.start();
  append("evt_1");
  append("evt_2", "Slow");
  ASSERT_EQ(demo_.wait_inputs(1).size(), 1u);
  plugin::Outcome outcome;
  outcome.kind = Kind::kRetry;
  outcome.shown_answer = R"({"text":"half of an answer"})";
  demo_.finish_held(outcome);
  ASSERT_EQ(journal_.wait_settled(1).at(0).state, journal::State::kWaiting);
  clock_.advance(1s);
  dispatcher_.wake();
  EXPECT_NE(journal_.wait_settled(2).at(1).ending.find("half of an answer"), std::string::npos);
}

TEST_F(DispatcherTest, TheStopButtonEndsAChatThatWaitsSinceAnEarlierRun) {
  client_.answer_with(200, R"({"userAbortedAt":"2026-01-01T00:00:00.000Z"})");
  journal::Claim claim;
  claim.seq = 77;
  claim.module = "DemoApp";
  claim.event.app = "app_1";
  claim.event.name = kExternalModuleChosen;
  claim.event.user_id = "u";
  claim.event.company_id = "c";
  claim.event.chat_id = "chat_1";
  claim.event.assistant_message_id = "msg_1";
  claim.turn_completed = true;
  journal_.wait_from_before(claim);
  claim.seq = 78;
  claim.module = "Gone";
  journal_.wait_from_before(claim);
  dispatcher_.start();
  append("evt_1");
  demo_.wait_inputs(1);  // the loop runs
  clock_.advance(1s);
  dispatcher_.wake();
  const journal::Settlement withdrawn = journal_.wait_settled(1).at(0);
  EXPECT_EQ(withdrawn.seq, 77);
  EXPECT_EQ(withdrawn.state, journal::State::kCancelled);
  EXPECT_EQ(withdrawn.ending, "") << "the turn was completed";
}

TEST_F(DispatcherTest, ATurnThatAnEarlierAttemptCompletedGetsNoApology) {
  journal_.claim_as_attempt(2);
  journal_.claim_with_turn_completed();
  demo_.answer_with(Kind::kFailed);
  dispatcher_.start();
  append("evt_1");
  const journal::Settlement settled = journal_.wait_settled(1).at(0);
  EXPECT_EQ(settled.state, journal::State::kDead);
  EXPECT_EQ(settled.ending, "");
}

TEST_F(DispatcherTest, ANewerEventOfTheChatCancelsTheOneBefore) {
  dispatcher_.start();
  append("evt_1", "Newest");
  ASSERT_EQ(slow_.wait_inputs(1).size(), 1u);
  EXPECT_EQ(journal_.claim_orders().back(), journal::ClaimOrder::kNewest);
  journal_.supersede(1);
  append("evt_2", "Newest");
  EXPECT_EQ(slow_.wait_cancelled().at(0), std::pair(std::int64_t{1}, plugin::CancelReason::kSuperseded));
}

TEST_F(DispatcherTest, AnEventThatWasOvertakenBeforeItRanIsCancelled) {
  journal_.claim_as_superseded();
  dispatcher_.start();
  append("evt_1", "Newest");
  const journal::Settlement settled = journal_.wait_settled(1).at(0);
  EXPECT_EQ(settled.state, journal::State::kCancelled);
  EXPECT_EQ(settled.reason, "superseded");
  EXPECT_NE(settled.ending, "") << "the input unlocks";
  EXPECT_TRUE(slow_.wait_inputs(0).empty());
}

TEST_F(DispatcherTest, ATurnLeftOpenKeepsItsSteps) {
  dispatcher_.start();
  append("evt_1");
  append("evt_2", "Slow");
  ASSERT_EQ(demo_.wait_inputs(1).size(), 1u);
  ASSERT_EQ(slow_.wait_inputs(1).size(), 1u);
  plugin::Outcome outcome;
  demo_.finish_held(outcome);
  EXPECT_FALSE(journal_.wait_settled(1).at(0).leaves_steps_open);
  outcome.leave_turn_open = true;
  slow_.finish_held(outcome);
  EXPECT_TRUE(journal_.wait_settled(2).at(1).leaves_steps_open);
}

TEST_F(DispatcherTest, AModuleWithoutRoomDelaysOnlyItself) {
  demo_.answer_with(Kind::kOk);
  slow_.slots_ = 0;
  dispatcher_.start();
  append("evt_slow", "Slow");
  append("evt_1");
  EXPECT_EQ(journal_.wait_settled(1).size(), 1u);
  EXPECT_TRUE(slow_.wait_inputs(0).empty());
}

TEST_F(DispatcherTest, EventsPastTheirDeadlineExpireWithoutARun) {
  append("evt_1");
  clock_.advance(11min);
  dispatcher_.start();
  const auto settled = journal_.wait_settled(1);
  ASSERT_EQ(settled.size(), 1u);
  EXPECT_EQ(settled[0].state, journal::State::kExpired);
  EXPECT_NE(settled[0].ending, "") << "the user is told";
  EXPECT_TRUE(demo_.wait_inputs(0).empty());
}

TEST_F(DispatcherTest, AnEventThatEveryHostDiedOnIsNotRunForEver) {
  journal_.claim_as_attempt(config_.modules["DemoApp"].attempts_max() + 1);
  append("evt_1");
  dispatcher_.start();
  const auto settled = journal_.wait_settled(1);
  ASSERT_EQ(settled.size(), 1u);
  EXPECT_EQ(settled[0].state, journal::State::kDead);
  EXPECT_EQ(settled[0].reason, "exhausted");
  EXPECT_TRUE(demo_.wait_inputs(0).empty());
}

TEST_F(DispatcherTest, EventsOfAModuleThatDoesNotRunWaitThenExpire) {
  demo_.answer_with(Kind::kOk);
  dispatcher_.start();
  append("evt_1", "Gone");
  append("evt_2");
  ASSERT_EQ(journal_.wait_settled(1).size(), 1u);
  EXPECT_EQ(journal_.wait_settled(1)[0].state, journal::State::kCompleted);
  clock_.advance(11min);
  append("evt_3");
  const auto settled = journal_.wait_settled(3);
  ASSERT_EQ(settled.size(), 3u);
  const auto is_expired = [](const journal::Settlement& one) {
    return one.seq == 1 && one.state == journal::State::kExpired && !one.consumes_attempt && !one.ending.empty();
  };
  EXPECT_EQ(std::count_if(settled.begin(), settled.end(), is_expired), 1);
}

TEST_F(DispatcherTest, EventsOfAModuleThatNeverHasAPlaceExpire) {
  slow_.slots_ = 0;
  dispatcher_.start();
  append("evt_1", "Slow");
  clock_.advance(11min);
  append("evt_2", "Slow");
  const auto settled = journal_.wait_settled(1);
  ASSERT_EQ(settled.size(), 1u);
  EXPECT_EQ(settled[0].seq, 1);
  EXPECT_EQ(settled[0].state, journal::State::kExpired);
  EXPECT_NE(settled[0].ending, "") << "the user is told";
}

TEST_F(DispatcherTest, TheAttemptKnowsItsDeadlineAndKey) {
  config_.modules["DemoApp"].attempt_deadline = 5min;
  dispatcher_.start();
  append("evt_1");
  const auto inputs = demo_.wait_inputs(1);
  ASSERT_EQ(inputs.size(), 1u);
  EXPECT_EQ(inputs[0].deadline.remaining(clock_), 5min);
  EXPECT_EQ(inputs[0].idempotency_key, "app_1/evt_1/0");
  EXPECT_EQ(inputs[0].attempts_max, 4u);
  EXPECT_EQ(inputs[0].event.body, "{}");
  demo_.finish_held({});
}

TEST_F(DispatcherTest, PauseLetsRunningAttemptsEnd) {
  dispatcher_.start();
  append("evt_1");
  ASSERT_EQ(demo_.wait_inputs(1).size(), 1u);
  dispatcher_.pause();
  append("evt_2");
  EXPECT_FALSE(dispatcher_.wait_idle(Deadline(clock_.steady_now())));
  plugin::Outcome cancelled;
  cancelled.kind = Kind::kCancelled;
  demo_.finish_held(cancelled);
  EXPECT_TRUE(dispatcher_.wait_idle(Deadline::never()));
  const auto settled = journal_.wait_settled(1);
  ASSERT_EQ(settled.size(), 1u);
  EXPECT_EQ(settled[0].state, journal::State::kReady);
  EXPECT_EQ(demo_.wait_inputs(0).size(), 1u) << "nothing was claimed after the pause";
}

}  // namespace
}  // namespace modhost::dispatch
