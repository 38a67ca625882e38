// The state machine of one attempt, without threads; its races are in tests/unit/plugin.
#include "services/open_event.hpp"

#include "call_fixture.hpp"

namespace modhost::services {
namespace {

using namespace std::chrono_literals;

class OpenEventTest : public CallTest {
 protected:
  EventService& events() { return services().events; }
};

TEST_F(OpenEventTest, TheFirstWordCounts) {
  const auto event = begin_event();
  EXPECT_EQ(events().complete(event->id(), {MODHOST_E_RETRY, 5ms, "busy"}), MODHOST_OK);
  EXPECT_EQ(events().complete(event->id(), {MODHOST_OK, {}, {}}), MODHOST_E_GONE);
  EXPECT_FALSE(events().returned(*event, {}));
  events().give_up(*event, MODHOST_E_TIMEOUT, "late");
  ASSERT_EQ(ends_.size(), 1u);
  EXPECT_EQ(ends_[0].answer.status, MODHOST_E_RETRY);
  EXPECT_EQ(ends_[0].answer.retry_after, 5ms);
  EXPECT_FALSE(ends_[0].by_host);
  EXPECT_EQ(events().unfinished(), 0u);
}

TEST_F(OpenEventTest, GivenUpItStaysLentUntilThePluginHasFinished) {
  const auto event = begin_event();
  events().give_up(*event, MODHOST_E_TIMEOUT, "late");
  ASSERT_EQ(ends_.size(), 1u);
  EXPECT_TRUE(ends_[0].by_host);
  EXPECT_EQ(events().unfinished(), 1u);
  EXPECT_EQ(events().cancelled(event->id()), MODHOST_E_GONE);
  EXPECT_EQ(events().complete(event->id(), {}), MODHOST_E_GONE);
  EXPECT_EQ(events().unfinished(), 0u);
  EXPECT_EQ(ends_.size(), 1u);
}

TEST_F(OpenEventTest, AQueuedEventIsNobodysToComplete) {
  const auto event = std::make_shared<OpenEvent>(Event{}, 1, Deadline::never());
  ASSERT_TRUE(events().admit(event));
  EXPECT_EQ(events().complete(event->id(), {}), MODHOST_E_INVALID) << "a guessed handle";
  EXPECT_TRUE(ends_.empty());
  EXPECT_FALSE(events().ask_to_cancel(*event, MODHOST_CANCEL_USER, Deadline::never())) << "nobody to tell";
  ASSERT_EQ(ends_.size(), 1u);
  EXPECT_FALSE(ends_[0].has_begun);
  EXPECT_FALSE(event->begin(Deadline::never())) << "it ended before it began";
  EXPECT_EQ(events().unfinished(), 0u);
}

TEST_F(OpenEventTest, IsAskedToCancelOnce) {
  const auto event = begin_event();
  EXPECT_TRUE(events().ask_to_cancel(*event, MODHOST_CANCEL_USER, Deadline::never()));
  EXPECT_FALSE(events().ask_to_cancel(*event, MODHOST_CANCEL_STOPPING, Deadline::never()));
  EXPECT_EQ(events().cancelled(event->id()), MODHOST_CANCEL_USER);
  std::int64_t unused = 0;
  Deadline holds_now;
  EXPECT_EQ(events().extend(event->id(), 1000, holds_now), MODHOST_E_FULL) << unused;
  EXPECT_TRUE(events().returned(*event, {MODHOST_E_CANCELLED, {}, {}}));
  EXPECT_EQ(ends_.at(0).cancel_reason, MODHOST_CANCEL_USER);
}

TEST_F(OpenEventTest, WithoutADeadlineThereIsNothingToExtend) {
  const auto event = std::make_shared<OpenEvent>(Event{}, 1, Deadline::never());
  ASSERT_TRUE(events().admit(event));
  ASSERT_TRUE(event->begin(Deadline::never()));
  Deadline holds_now(SteadyTime{});
  EXPECT_EQ(events().extend(event->id(), 1000, holds_now), MODHOST_OK);
  EXPECT_TRUE(holds_now.is_never());
}

TEST_F(OpenEventTest, ForgetAllEndsWhatIsLeft) {
  const auto event = begin_event();
  events().forget_all();
  EXPECT_EQ(ends_.size(), 1u);
  EXPECT_EQ(events().unfinished(), 0u);
}

}  // namespace
}  // namespace modhost::services
