// What a restart makes of what the last run left. A crash is played by going on from what was durable at that moment.
#include "journal/ready_set.hpp"
#include "journal_test_support.hpp"
#include "support/faulty_vfs.hpp"

namespace modhost::journal::test {
namespace {

class Recovery : public JournalTest {
 protected:
  void SetUp() override {
    Options with = options();
    with.vfs = disk_.name();
    open(std::move(with));
  }
  void TearDown() override { close(); }  // before the disk goes
  // Goes on from what is on the disk now, in another folder: the power was lost.
  void crash() {
    crash([](Options&) {});
  }
  template <class Change>
  void crash(Change change) {
    const auto dir = dir_.path() / ("after" + std::to_string(++crashes_));
    disk_.save_durable(dir);
    Options with = options();
    with.state_dir = dir;
    change(with);
    open(std::move(with));
  }

  // Goes on from what the files hold now: the process was killed. After a crash() or a kill().
  void kill() {
    const auto before = dir_.path() / ("after" + std::to_string(crashes_));
    const auto after = dir_.path() / ("after" + std::to_string(++crashes_));
    std::filesystem::copy(before, after);
    Options with = options();
    with.state_dir = after;
    open(std::move(with));
  }

  modhost::test::FaultyVfs disk_;
  int crashes_ = 0;
};

TEST_F(Recovery, ARunningEventIsReadyAgainAndHasUsedAnAttempt) {
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  ASSERT_EQ(journal_->claim("DemoApp", 1).size(), 1u);
  journal_->flush();
  crash();
  EXPECT_EQ(rows().at(0).state, State::kReady);
  const Claim claim = claim_one(*journal_);
  EXPECT_EQ(claim.attempt, 2u);
  EXPECT_TRUE(claim.prior_run);
  const auto attempts = journal_->attempts(claim.seq).value();
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_EQ(attempts[0].outcome, "interrupted");
  EXPECT_EQ(attempts[0].n, 1u);
  expect_balanced();
}

// As the run record tells it: these had begun, these ended the host.
class Told : public JournalTest {
 protected:
  void SetUp() override { open(); }
  void crash(std::set<EventSeq> begun, std::map<EventSeq, std::string> blamed = {}, bool once = false) {
    journal_->flush();
    LastRunning last;
    last.epoch = journal_->epoch();
    last.begun = std::move(begun);
    last.blamed = std::move(blamed);
    crash_file();
    Options with = options();
    with.last_running = std::move(last);
    if (once) with.once_modules = {"DemoApp"};
    with.interrupted_ending = [](const Event& event, const std::string&) { return event.id; };
    open(std::move(with));
  }
  // As after a kill: the stop was not clean.
  void crash_file() {
    const auto file = options().state_dir / "journal.db";
    const auto copy = dir_.path() / "copy";
    std::filesystem::create_directories(copy);
    for (const char* name : {"journal.db", "journal.db-wal"})
      std::filesystem::copy_file(options().state_dir / name, copy / name,
                                 std::filesystem::copy_options::overwrite_existing);
    close();
    for (const char* name : {"journal.db", "journal.db-wal", "journal.db-shm"})
      std::filesystem::remove(options().state_dir / name);
    for (const char* name : {"journal.db", "journal.db-wal"})
      std::filesystem::copy_file(copy / name, options().state_dir / name);
  }
  void append_all(int count) {
    for (int i = 1; i <= count; ++i) ASSERT_TRUE(append(*journal_, event("evt_" + std::to_string(i))));
  }
  Row row(EventSeq seq) {
    Filter filter;
    filter.before = seq + 1;
    filter.limit = 1;
    return rows(filter).at(0);
  }
};

TEST_F(Told, OnlyWhatHadBegunUsesAnAttempt) {
  append_all(3);
  ASSERT_EQ(journal_->claim("DemoApp", 2).size(), 2u);
  crash({1});
  EXPECT_EQ(row(1).attempts, 1u);
  EXPECT_EQ(row(2).attempts, 0u);
  std::vector<Claim> claims;
  for (int i = 0; i < 100 && claims.size() < 3; ++i) {
    for (Claim& claim : journal_->claim("DemoApp", 3)) claims.push_back(std::move(claim));
    journal_->flush();
  }
  ASSERT_EQ(claims.size(), 3u);
  for (const Claim& claim : claims) {
    EXPECT_EQ(claim.prior_run, claim.seq == 1) << claim.seq;
    EXPECT_EQ(claim.attempt, claim.seq == 1 ? 2u : 1u) << claim.seq;
  }
  EXPECT_TRUE(journal_->attempts(2)->empty());
  expect_balanced();
}

TEST_F(Told, AnEventThatBeganBeforeItsMarkWasDurableUsesOneToo) {
  append_all(1);
  crash({1});
  EXPECT_EQ(row(1).state, State::kReady);
  EXPECT_EQ(row(1).attempts, 1u);
  EXPECT_EQ(journal_->attempts(1)->at(0).outcome, "interrupted");
}

TEST_F(Told, AQueuedEventOfAOnceModuleIsRunAfterAll) {
  append_all(2);
  ASSERT_EQ(journal_->claim("DemoApp", 2).size(), 2u);
  crash({1}, {}, true);
  EXPECT_EQ(row(1).state, State::kDead);
  EXPECT_EQ(row(1).reason, "interrupted");
  EXPECT_EQ(row(2).state, State::kReady);
  EXPECT_EQ(row(2).attempts, 0u);
  expect_balanced();
}

// The retry of an idempotent module's event costs no flush: it is handed out while the disk stands still.
TEST_F(Told, ARetryWaitsForNoFlush) {
  modhost::test::FaultyVfs disk;
  Options with = options();
  with.vfs = disk.name();
  with.has_run_record = true;
  close();
  std::filesystem::remove_all(with.state_dir);
  open(with);
  append_all(1);
  Settlement retry = end(claim_one(*journal_), State::kWaiting, "retry");
  retry.not_before = clock_.unix_now();
  journal_->settle(std::move(retry));
  for (int i = 0; i < 100 && journal_->modules_ready().empty(); ++i) journal_->flush();
  disk.hold_syncs(true);
  const auto claims = journal_->claim("DemoApp", 1);
  disk.hold_syncs(false);
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_TRUE(claims[0].prior_run);
  EXPECT_EQ(claims[0].attempt, 2u);
  close();
}

TEST_F(Told, TheSecondCrashOfAnEventIsPoison) {
  append_all(2);
  ASSERT_EQ(journal_->claim("DemoApp", 2).size(), 2u);
  crash({1, 2}, {{1, "signal 11 in code of module DemoApp"}});
  EXPECT_EQ(row(1).state, State::kReady);
  EXPECT_NE(journal_->attempts(1)->at(0).detail.find("signal 11"), std::string::npos);
  EXPECT_EQ(journal_->attempts(2)->at(0).detail.find("signal 11"), std::string::npos) << "nobody blames it";
  for (int i = 0; i < 2; ++i) claim_one(*journal_);
  crash({1, 2}, {{1, "signal 11 in code of module DemoApp"}});
  EXPECT_EQ(row(1).state, State::kDead);
  EXPECT_EQ(row(1).reason, "poison");
  EXPECT_EQ(row(1).detail, "the plugin's code ended the host: signal 11 in code of module DemoApp");
  EXPECT_EQ(row(2).state, State::kReady);
  const auto due = journal_->outbox_due(10);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].ending, "evt_1");
  expect_balanced();
}

