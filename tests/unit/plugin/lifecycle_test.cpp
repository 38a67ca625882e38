// How an instance begins, what its threads are, and how it ends.
#include "plugin/schema.hpp"
#include "runtime_fixture.hpp"

namespace modhost::plugin {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;
using test::eventually;
using test::Gate;

class LifecycleTest : public RuntimeTest {};

TEST_F(LifecycleTest, CallsComeInTheOrderOfTheHeader) {
  std::mutex mutex;
  std::vector<std::string> order;
  const auto note = [&](const char* what) {
    std::lock_guard lock(mutex);
    order.emplace_back(what);
  };
  script_.create = [&](const modhost_settings& settings) {
    EXPECT_EQ(settings.threads, 2u);
    EXPECT_EQ(settings.in_flight, 5u);
    note("create");
  };
  script_.start = [&] { note("start"); };
  script_.on_event = [&](auto, const auto&) {
    note("on_event");
    return MODHOST_OK;
  };
  script_.stop = [&] { note("stop"); };
  script_.destroy = [&] { note("destroy"); };
  module_.threads = 2;
  module_.in_flight = 5;
  scripted();
  EXPECT_EQ(runtime_->free_slots(), 5u);
  EXPECT_TRUE(runtime_->status().running);
  run(1);
  EXPECT_TRUE(stop());
  const std::vector<std::string> expected = {"create", "start", "on_event", "stop", "destroy"};
  EXPECT_EQ(order, expected);
  EXPECT_FALSE(runtime_->status().running);
  EXPECT_EQ(runtime_->free_slots(), 0u);
  EXPECT_EQ(run(2).kind, Kind::kCancelled) << "nothing runs after stop";
}

TEST_F(LifecycleTest, AfterDestroyEveryServiceAnswersClosed) {
  modhost_event_id id = 0;
  script_.on_event = [&](modhost_event_id event, const auto&) {
    id = event;
    return MODHOST_OK;
  };
  scripted();
  run(1);
  ASSERT_TRUE(stop());
  runtime_.reset();
  // The tombstone.
  EXPECT_EQ(std::string(script_.host->module_name.ptr, script_.host->module_name.len), "module");
  EXPECT_EQ(script_.host->get_service(script_.host, MODHOST_SERVICE_EVENT), script_.events);
  EXPECT_EQ(script_.complete(id, MODHOST_OK), MODHOST_E_CLOSED);
  EXPECT_EQ(script_.events->cancelled(script_.host, id), MODHOST_E_CLOSED);
  EXPECT_EQ(script_.http->cancel(script_.host, 1), MODHOST_E_CLOSED);
  modhost_blob blob{};
  EXPECT_EQ(service<modhost_config_service>(script_.host, MODHOST_SERVICE_CONFIG)->get_json(script_.host, {}, &blob),
            MODHOST_E_CLOSED);
  service<modhost_log_service>(script_.host, MODHOST_SERVICE_LOG)->write(script_.host, id, 2, {"late", 4}, nullptr, 0);
}

TEST_F(LifecycleTest, TheConfigIsCheckedAgainstThePluginsSchema) {
  const std::string schema =
      R"({"type":"object","required":["model"],"properties":{"model":{"type":"string"},"retries":{"maximum":10}}})";
  module_.config_json = R"({"model":"gpt","retries":11})";
  const auto result = make(plugin_of(table_, schema)).start();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "module module: config at /retries breaks the plugin's schema: \"maximum\" 10");
  EXPECT_EQ(runtime_->status().problem, "config at /retries breaks the plugin's schema: \"maximum\" 10");
  EXPECT_EQ(script_.host, nullptr) << "the plugin has not seen it";
  EXPECT_TRUE(stop());

  EXPECT_TRUE(check_config(schema, R"({"model":"gpt"})"));
  EXPECT_TRUE(check_config("", "{}"));
  EXPECT_EQ(check_config(schema, "{}").error().message,
            "config at the top breaks the plugin's schema: \"required\" [\"model\"]");
  EXPECT_NE(check_config("{", "{}").error().message.find("the plugin's config_schema"), std::string::npos);
  EXPECT_NE(check_config("[]", "{}").error().message.find("no JSON object"), std::string::npos);
}

