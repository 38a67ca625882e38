// What operators do: find, replay, purge, pause, back up; every change is in the audit and the ledger stays balanced.
#include <sys/stat.h>

#include <set>

#include "journal/schema.hpp"
#include "journal_test_support.hpp"
#include "store/restore.hpp"
#include "support/faulty_vfs.hpp"

namespace modhost::journal::test {
namespace {

using namespace std::chrono_literals;

class OperationsTest : public JournalTest {
 protected:
  Operations& operations() { return journal_->operations(); }
  // Appends, runs and ends one event; its number.
  EventSeq ended(const std::string& id, State state, const std::string& reason, const std::string& ending = "") {
    return ended(event(id), state, reason, ending);
  }
  EventSeq ended(NewEvent added, State state, const std::string& reason, const std::string& ending = "") {
    const std::string module = added.module;
    EXPECT_TRUE(append(*journal_, std::move(added)));
    const Claim claim = claim_one(*journal_, module);
    Settlement settlement = end(claim, state, reason);
    settlement.ending = ending;
    journal_->settle(std::move(settlement));
    journal_->flush();
    return claim.seq;
  }
  EventSeq waiting(const std::string& id, std::chrono::seconds delay) {
    EXPECT_TRUE(append(*journal_, event(id)));
    const Claim claim = claim_one(*journal_);
    Settlement retry = end(claim, State::kWaiting, "retry");
    retry.not_before = clock_.unix_now() + delay;
    journal_->settle(std::move(retry));
    journal_->flush();
    return claim.seq;
  }
  static ChangeRequest only(EventSeq seq) {
    ChangeRequest request;
    request.filter.seq = seq;
    request.actor = "anna";
    return request;
  }
  ChangeResult change(Change change, const ChangeRequest& request) {
    auto done = operations().change(change, request);
    if (!done) {
      ADD_FAILURE() << done.error().message;
      return {};
    }
    expect_balanced();
    return *done;
  }
  Details details(EventSeq seq) {
    auto found = operations().details(seq);
    if (!found) {
      ADD_FAILURE() << found.error().message;
      return {};
    }
    return *found;
  }
  std::vector<EventSeq> seqs(const Filter& filter) {
    std::vector<EventSeq> found;
    const auto page = operations().page(filter);
    if (!page) ADD_FAILURE() << page.error().message;
    for (const Row& row : page ? page->rows : std::vector<Row>()) found.push_back(row.seq);
    return found;
  }
  AuditEntry last_audit() {
    auto entries = operations().audited(0, 1);
    return entries && !entries->empty() ? entries->front() : AuditEntry{};
  }
  // Whether a text is anywhere in the files of the journal.
  bool is_on_disk(const std::string& text) {
    for (const char* file : {"journal.db", "journal.db-wal"})
      if (modhost::test::read_file(options().state_dir / file).find(text) != std::string::npos) return true;
    return false;
  }
};

TEST_F(OperationsTest, AReplayBeginsAnew) {
  open();
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  const Claim first = claim_one(*journal_);
  journal_->turn_completed(first.seq);
  Settlement dead = end(first, State::kDead, "permanent");
  dead.ending = R"({"text":"sorry"})";
  journal_->settle(std::move(dead));
  journal_->flush();
  clock_.advance(24h);

  const ChangeResult done = change(Change::kReplay, only(first.seq));
  EXPECT_EQ(done.events, 1u);
  EXPECT_EQ(done.next, 0);
  EXPECT_EQ(details(first.seq).row.state, State::kReady);
  EXPECT_TRUE(journal_->outbox_due(5).empty()) << "the apology";
  EXPECT_EQ(journal_->stats().ended, 0u);
  const Claim again = claim_one(*journal_);
  EXPECT_EQ(again.seq, first.seq);
  EXPECT_EQ(again.attempt, 1u);
  EXPECT_EQ(again.generation, 1u);
  EXPECT_TRUE(again.prior_run);
  EXPECT_FALSE(again.turn_completed);
  EXPECT_EQ(again.event.body, "{\"id\":\"evt_1\"}");
  EXPECT_EQ(again.fresh_since - again.first_received, 24h);
  journal_->settle(end(again, State::kCompleted));
  journal_->flush();
  const Details now = details(first.seq);
  ASSERT_EQ(now.attempts.size(), 2u);
  EXPECT_EQ(now.attempts[0].generation, 0u);
  EXPECT_EQ(now.attempts[1].generation, 1u);
  EXPECT_EQ(last_audit().action, "replay");
  EXPECT_EQ(last_audit().actor, "anna");
  EXPECT_EQ(last_audit().count, 1u);
  EXPECT_EQ(journal_->stats().ended, 1u);
  expect_balanced();
}

TEST_F(OperationsTest, AReplayedEventSurvivesARestart) {
  open();
  const EventSeq seq = ended("evt_1", State::kExpired, "event_deadline");
  clock_.advance(1h);
  change(Change::kReplay, only(seq));
  open();
  expect_balanced();
  const Claim claim = claim_one(*journal_);
  EXPECT_EQ(claim.generation, 1u);
  EXPECT_EQ(claim.fresh_since - claim.first_received, 1h);
  EXPECT_EQ(journal_->stats().accepted, 1u);
}

TEST_F(OperationsTest, WhatCanNotRunIsNotReplayed) {
  open();
  NewEvent malformed = event("sha256:00", "");
  malformed.ended_as = State::kDead;
  malformed.reason = "malformed";
  ASSERT_TRUE(append(*journal_, malformed));
  const EventSeq completed = ended("evt_done", State::kCompleted, "ok");
  ASSERT_TRUE(append(*journal_, event("evt_live")));
  for (const EventSeq seq : {EventSeq{1}, completed, EventSeq{3}, EventSeq{99}})
    EXPECT_EQ(change(Change::kReplay, only(seq)).events, 0u) << seq;
  EXPECT_EQ(details(1).why_not_replayable, "no module: its body is not an event");
  EXPECT_EQ(operations().plan(Change::kReplay, only(3))->groups.at(0).refused, "it has not ended");

  ChangeRequest completed_too = only(completed);
  EXPECT_EQ(operations().plan(Change::kReplay, completed_too)->refused, 1u);
  completed_too.completed_too = true;
  EXPECT_EQ(operations().plan(Change::kReplay, completed_too)->events, 1u);
  EXPECT_EQ(change(Change::kReplay, completed_too).events, 1u);

  const EventSeq dead = ended("evt_dead", State::kDead, "permanent");
  change(Change::kPurge, only(dead));
  EXPECT_EQ(details(dead).why_not_replayable, "its body is gone");
  EXPECT_EQ(change(Change::kReplay, only(dead)).events, 0u);
}

TEST_F(OperationsTest, AFilterReplaysDeadAndExpiredOnesAfterAPlan) {
  open();
  ended("evt_dead", State::kDead, "permanent");
  ended("evt_expired", State::kExpired, "event_deadline");
  ended("evt_stopped", State::kCancelled, "stopped_by_user");
  ended("evt_done", State::kCompleted, "ok");
  ended(event("evt_other", "Slow"), State::kDead, "exhausted");
  ChangeRequest request;
  EXPECT_EQ(operations().plan(Change::kReplay, request).error().code, Code::kInvalid);
  EXPECT_EQ(operations().change(Change::kReplay, request).error().code, Code::kInvalid) << "never without a filter";
  request.filter.module = "DemoApp";
  const auto plan = operations().plan(Change::kReplay, request);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->events, 2u);
  EXPECT_EQ(plan->groups.size(), 2u);
  const EventSeq late = ended("evt_late", State::kDead, "permanent");
  request.filter.before = plan->before;
  EXPECT_EQ(change(Change::kReplay, request).events, 2u);
  EXPECT_EQ(details(late).row.state, State::kDead) << "it was not in the plan";
  request.filter = {};
  request.filter.state = State::kCancelled;
  EXPECT_EQ(change(Change::kReplay, request).events, 1u) << "when somebody means it";
}

TEST_F(OperationsTest, ManyAreReplayedInBatchesAndAllComeBack) {
  Options with = options();
  with.ready_events_max = 2 * Operations::kChangeBatch;
  open(with);
  const std::size_t all = Operations::kChangeBatch + limits::kReadyInMemoryMax;
  for (std::size_t i = 0; i < all; ++i) journal_->append(event("evt_" + std::to_string(i)), [](Result<Appended>) {});
  journal_->flush();
  const auto end_all = [&](State state) {
    std::set<EventSeq> seen;
    for (int i = 0; i < 10'000 && seen.size() < all; ++i) {
      for (const Claim& claim : journal_->claim("DemoApp", 1000)) {
        EXPECT_TRUE(seen.insert(claim.seq).second);
        journal_->settle(end(claim, state, "reason"));
      }
      journal_->flush();
    }
    return seen.size();
  };
  EXPECT_EQ(end_all(State::kDead), all);
  ChangeRequest request;
  request.filter.reason = "reason";
  EXPECT_EQ(change(Change::kReplay, request).events, all);
  EXPECT_EQ(operations().audited(0, 10).value().size(), 2u) << "a line for each transaction";
  EXPECT_EQ(end_all(State::kDead), all);
  EXPECT_TRUE(journal_->claim("DemoApp", 10).empty());
  for (std::size_t i = 0; i < all; ++i) journal_->append(event("new_" + std::to_string(i)), [](Result<Appended>) {});
  journal_->flush();
  const auto refused = operations().change(Change::kReplay, request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kFull);
  expect_balanced();
}

TEST_F(OperationsTest, CancelledAndReplayedAndCancelledAgainItNeverRuns) {
  open();
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  Settlement cancel;
  cancel.seq = 1;
  cancel.state = State::kCancelled;
  cancel.reason = "stopped_by_operator";
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(journal_->withdraw(cancel));
    journal_->flush();
    EXPECT_EQ(details(1).row.state, State::kCancelled) << i;
    EXPECT_EQ(change(Change::kReplay, only(1)).events, 1u) << i;
  }
  EXPECT_EQ(claim_one(*journal_).generation, 3u);
  EXPECT_TRUE(journal_->claim("DemoApp", 10).empty());
}