TEST_F(Told, ARecordOfAnotherRunIsNotBelieved) {
  append_all(1);
  ASSERT_EQ(journal_->claim("DemoApp", 1).size(), 1u);
  journal_->flush();
  Options with = options();
  with.last_running = LastRunning{journal_->epoch() + 5, {}, {}};
  open(std::move(with));
  EXPECT_EQ(row(1).attempts, 1u) << "it may have begun";
}

TEST_F(Recovery, ARunningEventOfAOnceModuleIsDeadAndGetsItsEnding) {
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  ASSERT_EQ(journal_->claim("DemoApp", 1).size(), 1u);
  journal_->flush();
  crash([](Options& with) {
    with.once_modules = {"DemoApp"};
    with.interrupted_ending = [](const Event& event, const std::string& module) {
      return "{\"ending of\":\"" + event.assistant_message_id + module + "\"}";
    };
  });
  EXPECT_EQ(rows().at(0).state, State::kDead);
  EXPECT_EQ(rows().at(0).reason, "interrupted");
  EXPECT_TRUE(journal_->modules_ready().empty());
  const auto due = journal_->outbox_due(10);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].ending, "{\"ending of\":\"msg_1DemoApp\"}");
  EXPECT_EQ(journal_->stats().ended, 1u);
  expect_balanced();
}