TEST_F(LifecycleTest, APluginMayTakeFewerThreadsThanConfigured) {
  module_.threads = 4;
  table_.threads_max = 1;
  std::atomic<int> at_once{0}, most{0};
  script_.on_event = [&](auto, const auto&) {
    most = std::max<int>(most, ++at_once);
    std::this_thread::yield();
    --at_once;
    return MODHOST_OK;
  };
  scripted();
  for (int i = 1; i <= 50; ++i) submit(i);
  for (int i = 1; i <= 50; ++i) EXPECT_EQ(outcomes_.wait(i).kind, Kind::kOk);
  EXPECT_EQ(most, 1);
  EXPECT_EQ(runtime_->status().threads, 1u);
  EXPECT_TRUE(stop());
}

TEST_F(LifecycleTest, RunsAsManyAtOnceAsConfigured) {
  module_.threads = 3;
  Gate met;
  std::atomic<int> here{0};
  script_.on_event = [&](auto, const auto&) -> modhost_status {
    if (++here == 3) met.open();
    return met.wait() ? MODHOST_OK : MODHOST_E_INTERNAL;
  };
  scripted();
  for (int i = 1; i <= 3; ++i) submit(i);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(outcomes_.wait(i).kind, Kind::kOk);
  EXPECT_TRUE(stop());
}

TEST_F(LifecycleTest, PlacesAreCountedUntilThePluginHasFinished) {
  module_.in_flight = 2;
  std::mutex mutex;
  std::vector<modhost_event_id> pending;
  script_.on_event = [&](modhost_event_id id, const auto&) {
    std::lock_guard lock(mutex);
    pending.push_back(id);
    return MODHOST_PENDING;
  };
  scripted();
  submit(1);
  submit(2);
  EXPECT_EQ(runtime_->free_slots(), 0u);
  const Outcome refused = run(3);
  EXPECT_EQ(refused.kind, Kind::kSnooze) << "no attempt is used up";
  ASSERT_TRUE(eventually([&] {
    std::lock_guard lock(mutex);
    return pending.size() == 2;
  }));
  EXPECT_EQ(script_.complete(pending[0], MODHOST_OK), MODHOST_OK);
  EXPECT_EQ(runtime_->free_slots(), 1u);
  EXPECT_EQ(script_.complete(pending[1], MODHOST_OK), MODHOST_OK);
  EXPECT_TRUE(stop());
}

TEST_F(LifecycleTest, StandsStillWhenEveryThreadHangs) {
  Gate leave;
  script_.on_event = [&](auto, const auto&) {
    leave.wait();
    return MODHOST_OK;
  };
  scripted();
  for (int i = 1; i <= 9; ++i) {  // the thread and eight substitutes
    EXPECT_TRUE(runtime_->is_running());
    submit(i);
    EXPECT_EQ(run_out(i).first.kind, Kind::kDeadline);
  }
  EXPECT_FALSE(runtime_->is_running());
  EXPECT_EQ(runtime_->free_slots(), 0u);
  EXPECT_EQ(runtime_->status().stuck, 9u);
  EXPECT_NE(runtime_->status().problem.find("hangs in the plugin"), std::string::npos);
  leave.open();
  EXPECT_TRUE(eventually([&] { return runtime_->is_running(); })) << "they came back";
  EXPECT_TRUE(stop());
}

TEST_F(LifecycleTest, ACreateThatHangsIsGivenUp) {
  bring_up_ = 20ms;
  const auto leave = std::make_shared<Gate>();
  const auto left = std::make_shared<Gate>();
  script_.create = [leave, left](const modhost_settings&) {
    const auto outlives_the_script = left;  // NOLINT(performance-unnecessary-copy-initialization)
    leave->wait();
    outlives_the_script->open();
  };
  module_.config_json = script_.config_json();
  const auto result = make(plugin_of(table_)).start();
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("create() did not return in time"), std::string::npos);
  EXPECT_FALSE(stop(50ms)) << "its thread is still in there";
  leave->open();
  EXPECT_TRUE(left->wait());
}

