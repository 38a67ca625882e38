// Instances change places while events run.
#include "plugin/module_slot.hpp"

#include <gtest/gtest.h>

namespace modhost::plugin {
namespace {

class HoldingRuntime final : public PluginRuntime {
 public:
  void submit(AttemptInput input, OutcomeListener done) override {
    seqs.push_back(input.journal_seq);
    held.push_back(std::move(done));
  }
  [[nodiscard]] unsigned free_slots() const override { return 7; }
  void cancel(std::int64_t journal_seq, CancelReason) override { cancelled.push_back(journal_seq); }
  void cancel_all(CancelReason) override { cancelled.push_back(-1); }
  bool stop(Deadline) override { return is_clean; }
  [[nodiscard]] RuntimeStatus status() const override {
    RuntimeStatus status;
    status.module = "module";
    status.running = true;
    status.in_flight = static_cast<unsigned>(held.size());
    return status;
  }
  void finish() {
    for (const OutcomeListener& done : std::exchange(held, {})) done({});
  }
  std::vector<OutcomeListener> held;
  std::vector<std::int64_t> seqs, cancelled;
  bool is_clean = true;
};

struct One {
  std::shared_ptr<HoldingRuntime> runtime = std::make_shared<HoldingRuntime>();
  InstancePtr instance = std::make_shared<const ModuleInstance>(
      ModuleInstance{std::make_shared<const config::ModuleConfig>(), runtime, {}, 1});
};

class ModuleSlotTest : public testing::Test {
 protected:
  void submit(std::int64_t seq) {
    AttemptInput input;
    input.journal_seq = seq;
    slot_.submit(std::move(input), [this](Outcome outcome) { outcomes_.push_back(std::move(outcome)); });
  }
  std::vector<InstancePtr> replaced_;
  std::vector<Outcome> outcomes_;
  ModuleSlot slot_{"module", [this](InstancePtr instance) { replaced_.push_back(std::move(instance)); }};
};

TEST_F(ModuleSlotTest, NewEventsGoToTheNewInstanceAndTheOldOneFinishes) {
  One before, after;
  slot_.put(before.instance);
  submit(1);
  submit(2);
  slot_.put(after.instance);
  EXPECT_TRUE(replaced_.empty()) << "it has open attempts";
  EXPECT_EQ(slot_.status().finishing, 2u);
  submit(3);
  EXPECT_EQ(before.runtime->seqs, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(after.runtime->seqs, (std::vector<std::int64_t>{3}));

  before.runtime->finish();
  ASSERT_EQ(replaced_.size(), 1u) << "once, after the last of them";
  EXPECT_EQ(replaced_.front(), before.instance);
  EXPECT_EQ(outcomes_.size(), 2u);
  EXPECT_EQ(slot_.status().finishing, 0u);
  after.runtime->finish();
  EXPECT_EQ(replaced_.size(), 1u);
}

TEST_F(ModuleSlotTest, AnIdleInstanceIsReplacedAtOnce) {
  One before, after;
  slot_.put(before.instance);
  submit(1);
  before.runtime->finish();
  slot_.put(before.instance);
  EXPECT_TRUE(replaced_.empty()) << "the same one stays";
  slot_.put(after.instance);
  EXPECT_EQ(replaced_.size(), 1u);
}

TEST_F(ModuleSlotTest, ACancelReachesTheInstanceThatRunsTheEvent) {
  One before, after;
  slot_.put(before.instance);
  submit(1);
  slot_.put(after.instance);
  slot_.cancel(1, CancelReason::kUser);
  EXPECT_EQ(before.runtime->cancelled, (std::vector<std::int64_t>{1}));
  slot_.cancel_all(CancelReason::kStopping);
  EXPECT_EQ(before.runtime->cancelled.size(), 2u);
  EXPECT_EQ(after.runtime->cancelled.size(), 2u);
  before.runtime->is_clean = false;
  EXPECT_FALSE(slot_.stop(Deadline::never())) << "one of them is not clean";
  before.runtime->finish();
}

TEST_F(ModuleSlotTest, WithoutAnInstanceNothingIsLost) {
  One before;
  slot_.put(before.instance);
  submit(1);
  EXPECT_EQ(slot_.free_slots(), 7u);
  slot_.put(nullptr);
  EXPECT_EQ(slot_.free_slots(), 0u);
  EXPECT_FALSE(slot_.is_running());
  EXPECT_TRUE(slot_.is_in_use()) << "there is an attempt to cancel";
  EXPECT_NE(slot_.status().problem, "");
  submit(2);  // claimed just before
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].kind, Outcome::Kind::kSnooze) << "waits again and has used no attempt";
  EXPECT_EQ(outcomes_[0].started_at, SteadyTime{});
  before.runtime->finish();
  EXPECT_FALSE(slot_.is_in_use());
  EXPECT_TRUE(slot_.is_empty());
}

}  // namespace
}  // namespace modhost::plugin