TEST_F(Recovery, AfterACrashTheOldestReadyEventsMayHaveRun) {
  const std::size_t all = ReadySet::kUnmarkedMax + 20;
  for (std::size_t i = 0; i < all; ++i) journal_->append(event("evt_" + std::to_string(i)), [](Result<Appended>) {});
  journal_->flush();
  crash();
  std::vector<Claim> claims;
  while (claims.size() < all) {
    for (Claim& claim : journal_->claim("DemoApp", 1000)) claims.push_back(std::move(claim));
    journal_->flush();
  }
  for (std::size_t i = 0; i < all; ++i) {
    EXPECT_EQ(claims[i].prior_run, i < ReadySet::kUnmarkedMax) << i;
    EXPECT_EQ(claims[i].attempt, 1u);
  }
}

// Else an event that takes the host down before its mark is on the disk would do so again and again.
TEST_F(Recovery, AnEventInDoubtIsHandedOutWhenItsMarkIsDurable) {
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  crash();
  EXPECT_TRUE(journal_->claim("DemoApp", 1).empty()) << "its mark is not durable yet";
  const Claim first = claim_one(*journal_);
  EXPECT_TRUE(first.prior_run);
  EXPECT_EQ(first.attempt, 1u);
  kill();
  EXPECT_EQ(claim_one(*journal_).attempt, 2u);
  expect_balanced();
}

TEST_F(Recovery, AReadyEventOfAOnceModuleHasNotRun) {
  crash([](Options& with) { with.once_modules = {"DemoApp"}; });
  modhost::test::FaultyVfs disk;
  Options with = options();
  with.state_dir = dir_.path() / "once";
  with.vfs = disk.name();
  with.once_modules = {"DemoApp"};
  open(with);
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  disk.save_durable(dir_.path() / "once after");
  with.state_dir = dir_.path() / "once after";
  with.vfs.clear();
  open(with);
  EXPECT_FALSE(claim_one(*journal_).prior_run);
  journal_.reset();
}

TEST_F(Recovery, AModuleThatBecomesOnceKeepsTheDoubt) {
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  crash([](Options& with) { with.once_modules = {"DemoApp"}; });
  EXPECT_TRUE(claim_one(*journal_).prior_run);
}

TEST_F(Recovery, AModuleThatBecomesOnceWhileTheHostRunsIsMarkedFromThereOn) {
  journal_->set_once_modules({"DemoApp"});
  journal_->flush();
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  EXPECT_TRUE(journal_->claim("DemoApp", 1).empty()) << "its mark is not durable yet";
  EXPECT_EQ(claim_one(*journal_).event.id, "evt_1");
  ASSERT_TRUE(append(*journal_, event("evt_2")));
  crash([](Options& with) { with.once_modules = {"DemoApp"}; });
  Filter first;
  first.id = "evt_1";
  EXPECT_EQ(rows(first).at(0).reason, "interrupted");
  EXPECT_FALSE(claim_one(*journal_).prior_run) << "every run is marked before it begins: this one did not";
}

TEST_F(Recovery, AModuleThatIsOnceNoMoreLeavesDoubt) {
  crash([](Options& with) { with.once_modules = {"DemoApp"}; });
  journal_->set_once_modules({});
  journal_->flush();
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  ASSERT_TRUE(append(*journal_, event("evt_2")));
  EXPECT_EQ(journal_->claim("DemoApp", 1).size(), 1u) << "handed out before its mark is durable";
  kill();
  const auto claims = [&] {
    std::vector<Claim> all;
    while (all.size() < 2) all.push_back(claim_one(*journal_));
    return all;
  }();
  for (const Claim& claim : claims) EXPECT_TRUE(claim.prior_run) << claim.event.id;
}

TEST_F(Recovery, AChangeOfMindAboutOnceIsNeverForgotten) {
  journal_->set_once_modules({"DemoApp"});
  journal_->set_once_modules({});
  journal_->set_once_modules({"DemoApp"});
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  EXPECT_TRUE(journal_->claim("DemoApp", 1).empty()) << "its mark is not durable yet";
  EXPECT_EQ(claim_one(*journal_).event.id, "evt_1");
}