TEST_F(OperationsTest, TheTimerOfTheRunBeforeReleasesNothing) {
  open();
  const EventSeq seq = waiting("evt_1", 10s);
  Settlement cancel;
  cancel.seq = seq;
  cancel.state = State::kCancelled;
  ASSERT_TRUE(journal_->withdraw(cancel));
  journal_->flush();
  change(Change::kReplay, only(seq));
  Settlement retry = end(claim_one(*journal_), State::kWaiting, "retry");
  retry.not_before = clock_.unix_now() + 60s;
  journal_->settle(std::move(retry));
  journal_->flush();
  clock_.advance(10s);
  journal_->flush();
  EXPECT_EQ(details(seq).row.state, State::kWaiting);
  clock_.advance(50s);
  EXPECT_EQ(claim_one(*journal_).seq, seq);
  expect_balanced();
}

TEST_F(OperationsTest, StepsOfTheRunBeforeAreStillClosed) {
  open();
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  const Claim claim = claim_one(*journal_);
  std::promise<OpenSteps::StepRecord> record;
  journal_->opening(claim.seq, [&](Result<OpenSteps::StepRecord> made) { record.set_value(made.value()); });
  journal_->opened(record.get_future().get(), step_ending("message_log_1"));
  Settlement dead = end(claim, State::kDead, "permanent");
  dead.ending = R"({"text":"sorry"})";
  journal_->settle(std::move(dead));
  journal_->flush();
  ASSERT_EQ(details(claim.seq).endings.size(), 2u);
  change(Change::kReplay, only(claim.seq));
  const auto due = journal_->outbox_due(5);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].ending, step_ending("message_log_1"));
}

