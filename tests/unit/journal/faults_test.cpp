// The journal on a disk that fails: an error instead of an answer, nothing half-written, and the way back by itself.
#include <thread>

#include "journal/schema.hpp"
#include "journal_test_support.hpp"
#include "support/faulty_vfs.hpp"

namespace modhost::journal::test {
namespace {

class Faults : public JournalTest {
 protected:
  void SetUp() override { open(with_disk()); }
  Options with_disk() {
    Options with = options();
    with.vfs = disk_.name();
    return with;
  }
  void TearDown() override {
    disk_.fail_syncs(false);
    disk_.fail_writes(false);
    disk_.set_free_bytes(-1);
    journal_.reset();
  }
  void await_writable() {
    while (!journal_->stats().writable) std::this_thread::yield();
  }

  modhost::test::FaultyVfs disk_;
};

TEST_F(Faults, AFailedCommitAnswersTheWholeBatchWithAnError) {
  ASSERT_TRUE(append(*journal_, event("evt_0")));
  disk_.fail_syncs(true);
  std::atomic<int> errors = 0;
  for (int i = 0; i < 50; ++i)
    journal_->append(event("evt_1"), [&](Result<Appended> result) {
      EXPECT_FALSE(result);
      EXPECT_EQ(result.error().code, Code::kUnavailable);
      ++errors;
    });
  journal_->flush();
  EXPECT_EQ(errors, 50);
  EXPECT_FALSE(journal_->stats().writable);
  EXPECT_NE(journal_->stats().last_error, "");
  EXPECT_EQ(rows().size(), 1u) << "nothing half-written";
  disk_.fail_syncs(false);
  await_writable();
  EXPECT_EQ(append(*journal_, event("evt_1")).value(), Appended::kStored)
      << "a refused event is new when it comes again";
  EXPECT_EQ(append(*journal_, event("evt_1")).value(), Appended::kDuplicate);
  EXPECT_EQ(journal_->stats().accepted, 2u);
  expect_balanced();
}

// A thread of a plugin waits for each: none may wait for the disk to come back.
TEST_F(Faults, AChangeIsAnsweredWhileTheDiskIsGone) {
  ASSERT_TRUE(append(*journal_, event("evt_0")));
  disk_.fail_syncs(true);
  disk_.fail_writes(true);
  for (int i = 0; i < 5; ++i) {
    auto answer = std::make_shared<std::promise<Code>>();
    journal_->change({"DemoApp", "k", "v", kAnyVersion, {}}, [answer](const Result<std::uint64_t>& changed) {
      answer->set_value(changed ? Code::kInternal : changed.error().code);
    });
    auto answered = answer->get_future();
    ASSERT_EQ(answered.wait_for(std::chrono::seconds(30)), std::future_status::ready) << i;
    EXPECT_EQ(answered.get(), Code::kUnavailable);
  }
  disk_.fail_syncs(false);
  disk_.fail_writes(false);
  await_writable();
  EXPECT_FALSE(journal_->get("DemoApp", "k")) << "what was refused is not done later";
}

TEST_F(Faults, SettlementsAndEndingsAreKeptUntilTheyAreCommitted) {
  ASSERT_TRUE(append(*journal_, event("evt_0")));
  const Claim claim = claim_one(*journal_);
  disk_.fail_writes(true);
  Settlement dead = end(claim, State::kDead, "permanent");
  dead.ending = "{}";
  journal_->settle(std::move(dead));
  std::promise<bool> saved;
  journal_->flush();
  EXPECT_EQ(journal_->stats().ended, 0u);
  EXPECT_TRUE(journal_->outbox_due(1).empty()) << "an ending leaves only after its commit";
  disk_.fail_writes(false);
  await_writable();
  journal_->flush();
  EXPECT_EQ(journal_->stats().ended, 1u);
  EXPECT_EQ(rows().at(0).state, State::kDead);
  EXPECT_EQ(journal_->outbox_due(1).size(), 1u);
  EXPECT_EQ(journal_->attempts(claim.seq).value().size(), 1u);
  expect_balanced();
}

TEST_F(Faults, ACheckpointThatCanNotBeSavedSaysSo) {
  ASSERT_TRUE(append(*journal_, event("evt_0")));
  const Claim claim = claim_one(*journal_);
  journal_->flush();
  disk_.fail_writes(true);
  std::promise<bool> saved;
  journal_->checkpoint(claim.seq, "blob", [&](Result<void> result) { saved.set_value(result.has_value()); });
  EXPECT_FALSE(saved.get_future().get());
}

TEST_F(Faults, AOnceEventIsHandedOutOnlyAfterItsMarkIsDurable) {
  Options with = with_disk();
  with.once_modules = {"DemoApp"};
  open(with);
  ASSERT_TRUE(append(*journal_, event("evt_0")));
  disk_.fail_syncs(true);
  EXPECT_TRUE(journal_->claim("DemoApp", 1).empty());
  journal_->flush();
  journal_->flush();
  EXPECT_TRUE(journal_->claim("DemoApp", 1).empty());
  EXPECT_TRUE(journal_->modules_ready().empty());
  disk_.fail_syncs(false);
  await_writable();
  journal_->flush();
  EXPECT_EQ(rows().at(0).state, State::kRunning);
  EXPECT_EQ(journal_->modules_ready(), std::vector<std::string>{"DemoApp"});
  const auto claims = journal_->claim("DemoApp", 1);
  ASSERT_EQ(claims.size(), 1u);
  journal_->settle(end(claims[0], State::kCompleted));
  journal_->flush();
  EXPECT_EQ(journal_->stats().ended, 1u);
  expect_balanced();
}

TEST_F(Faults, ADiskThatFailsNowAndThenLosesNothing) {
  std::set<std::string> stored;
  std::mutex mutex;
  for (int i = 0; i < 200; ++i) {
    if (i % 20 == 5) disk_.fail_one_sync_after(i % 3);
    const std::string id = "evt_" + std::to_string(i);
    journal_->append(event(id), [&, id](Result<Appended> result) {
      const std::lock_guard lock(mutex);
      if (result) stored.insert(id);
    });
    if (i % 3 == 0) {
      for (const Claim& claim : journal_->claim("DemoApp", 2)) journal_->settle(end(claim, State::kCompleted));
    }
    if (i % 10 == 9) {
      journal_->flush();
      await_writable();
    }
  }
  journal_->flush();
  await_writable();
  journal_->flush();
  EXPECT_EQ(journal_->stats().accepted, stored.size());
  EXPECT_GT(disk_.failures(), 5u);
  expect_balanced();
  disk_.save_durable(dir_.path() / "after");
  Options with = options();
  with.state_dir = dir_.path() / "after";
  open(with);
  EXPECT_EQ(journal_->stats().accepted, stored.size());
  for (const std::string& id : stored) EXPECT_EQ(append(*journal_, event(id)).value(), Appended::kDuplicate) << id;
  expect_balanced();
}

TEST_F(Faults, AFullDiskRefusesNewEventsAndFinishesTheOld) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(append(*journal_, event("evt_" + std::to_string(i))));
  const auto claims = journal_->claim("DemoApp", 50);
  ASSERT_EQ(claims.size(), 50u);
  disk_.set_free_bytes(0);
  Code code = Code::kInternal;
  for (int i = 1000; i < 2000 && code == Code::kInternal; ++i) {
    auto result = append(*journal_, event("evt_" + std::to_string(i), "DemoApp", std::string(50'000, 'x')));
    if (!result) code = result.error().code;
  }
  EXPECT_EQ(code, Code::kFull);
  const std::uint64_t accepted = journal_->stats().accepted;
  disk_.set_free_bytes(1 << 20);  // the reserve was given back
  for (const Claim& claim : claims) journal_->settle(end(claim, State::kCompleted));
  while (journal_->stats().ended < 50) journal_->flush();
  expect_balanced();
  disk_.set_free_bytes(-1);
  await_writable();
  EXPECT_EQ(append(*journal_, event("evt_new")).value(), Appended::kStored);
  EXPECT_EQ(journal_->stats().accepted, accepted + 1);
}

TEST_F(Faults, ReadyEventsThatCanNotBeReadAreHandedOutLater) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(append(*journal_, event("evt_" + std::to_string(i))));
  open(with_disk());
  disk_.fail_reads(true);
  EXPECT_TRUE(journal_->claim("DemoApp", 5).empty());
  disk_.fail_reads(false);
  std::promise<void> heard;
  std::atomic<bool> once = false;
  journal_->flush();
  journal_->on_ready([&] {
    if (!journal_->modules_ready().empty() && !once.exchange(true)) heard.set_value();
  });
  clock_.advance(std::chrono::seconds(1));
  journal_->flush();
  EXPECT_EQ(heard.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_EQ(journal_->claim("DemoApp", 5).size(), 5u);
  journal_->on_ready({});
}

TEST_F(Faults, ClosingOnABrokenDiskAnswersEverybody) {
  ASSERT_TRUE(append(*journal_, event("evt_0")));
  const Claim claim = claim_one(*journal_);
  journal_->flush();
  disk_.fail_syncs(true);
  std::atomic<int> answers = 0;
  for (int i = 1; i <= 20; ++i)
    journal_->append(event("evt_" + std::to_string(i)), [&](Result<Appended> result) {
      EXPECT_FALSE(result);
      ++answers;
    });
  journal_->checkpoint(claim.seq, "blob", [&](Result<void> result) {
    EXPECT_FALSE(result);
    ++answers;
  });
  journal_.reset();
  EXPECT_EQ(answers, 21);
}

TEST(DiskLevels, TheSmallerOfShareAndAmountCounts) {
  constexpr std::uint64_t kGiB = 1ull << 30;
  EXPECT_EQ(level_of({kGiB, 2 * kGiB}), DiskLevel::kFine);
  EXPECT_EQ(level_of({kGiB / 10, 2 * kGiB}), DiskLevel::kLow);
  EXPECT_EQ(level_of({kGiB / 11, 2 * kGiB}), DiskLevel::kFull);
  EXPECT_EQ(level_of({4 * kGiB, 1000 * kGiB}), DiskLevel::kFine) << "0.4 % of a terabyte is room enough";
  EXPECT_EQ(level_of({3 * kGiB, 1000 * kGiB}), DiskLevel::kLow);
  EXPECT_EQ(level_of({kGiB - 1, 1000 * kGiB}), DiskLevel::kFull);
}

class DiskSpaceTest : public JournalTest {
 protected:
  void open_on(std::uint64_t free) {
    free_ = free;
    Options with = options();
    with.disk_space = [this] { return DiskSpace{free_, 100}; };
    open(std::move(with));
  }
  void becomes(std::uint64_t free) {
    free_ = free;
    clock_.advance(DiskWatch::kEvery);
  }
  std::atomic<std::uint64_t> free_{0};
};

TEST_F(DiskSpaceTest, ANearlyFullDiskTakesNothingNewAndFinishesTheOld) {
  open_on(50);
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  const Claim claim = claim_one(*journal_);
  becomes(4);
  const auto refused = append(*journal_, event("evt_2"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kFull);
  EXPECT_NE(refused.error().message.find("disk"), std::string::npos);
  EXPECT_EQ(append(*journal_, event("evt_1")).value(), Appended::kDuplicate);
  journal_->settle(end(claim, State::kCompleted));
  journal_->flush();
  EXPECT_EQ(rows().at(0).state, State::kCompleted);
  EXPECT_EQ(journal_->stats().disk_free, 4u);
  becomes(50);
  EXPECT_TRUE(append(*journal_, event("evt_2")));
}

TEST_F(DiskSpaceTest, OnALowDiskBodiesOfCompletedEventsGoEarly) {
  open_on(8);
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  ASSERT_TRUE(append(*journal_, event("evt_live")));
  journal_->settle(end(claim_one(*journal_), State::kCompleted));
  journal_->flush();
  clock_.advance(std::chrono::minutes(1));
  const auto bodies = [&] {
    auto reader = store::Connection::open(options().state_dir / "journal.db", store::Connection::Mode::kReader);
    return reader->value("SELECT group_concat(seq) FROM body").value().value_or("none");
  };
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (bodies() != "2" && std::chrono::steady_clock::now() < until) {
    journal_->flush();
    std::this_thread::yield();
  }
  EXPECT_EQ(bodies(), "2");
}

}  // namespace
}  // namespace modhost::journal::test