TEST_F(Recovery, AfterACleanStopNothingIsInDoubt) {
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  Options with = options();
  with.vfs = disk_.name();
  open(with);
  EXPECT_FALSE(claim_one(*journal_).prior_run);
  journal_->flush();
  open(with);  // a stop that abandons a running event
  const Claim claim = claim_one(*journal_);
  EXPECT_TRUE(claim.prior_run);
  EXPECT_EQ(claim.attempt, 2u);
}

TEST_F(Recovery, WaitingEventsWaitForTheRestOfTheirTime) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(append(*journal_, event("evt_" + std::to_string(i))));
    Settlement retry = end(claim_one(*journal_), State::kWaiting, "retry");
    retry.not_before = clock_.unix_now() + std::chrono::seconds(10 * (i + 1));
    journal_->settle(std::move(retry));
  }
  journal_->flush();
  clock_.advance(std::chrono::seconds(10));  // while nobody runs
  crash();
  EXPECT_EQ(claim_one(*journal_).event.id, "evt_0");
  journal_->flush();
  EXPECT_TRUE(journal_->claim("DemoApp", 5).empty());
  clock_.advance(std::chrono::seconds(10));
  EXPECT_EQ(claim_one(*journal_).event.id, "evt_1");
  expect_balanced();
}

TEST_F(Recovery, ARetryThatFellDueMeanwhileRunsOnceBesideThoseThatNeverRan) {
  for (const char* id : {"evt_0", "evt_1", "evt_2"}) ASSERT_TRUE(append(*journal_, event(id)));
  const Claim first = claim_one(*journal_);
  Settlement retry = end(first, State::kWaiting, "retry");
  retry.not_before = clock_.unix_now() + std::chrono::seconds(10);
  journal_->settle(std::move(retry));
  journal_->flush();
  clock_.advance(std::chrono::seconds(60));  // while nobody runs
  crash();
  journal_->flush();  // the timer rings before the first claim
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    for (const Claim& claim : journal_->claim("DemoApp", 10)) {
      ids.push_back(claim.event.id);
      journal_->settle(end(claim, State::kCompleted));
    }
    journal_->flush();
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"evt_0", "evt_1", "evt_2"}));
  EXPECT_EQ(journal_->stats().ended, 3u);
  EXPECT_EQ(journal_->stats().stale_settlements, 0u);
  EXPECT_FALSE(journal_->oldest_ready("DemoApp"));
  expect_balanced();
}

TEST_F(Recovery, AStepOfTheWallClockMovesNoTimer) {
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  Settlement retry = end(claim_one(*journal_), State::kWaiting, "retry");
  retry.not_before = clock_.unix_now() + std::chrono::hours(24 * 1000);
  journal_->settle(std::move(retry));
  journal_->flush();
  EXPECT_TRUE(journal_->modules_ready().empty());
}

TEST_F(Recovery, EpochsMakeTokensOfTheLastRunStale) {
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  const Claim old = claim_one(*journal_);
  journal_->flush();
  crash();
  const Claim now = claim_one(*journal_);
  EXPECT_EQ(now.seq, old.seq);
  EXPECT_NE(now.token, old.token);
  journal_->settle(end(old, State::kDead));
  journal_->flush();
  EXPECT_EQ(journal_->stats().stale_settlements, 1u);
  EXPECT_EQ(rows().at(0).state, State::kRunning);
}

TEST_F(Recovery, DuplicatesAreKnownAfterACrash) {
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(append(*journal_, event("evt_" + std::to_string(i))));
  crash();
  for (int i = 0; i < 300; ++i)
    ASSERT_EQ(append(*journal_, event("evt_" + std::to_string(i))).value(), Appended::kDuplicate);
  EXPECT_EQ(journal_->stats().accepted, 300u);
  expect_balanced();
}

TEST_F(Recovery, TheListenerHearsOfWhatWasLeft) {
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  crash();
  std::promise<void> heard;
  std::atomic<bool> once = false;
  journal_->on_ready([&] {
    if (!once.exchange(true)) heard.set_value();
  });
  EXPECT_EQ(heard.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
  journal_->on_ready({});
}

}  // namespace
}  // namespace modhost::journal::test