TEST_F(OperationsTest, AReplayThatTheDiskRefusesChangesNothing) {
  modhost::test::FaultyVfs disk;
  Options with = options();
  with.vfs = disk.name();
  open(with);
  const EventSeq seq = ended("evt_1", State::kDead, "permanent");
  disk.fail_syncs(true);
  const auto refused = operations().change(Change::kReplay, only(seq));
  EXPECT_FALSE(refused);
  disk.fail_syncs(false);
  while (!journal_->stats().writable) journal_->flush();
  EXPECT_EQ(details(seq).row.state, State::kDead);
  expect_balanced();
  EXPECT_EQ(change(Change::kReplay, only(seq)).events, 1u);
  close();
}

TEST_F(OperationsTest, APurgeLeavesWhatRecognisesADuplicate) {
  open();
  NewEvent added = event("evt_1", "DemoApp", "a body with a TAINT in it");
  added.event.user_id = "user_TAINT";
  added.event.chat_id = "chat_TAINT";
  const EventSeq seq = ended(added, State::kDead, "permanent", R"({"text":"TAINT"})");
  ASSERT_TRUE(append(*journal_, event("evt_2", "DemoApp", "of somebody else")));
  journal_->flush();
  ASSERT_TRUE(is_on_disk("TAINT"));
  ChangeRequest request;
  request.filter.user_id = "user_TAINT";
  request.reason = "they asked for it";
  const ChangeResult done = change(Change::kPurge, request);
  EXPECT_EQ(done.events, 1u);
  EXPECT_TRUE(done.log_emptied);
  const Details left = details(seq);
  EXPECT_EQ(left.row.state, State::kDead);
  EXPECT_EQ(left.row.reason, "purged");
  EXPECT_EQ(left.row.user_id + left.row.chat_id + left.row.detail + left.event.assistant_message_id, "");
  EXPECT_TRUE(left.attempts.empty());
  EXPECT_TRUE(left.endings.empty());
  EXPECT_FALSE(left.has_body);
  EXPECT_NE(last_audit().detail.find("they asked for it"), std::string::npos);
  EXPECT_EQ(append(*journal_, event("evt_1", "DemoApp", "a body with a TAINT in it")).value(), Appended::kDuplicate);
  EXPECT_EQ(append(*journal_, event("evt_1", "DemoApp", "another")).value(), Appended::kConflict);
  EXPECT_EQ(claim_one(*journal_).event.body, "of somebody else");
  EXPECT_TRUE(journal_->outbox_due(5).empty());
  EXPECT_EQ(change(Change::kPurge, only(seq)).events, 0u) << "it is purged already";
}

