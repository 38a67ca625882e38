#include "services/task_service.hpp"

#include "call_fixture.hpp"

namespace modhost::services {
namespace {

using namespace std::chrono_literals;

class TaskTest : public CallTest {
 protected:
  ~TaskTest() override {  // while there is still something to note in
    services().close();
    lane_.run();
  }
  TaskService& tasks() { return services().tasks; }
  TaskService::Work note(const std::string& word) {
    return [this, word](modhost_status why) { ran_.push_back(word + " " + std::to_string(why)); };
  }
  Handle after(std::chrono::milliseconds delay, const std::string& word) {
    Handle timer = 0;
    EXPECT_EQ(tasks().after(delay, note(word), timer), MODHOST_OK);
    return timer;
  }
  void pass(std::chrono::milliseconds time) {
    clock_.advance(time);
    timers_.ring(clock_.steady_now());
    lane_.run();
  }
  std::vector<std::string> ran_;
  using Lines = std::vector<std::string>;
};

TEST_F(TaskTest, WorkRunsOnTheInstancesThreads) {
  EXPECT_EQ(tasks().submit(note("a")), MODHOST_OK);
  EXPECT_EQ(tasks().submit(note("b")), MODHOST_OK);
  EXPECT_TRUE(ran_.empty()) << "not on the caller's";
  lane_.run();
  EXPECT_EQ(ran_, (Lines{"a 0", "b 0"}));
  EXPECT_EQ(tasks().submit({}), MODHOST_E_INVALID);
}

TEST_F(TaskTest, TimersRingInTheirTurnAndNeverOnTheClocksThread) {
  after(20ms, "late");
  after(10ms, "early");
  pass(9ms);
  EXPECT_TRUE(ran_.empty());
  clock_.advance(1ms);
  EXPECT_EQ(timers_.ring(clock_.steady_now()), 1);
  EXPECT_TRUE(ran_.empty());
  lane_.run();
  EXPECT_EQ(ran_, (Lines{"early 0"}));
  pass(10ms);
  EXPECT_EQ(ran_, (Lines{"early 0", "late 0"}));
  Handle unused = 0;
  EXPECT_EQ(tasks().after(-1ms, note("x"), unused), MODHOST_E_INVALID);
}

TEST_F(TaskTest, ACancelledTimerNeverRings) {
  const Handle timer = after(10ms, "a");
  EXPECT_EQ(tasks().cancel(timer), MODHOST_OK);
  EXPECT_EQ(timers_.size(), 0u);
  pass(20ms);
  EXPECT_TRUE(ran_.empty());
  EXPECT_EQ(tasks().cancel(timer), MODHOST_E_GONE);
  EXPECT_EQ(tasks().cancel(12345), MODHOST_E_INVALID);
  const Handle rung = after(10ms, "b");
  clock_.advance(10ms);
  timers_.ring(clock_.steady_now());
  EXPECT_EQ(tasks().cancel(rung), MODHOST_E_GONE) << "it is on its way";
  lane_.run();
  EXPECT_EQ(tasks().cancel(rung), MODHOST_E_GONE);
  EXPECT_EQ(ran_, (Lines{"b 0"}));
}

TEST_F(TaskTest, ClosingTellsEverybodyThatWaits) {
  after(1h, "timer");
  ASSERT_EQ(tasks().submit(note("work")), MODHOST_OK);
  services().close();
  Handle unused = 0;
  EXPECT_EQ(tasks().submit(note("x")), MODHOST_E_CLOSED);
  EXPECT_EQ(tasks().after(1ms, note("x"), unused), MODHOST_E_CLOSED);
  lane_.run();
  EXPECT_EQ(ran_, (Lines{"work " + std::to_string(MODHOST_E_CLOSED), "timer " + std::to_string(MODHOST_E_CLOSED)}));
  EXPECT_EQ(timers_.size(), 0u);
}

TEST_F(TaskTest, AreBounded) {
  module_.in_flight = 1;
  std::size_t taken = 0;
  while (tasks().submit(note("a")) == MODHOST_OK) ++taken;
  EXPECT_EQ(taken, InstanceServices::tasks_max(module_));
  EXPECT_EQ(tasks().submit(note("x")), MODHOST_E_FULL);
  lane_.run();
  EXPECT_EQ(tasks().submit(note("a")), MODHOST_OK);
}

TEST_F(TaskTest, TheTableCallsThePluginsFunction) {
  const auto* table = static_cast<const modhost_task_service*>(service_table(MODHOST_SERVICE_TASK));
  ASSERT_NE(table, nullptr);
  std::vector<modhost_status> heard;
  const modhost_task_fn fn = [](void* user, modhost_status why) noexcept {
    static_cast<std::vector<modhost_status>*>(user)->push_back(why);
  };
  EXPECT_EQ(table->submit(host(), fn, &heard), MODHOST_OK);
  modhost_timer_id timer = 0;
  EXPECT_EQ(table->after(host(), 5, fn, &heard, &timer), MODHOST_OK);
  EXPECT_EQ(table->after(host(), 5, fn, &heard, nullptr), MODHOST_OK);
  EXPECT_EQ(table->cancel(host(), timer), MODHOST_OK);
  EXPECT_EQ(table->submit(host(), nullptr, nullptr), MODHOST_E_INVALID);
  EXPECT_EQ(table->submit(nullptr, fn, nullptr), MODHOST_E_INVALID);
  pass(5ms);
  EXPECT_EQ(heard, (std::vector<modhost_status>{MODHOST_OK, MODHOST_OK}));
}

}  // namespace
}  // namespace modhost::services