TEST_F(LifecycleTest, StopEndsWhatIsPendingAndTellsWhy) {
  std::atomic<modhost_event_id> pending{0};
  std::atomic<std::int32_t> reason{0};
  script_.on_event = [&](modhost_event_id id, const auto&) {
    pending = id;
    return MODHOST_PENDING;
  };
  script_.on_cancel = [&](modhost_event_id id, std::int32_t why) {
    reason = why;
    script_.complete(id, MODHOST_E_CANCELLED);
  };
  scripted();
  submit(1);
  ASSERT_TRUE(eventually([&] { return pending != 0; }));
  EXPECT_TRUE(stop());
  EXPECT_EQ(outcomes_.wait(1).kind, Kind::kCancelled);
  EXPECT_EQ(reason, MODHOST_CANCEL_STOPPING);
}

TEST_F(LifecycleTest, DestroyedWithoutStopItStopsAllTheSame) {
  std::atomic<bool> is_destroyed{false};
  script_.destroy = [&] { is_destroyed = true; };
  scripted();
  runtime_.reset();
  EXPECT_TRUE(is_destroyed);
}

TEST_F(LifecycleTest, SaysWhenThePluginNeverFinishesItsEvents) {
  module_.in_flight = 2;
  script_.on_event = [](auto, const auto&) { return MODHOST_PENDING; };
  scripted();
  for (int i = 1; i <= 2; ++i) {
    submit(i);
    run_out(i);
  }
  EXPECT_EQ(runtime_->free_slots(), 0u);
  EXPECT_EQ(runtime_->status().given_up, 2u);
  EXPECT_NE(runtime_->status().problem.find("never finished 2"), std::string::npos);
  EXPECT_TRUE(stop(500ms)) << "its threads are all back: it can be destroyed";
}

// Whatever meets: submits, completions from other threads, cancels and the stop. Each attempt ends exactly once.
TEST_F(LifecycleTest, EveryAttemptEndsExactlyOnceWhateverMeets) {
  constexpr int kEvents = 400;
  module_.threads = 2;
  module_.in_flight = kEvents;
  std::mutex mutex;
  std::vector<modhost_event_id> pending;
  std::atomic<bool> is_over{false};
  script_.on_event = [&](modhost_event_id id, const modhost_event& event) -> modhost_status {
    if (event.body.len % 2 == 0) return MODHOST_OK;
    std::lock_guard lock(mutex);
    pending.push_back(id);
    return MODHOST_PENDING;
  };
  scripted();
  const auto complete_all = [&] {
    while (!is_over) {
      std::vector<modhost_event_id> taken;
      {
        std::lock_guard lock(mutex);
        taken.swap(pending);
      }
      for (const auto id : taken) {
        script_.complete(id, MODHOST_OK);
        script_.complete(id, MODHOST_OK);
      }
      std::this_thread::yield();
    }
  };
  std::vector<std::thread> threads;
  threads.emplace_back(complete_all);
  threads.emplace_back(complete_all);
  threads.emplace_back([&] {
    while (!is_over) {
      runtime_->cancel_all(CancelReason::kUser);
      std::this_thread::yield();
    }
  });
  std::atomic<int> submitted{0};
  threads.emplace_back([&] {
    for (int i = 1; i <= kEvents; ++i) {
      submit(i);
      ++submitted;
    }
  });
  ASSERT_TRUE(eventually([&] { return submitted > kEvents / 2; }));
  EXPECT_TRUE(stop());
  ASSERT_TRUE(eventually([&] { return submitted == kEvents; }));
  is_over = true;
  for (auto& thread : threads) thread.join();
  for (int i = 1; i <= kEvents; ++i) EXPECT_EQ(outcomes_.count(i), 1u) << i;
  runtime_.reset();
}

}  // namespace
}  // namespace modhost::plugin