// All but the audit, which says whose events were purged.
TEST_F(OperationsTest, NothingOfAPurgedEventIsLeftInTheFile) {
  open();
  NewEvent added = event("evt_1", "DemoApp", std::string(40'000, 'x') + "TAINT");
  added.event.chat_id = "chat_TAINT";
  const EventSeq seq = ended(added, State::kDead, "permanent", R"({"text":"TAINT"})");
  ASSERT_TRUE(is_on_disk("TAINT"));
  change(Change::kPurge, only(seq));
  EXPECT_FALSE(is_on_disk("TAINT"));
}

// Deliveries wait for the transaction that overwrites them.
TEST_F(OperationsTest, LargeBodiesArePurgedAFewAtATime) {
  open();
  for (int i = 0; i < 10; ++i)
    ended(event("evt_" + std::to_string(i), "DemoApp", std::string(1 << 20, 'x')), State::kDead, "permanent");
  ChangeRequest request;
  request.filter.state = State::kDead;
  EXPECT_EQ(change(Change::kPurge, request).events, 10u);
  EXPECT_EQ(operations().audited(0, 10).value().size(), 2u) << "a line for each transaction";
}

TEST_F(OperationsTest, LiveEventsArePurgedOnlyWhenToldAndNeverWhileTheyRun) {
  open();
  ASSERT_TRUE(append(*journal_, event("evt_running")));
  const Claim running = claim_one(*journal_);
  waiting("evt_waiting", 60s);
  ASSERT_TRUE(append(*journal_, event("evt_ready")));
  ChangeRequest request;
  request.filter.company_id = "company_1";
  EXPECT_EQ(operations().plan(Change::kPurge, request)->refused, 3u);
  EXPECT_EQ(change(Change::kPurge, request).events, 0u);
  request.live_too = true;
  EXPECT_EQ(operations().plan(Change::kPurge, request)->events, 2u);
  const ChangeResult done = change(Change::kPurge, request);
  EXPECT_EQ(done.events, 2u);
  EXPECT_EQ(done.withdrawn.size(), 2u);
  EXPECT_TRUE(journal_->claim("DemoApp", 10).empty());
  journal_->settle(end(running, State::kCompleted));
  journal_->flush();
  EXPECT_EQ(details(running.seq).row.state, State::kCompleted);
  expect_balanced();
}

TEST_F(OperationsTest, FiltersFindWhatTheyName) {
  open();
  NewEvent other = event("evt_2", "Slow");
  other.event.app = "app_2";
  other.event.company_id = "company_2";
  other.event.user_id = "user_2";
  other.event.chat_id = "chat_2";
  other.event.name = "unique.other";
  ended("evt_1", State::kDead, "permanent");
  clock_.advance(1h);
  ended(other, State::kDead, "exhausted");
  clock_.advance(1h);
  ended("evt_3", State::kCompleted, "ok");
  const auto by = [&](auto set) {
    Filter filter;
    set(filter);
    return seqs(filter);
  };
  using Seqs = std::vector<EventSeq>;
  EXPECT_EQ(by([](Filter& f) { f.app = "app_2"; }), Seqs{2});
  EXPECT_EQ(by([](Filter& f) { f.company_id = "company_2"; }), Seqs{2});
  EXPECT_EQ(by([](Filter& f) { f.user_id = "user_2"; }), Seqs{2});
  EXPECT_EQ(by([](Filter& f) { f.chat_id = "chat_1"; }), (Seqs{3, 1}));
  EXPECT_EQ(by([](Filter& f) { f.name = "unique.other"; }), Seqs{2});
  EXPECT_EQ(by([](Filter& f) { f.reason = "permanent"; }), Seqs{1});
  EXPECT_EQ(by([](Filter& f) { f.state = State::kDead; }), (Seqs{2, 1}));
  EXPECT_EQ(by([](Filter& f) { f.state = State::kDead, f.oldest_first = true; }), (Seqs{1, 2}));
  EXPECT_EQ(by([](Filter& f) { f.id = "evt_3"; }), Seqs{3});
  EXPECT_EQ(by([](Filter& f) { f.seq = 2; }), Seqs{2});
  const UnixMillis now = clock_.unix_now();
  EXPECT_EQ(by([&](Filter& f) { f.since = now - 1h; }), (Seqs{3, 2}));
  EXPECT_EQ(by([&](Filter& f) { f.until = now - 1h; }), Seqs{1});
  EXPECT_EQ(by([&](Filter& f) { f.since = now - 1h, f.until = now; }), Seqs{2});
  EXPECT_EQ(by([](Filter& f) { f.module = "Nowhere"; }), Seqs{});
}

TEST_F(OperationsTest, PagesGoOnWhereTheLastOneEnded) {
  open();
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(append(*journal_, event("evt_" + std::to_string(i))));
  for (const bool oldest_first : {false, true}) {
    Filter filter;
    filter.limit = 3;
    filter.oldest_first = oldest_first;
    std::vector<EventSeq> seen;
    for (int pages = 1;; ++pages) {
      const Page page = operations().page(filter).value();
      for (const Row& row : page.rows) seen.push_back(row.seq);
      if (page.next == 0) {
        EXPECT_EQ(pages, 3);
        break;
      }
      (oldest_first ? filter.after : filter.before) = page.next;
    }
    if (!oldest_first) std::reverse(seen.begin(), seen.end());
    EXPECT_EQ(seen, (std::vector<EventSeq>{1, 2, 3, 4, 5, 6, 7}));
  }
}

TEST_F(OperationsTest, APausedModuleStaysPausedOverARestart) {
  open();
  ASSERT_TRUE(operations().pause("DemoApp", "anna"));
  ASSERT_TRUE(operations().pause("DemoApp", "bert")) << "twice is once";
  open();
  const auto paused = operations().paused().value();
  ASSERT_EQ(paused.size(), 1u);
  EXPECT_EQ(paused[0].module, "DemoApp");
  EXPECT_EQ(paused[0].actor, "anna");
  EXPECT_EQ(paused[0].since, clock_.unix_now());
  ASSERT_TRUE(operations().resume("DemoApp", "bert"));
  EXPECT_TRUE(operations().paused()->empty());
  const auto audit = operations().audited(0, 10).value();
  ASSERT_EQ(audit.size(), 3u);
  EXPECT_EQ(audit[0].action, "resume");
  EXPECT_EQ(audit[1].count, 0u);
  EXPECT_EQ(audit[2].action, "pause");
  EXPECT_EQ(operations().audited(audit[1].id, 10).value().size(), 1u);
}

TEST_F(OperationsTest, ABackupHoldsEverythingAndIsPrivate) {
  open();
  ended("evt_dead", State::kDead, "permanent");
  ASSERT_TRUE(append(*journal_, event("evt_live")));
  const auto file = dir_.path() / "backup.db";
  const std::atomic<bool> goes_on = false, stops = true;
  EXPECT_EQ(operations().backup(file, "anna", stops).error().code, Code::kGone);
  EXPECT_FALSE(std::filesystem::exists(file)) << "whole or not at all";
  const auto made = operations().backup(file, "anna", goes_on);
  ASSERT_TRUE(made) << made.error().message;
  struct stat facts {};
  ASSERT_EQ(::stat(file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  EXPECT_EQ(static_cast<std::uint64_t>(facts.st_size), made->bytes);
  EXPECT_EQ(operations().backup(file, "anna", goes_on).error().code, Code::kConflict);
  EXPECT_EQ(last_audit().action, "backup");
  ASSERT_TRUE(append(*journal_, event("evt_after")));
  close();

  const auto restored = store::restore(options().state_dir, file, kMigrations, "by anna");
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->kept, options().state_dir / "journal.db.before-restore");
  open();
  expect_balanced();
  EXPECT_EQ(journal_->stats().accepted, 2u);
  EXPECT_EQ(claim_one(*journal_).event.id, "evt_live");
  EXPECT_EQ(append(*journal_, event("evt_dead")).value(), Appended::kDuplicate);
  EXPECT_EQ(append(*journal_, event("evt_after")).value(), Appended::kStored) << "it came after the backup";
  EXPECT_EQ(last_audit().action, "restore");
  EXPECT_EQ(last_audit().detail, "by anna");
  const auto again = store::restore(options().state_dir, file, kMigrations, "by anna");
  EXPECT_EQ(again.error().code, Code::kConflict) << "the host runs";
}

}  // namespace
}  // namespace modhost::journal::test
