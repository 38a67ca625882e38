// How one attempt begins and ends, and what the plugin may rely on meanwhile.
#include <future>

#include "runtime_fixture.hpp"

namespace modhost::plugin {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;
using test::eventually;
using test::Gate;

class AttemptTest : public RuntimeTest {};

std::string text(const modhost_str& from) { return {from.ptr, from.len}; }

TEST_F(AttemptTest, ShowsThePluginTheEvent) {
  std::vector<std::string> seen;
  modhost_event copy{};
  script_.on_event = [&](modhost_event_id, const modhost_event& event) {
    copy = event;
    for (const modhost_str& value :
         {event.name, event.module_name, event.event_id, event.idempotency_key, event.app_id, event.company_id,
          event.user_id, event.chat_id, event.assistant_id, event.assistant_message_id, event.body})
      seen.push_back(text(value));
    seen.emplace_back(static_cast<const char*>(event.checkpoint.ptr), event.checkpoint.len);
    return MODHOST_OK;
  };
  scripted();
  AttemptInput attempt = input(7);
  const std::string body = attempt.event.body;
  attempt.checkpoint = "step 2";
  attempt.attempt = 2;
  attempt.prior_run = true;
  attempt.first_received = clock_.unix_now() - 3s;
  runtime_->submit(attempt, outcomes_.listener(7));
  EXPECT_EQ(outcomes_.wait(7).kind, Kind::kOk);
  ASSERT_TRUE(stop());
  const std::vector<std::string> expected = {
      kExternalModuleChosen, "module", "evt_7", "app_1/evt_7/0", "app_1", "company_1", "user_1", "chat_1", "",
      "msg_answer",          body,     "step 2"};
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(copy.struct_size, sizeof(modhost_event));
  EXPECT_EQ(copy.flags, MODHOST_EVENT_PRIOR_RUN);
  EXPECT_EQ(copy.attempt, 2u);
  EXPECT_EQ(copy.max_attempts, 4u);
  EXPECT_EQ(copy.received_unix_ms, (clock_.unix_now() - 3s).time_since_epoch().count());
  EXPECT_EQ(copy.deadline_mono_ns, (clock_.steady_now() + 15s).time_since_epoch() / 1ns);
}

TEST_F(AttemptTest, MapsWhatThePluginAnswers) {
  modhost_status answer = MODHOST_OK;
  script_.on_event = [&](auto, const auto&) { return answer; };
  scripted();
  const std::vector<std::pair<modhost_status, Kind>> rows = {{MODHOST_OK, Kind::kOk},
                                                             {77, Kind::kOk},
                                                             {MODHOST_E_RETRY, Kind::kRetry},
                                                             {MODHOST_E_SNOOZE, Kind::kSnooze},
                                                             {MODHOST_E_INVALID, Kind::kFailed},
                                                             {MODHOST_E_NETWORK, Kind::kFailed},
                                                             {MODHOST_E_TIMEOUT, Kind::kFailed},
                                                             {MODHOST_E_CANCELLED, Kind::kFailed},
                                                             {MODHOST_E_FULL, Kind::kFailed},
                                                             {MODHOST_E_CLOSED, Kind::kFailed},
                                                             {-12345, Kind::kFailed}};
  int number = 0;
  for (const auto& [status, kind] : rows) {
    answer = status;
    const Outcome outcome = run(++number);
    EXPECT_EQ(outcome.kind, kind) << status;
    EXPECT_EQ(outcome.status, status);
  }
  EXPECT_TRUE(stop());
}

TEST_F(AttemptTest, CompletesLaterWithDelayAndDetail) {
  modhost_event_id pending = 0;
  Gate begun;
  script_.on_event = [&](modhost_event_id id, const auto&) {
    pending = id;
    begun.open();
    return MODHOST_PENDING;
  };
  scripted();
  submit(1);
  ASSERT_TRUE(begun.wait());
  EXPECT_EQ(script_.complete(pending, MODHOST_PENDING), MODHOST_E_INVALID);
  EXPECT_EQ(script_.complete(pending, MODHOST_E_RETRY, -1), MODHOST_E_INVALID);
  EXPECT_EQ(script_.events->complete(script_.host, pending, nullptr), MODHOST_E_INVALID);
  EXPECT_EQ(outcomes_.count(1), 0u);
  EXPECT_EQ(script_.complete(pending, MODHOST_E_RETRY, 1500, "the model is \xFF warming up"), MODHOST_OK);
  const Outcome outcome = outcomes_.wait(1);
  EXPECT_EQ(outcome.kind, Kind::kRetry);
  EXPECT_EQ(outcome.retry_after, 1500ms);
  EXPECT_EQ(outcome.detail, "the model is \xEF\xBF\xBD warming up") << "fit for the journal";
  EXPECT_EQ(script_.complete(pending, MODHOST_OK), MODHOST_E_GONE);
  EXPECT_EQ(script_.events->cancelled(script_.host, pending), MODHOST_E_GONE);
  EXPECT_EQ(script_.events->leave_turn_open(script_.host, pending), MODHOST_E_GONE);
  EXPECT_TRUE(stop());
}

TEST_F(AttemptTest, DetailsNeverHoldASecret) {
  module_.secrets.emplace("token", Secret("hunter2"));
  script_.on_event = [&](modhost_event_id id, const auto&) {
    script_.complete(id, MODHOST_E_INTERNAL, 0, "401 for Bearer hunter2");
    return MODHOST_PENDING;
  };
  scripted();
  EXPECT_EQ(run(1).detail, "401 for Bearer [secret]");
  EXPECT_TRUE(stop());
}

TEST_F(AttemptTest, LeavesTheTurnOpenWhenAsked) {
  script_.on_event = [&](modhost_event_id id, const auto&) {
    return script_.events->leave_turn_open(script_.host, id);
  };
  scripted();
  const Outcome outcome = run(1);
  EXPECT_EQ(outcome.kind, Kind::kOk);
  EXPECT_TRUE(outcome.leave_turn_open);
  EXPECT_FALSE(outcome.turn_completed);
  EXPECT_TRUE(stop());
}

TEST_F(AttemptTest, WhatAnEarlierAttemptShowedIsStillShown) {
  script_.on_event = [&](modhost_event_id, const auto&) { return MODHOST_OK; };
  scripted();
  AttemptInput input;
  input.shown_answer = "half of an answer";
  std::promise<Outcome> told;
  runtime_->submit(std::move(input), [&](Outcome outcome) { told.set_value(std::move(outcome)); });
  EXPECT_EQ(told.get_future().get().shown_answer, "half of an answer");
  EXPECT_TRUE(stop());
}

TEST_F(AttemptTest, PastItsDeadlineItIsCancelledThenGivenUpAndItsMemoryStaysLent) {
  std::atomic<modhost_event_id> pending{0};
  const modhost_event* lent = nullptr;
  std::atomic<int> reason{0}, cancels{0};
  script_.on_event = [&](modhost_event_id id, const modhost_event& event) {
    lent = &event;
    pending = id;
    return MODHOST_PENDING;
  };
  script_.on_cancel = [&](modhost_event_id id, std::int32_t why) {
    EXPECT_EQ(id, pending);
    reason = why;
    ++cancels;
  };
  scripted();
  submit(1);
  ASSERT_TRUE(eventually([&] { return pending != 0 && watchdog_.size() == 1; }));
  advance(15s);
  ASSERT_TRUE(eventually([&] { return cancels == 1; }));
  EXPECT_EQ(reason, MODHOST_CANCEL_DEADLINE);
  EXPECT_EQ(script_.events->cancelled(script_.host, pending), MODHOST_CANCEL_DEADLINE);
  EXPECT_EQ(outcomes_.count(1), 0u) << "the grace";
  const auto [outcome, passed] = run_out(1);
  EXPECT_EQ(outcome.kind, Kind::kDeadline);
  EXPECT_EQ(text(lent->body), sample_event(1).body) << "still lent";
  EXPECT_EQ(script_.events->extend(script_.host, pending, 1000, std::make_unique<std::int64_t>().get()),
            MODHOST_E_GONE);
  EXPECT_EQ(runtime_->free_slots(), module_.in_flight - 1);
  EXPECT_EQ(script_.complete(pending, MODHOST_OK), MODHOST_E_GONE);
  EXPECT_EQ(runtime_->free_slots(), module_.in_flight);
  EXPECT_EQ(places_freed_, 1);
  EXPECT_EQ(cancels, 1);
  EXPECT_EQ(outcomes_.count(1), 1u);
  EXPECT_TRUE(stop());
}

TEST_F(AttemptTest, WhatIsDoneWithinTheGraceCounts) {
  std::atomic<modhost_event_id> pending{0};
  script_.on_event = [&](modhost_event_id id, const auto&) {
    pending = id;
    return MODHOST_PENDING;
  };
  script_.on_cancel = [&](modhost_event_id id, std::int32_t) {
    EXPECT_EQ(script_.complete(id, MODHOST_OK), MODHOST_OK);
  };
  scripted();
  submit(1);
  ASSERT_TRUE(eventually([&] { return pending != 0 && watchdog_.size() == 1; }));
  advance(15s);
  EXPECT_EQ(outcomes_.wait(1).kind, Kind::kOk) << "completed from inside on_cancel";
  EXPECT_TRUE(stop());
}

TEST_F(AttemptTest, MayAskForMoreTimeUpToTheEventsDeadline) {
  module_.event_deadline = 40s;
  std::atomic<modhost_event_id> pending{0};
  script_.on_event = [&](modhost_event_id id, const auto&) {
    pending = id;
    return MODHOST_PENDING;
  };
  scripted();
  const SteadyTime begin = clock_.steady_now();
  submit(1);
  ASSERT_TRUE(eventually([&] { return pending != 0 && watchdog_.size() == 1; }));
  std::int64_t until = 0;
  const auto after = [&](std::chrono::seconds delay) { return (begin + delay).time_since_epoch() / 1ns; };
  EXPECT_EQ(script_.events->extend(script_.host, pending, -1, &until), MODHOST_E_INVALID);
  EXPECT_EQ(script_.events->extend(script_.host, pending, INT64_MAX, &until), MODHOST_E_INVALID);
  EXPECT_EQ(script_.events->extend(script_.host, pending, 10'000, nullptr), MODHOST_E_INVALID);
  EXPECT_EQ(script_.events->extend(script_.host, pending, 10'000, &until), MODHOST_OK);
  EXPECT_EQ(until, after(25s));
  EXPECT_EQ(script_.events->extend(script_.host, pending, 60'000, &until), MODHOST_OK);
  EXPECT_EQ(until, after(40s)) << "and no further";
  EXPECT_EQ(script_.events->extend(script_.host, pending, 1, &until), MODHOST_E_FULL);
  EXPECT_EQ(until, after(40s));
  advance(39s);
  watchdog_.wake();
  EXPECT_EQ(script_.events->cancelled(script_.host, pending), 0) << "the old deadline has passed unnoticed";
  const auto [outcome, passed] = run_out(1);
  EXPECT_EQ(outcome.kind, Kind::kDeadline);
  EXPECT_GE(passed, 3s);
  EXPECT_TRUE(stop(500ms));
}

TEST_F(AttemptTest, WaitingForAThreadCostsNoTime) {
  Gate leave, entered;
  std::vector<std::int64_t> deadlines;
  script_.on_event = [&](modhost_event_id, const modhost_event& event) {
    if (deadlines.empty()) {
      entered.open();
      leave.wait();
    }
    deadlines.push_back(event.deadline_mono_ns);
    return MODHOST_OK;
  };
  scripted();
  submit(1);
  ASSERT_TRUE(entered.wait());
  submit(2);
  clock_.advance(10s);
  leave.open();
  EXPECT_EQ(outcomes_.wait(2).kind, Kind::kOk);
  EXPECT_EQ(deadlines.at(1), (clock_.steady_now() + 15s).time_since_epoch() / 1ns);
  EXPECT_TRUE(stop());
}

TEST_F(AttemptTest, NeverBeginsPastTheEventsDeadline) {
  std::atomic<int> begun{0};
  script_.on_event = [&](auto, const auto&) {
    ++begun;
    return MODHOST_OK;
  };
  scripted();
  AttemptInput late = input(1);
  late.first_received = clock_.unix_now() - module_.event_deadline;
  runtime_->submit(std::move(late), outcomes_.listener(1));
  const Outcome outcome = outcomes_.wait(1);
  EXPECT_EQ(outcome.kind, Kind::kDeadline);
  EXPECT_EQ(outcome.started_at, SteadyTime{});
  EXPECT_EQ(begun, 0);
  EXPECT_TRUE(stop());
}

TEST_F(AttemptTest, CancelReachesWhatWaitsAndWhatRuns) {
  Gate entered, leave;
  std::atomic<int> begun{0};
  std::atomic<std::int32_t> told{0};
  script_.on_event = [&](modhost_event_id id, const auto&) -> modhost_status {
    ++begun;
    entered.open();
    leave.wait();  // the only thread stays busy until the waiting one has been cancelled
    EXPECT_NE(script_.events->cancelled(script_.host, id), 0);
    return MODHOST_E_CANCELLED;
  };
  script_.on_cancel = [&](modhost_event_id, std::int32_t reason) { told = reason; };
  scripted();
  submit(1);
  ASSERT_TRUE(entered.wait());
  submit(2);
  runtime_->cancel_all(CancelReason::kOperator);
  EXPECT_EQ(outcomes_.wait(2).kind, Kind::kCancelled);
  EXPECT_EQ(outcomes_.wait(2).started_at, SteadyTime{}) << "it never began";
  EXPECT_TRUE(eventually([&] { return told != 0; }));
  EXPECT_EQ(told, MODHOST_CANCEL_OPERATOR) << "while the only thread of the module was busy";
  leave.open();
  EXPECT_EQ(outcomes_.wait(1).kind, Kind::kCancelled);
  EXPECT_TRUE(stop());
  EXPECT_EQ(begun, 1);
}

TEST_F(AttemptTest, OneInstanceCanNotEndAnothersEvent) {
  std::atomic<modhost_event_id> foreign{0};
  script_.on_event = [&](modhost_event_id id, const auto&) {
    foreign = id;
    return MODHOST_PENDING;
  };
  scripted();
  submit(1);
  ASSERT_TRUE(eventually([&] { return foreign != 0; }));

  Script other;
  config::ModuleConfig module = module_;
  module.config_json = other.config_json();
  InProcessRuntime::Options options;
  options.number = 99;
  InProcessRuntime second(plugin_of(table_), module, shared_, watchdog_, options);
  ASSERT_TRUE(second.start());
  EXPECT_EQ(other.complete(foreign, MODHOST_OK), MODHOST_E_INVALID);
  EXPECT_EQ(other.events->cancelled(other.host, foreign), MODHOST_E_INVALID);
  EXPECT_EQ(outcomes_.count(1), 0u);
  EXPECT_EQ(script_.complete(foreign, MODHOST_OK), MODHOST_OK);
  EXPECT_TRUE(second.stop(Deadline::after(clock_, 10s)));
  EXPECT_TRUE(stop());
}

// A plugin that takes its own lock in both places would wait for itself; the host does not let it.
TEST_F(AttemptTest, CompleteUnderALockThatOnCancelWantsStillEnds) {
  std::mutex plugins_own;
  Gate in_on_cancel;
  std::atomic<modhost_event_id> pending{0};
  script_.on_event = [&](modhost_event_id id, const auto&) {
    pending = id;
    return MODHOST_PENDING;
  };
  script_.on_cancel = [&](modhost_event_id, std::int32_t) {
    in_on_cancel.open();
    std::lock_guard lock(plugins_own);
  };
  scripted();
  submit(1);
  ASSERT_TRUE(eventually([&] { return pending != 0; }));
  {
    std::lock_guard lock(plugins_own);
    runtime_->cancel_all(CancelReason::kUser);
    ASSERT_TRUE(in_on_cancel.wait());
    EXPECT_EQ(script_.complete(pending, MODHOST_OK), MODHOST_OK);
  }
  EXPECT_TRUE(stop());
}

// The law: on_cancel never begins after complete() returned. Many times, because it is a race.
TEST_F(AttemptTest, OnCancelNeverBeginsAfterCompleteReturned) {
  constexpr int kRounds = 300;
  std::atomic<modhost_event_id> pending{0}, completed{0};
  std::atomic<int> broken{0};
  script_.on_event = [&](modhost_event_id id, const auto&) {
    pending = id;
    return MODHOST_PENDING;
  };
  script_.on_cancel = [&](modhost_event_id id, std::int32_t) {
    if (completed == id) ++broken;
  };
  scripted();
  for (int round = 1; round <= kRounds; ++round) {
    pending = 0;
    submit(round);
    ASSERT_TRUE(eventually([&] { return pending != 0; }));
    std::thread canceller([&] { runtime_->cancel_all(CancelReason::kUser); });
    const modhost_event_id id = pending;
    EXPECT_EQ(script_.complete(id, MODHOST_OK), MODHOST_OK);
    completed = id;
    canceller.join();
    EXPECT_EQ(outcomes_.wait(round).kind, Kind::kOk);
  }
  EXPECT_EQ(broken, 0);
  EXPECT_TRUE(stop());
}

}  // namespace
}  // namespace modhost::plugin
