// The file itself: who may open it, old and new schemas, and what is forgotten when.
#include <thread>

#include "journal/schema.hpp"
#include "journal_test_support.hpp"
#include "store/restore.hpp"

namespace modhost::journal::test {
namespace {

using Format = JournalTest;

TEST_F(Format, ASecondJournalOnTheSameFolderIsRefused) {
  open();
  const auto second = SqliteJournal::open(options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_NE(second.error().message.find("is in use by process"), std::string::npos) << second.error().message;
  ASSERT_TRUE(append(*journal_, event("evt_1")));
}

TEST_F(Format, ANewerSchemaIsRefusedWithAWayOut) {
  open();
  close();
  {
    auto connection = store::Connection::open(options().state_dir / "journal.db", store::Connection::Mode::kWriter);
    ASSERT_TRUE(store::set_meta(*connection, "schema_version", "99"));
  }
  const auto refused = SqliteJournal::open(options());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnsupported);
  EXPECT_NE(refused.error().message.find("schema version 99"), std::string::npos) << refused.error().message;
  const std::string remedy = "modhost restore journal.db.v" + std::to_string(kMigrations.size());
  EXPECT_NE(refused.error().message.find(remedy), std::string::npos) << refused.error().message;
}

// Files of earlier versions, frozen as SQL: every later host must go on from them.
class OldFormat : public JournalTest, public testing::WithParamInterface<int> {};

TEST_P(OldFormat, IsBroughtForward) {
  clock_.advance(std::chrono::milliseconds(100));  // later than all that is in it
  const std::string frozen = "tests/unit/journal/journal_v" + std::to_string(GetParam()) + ".sql";
  std::filesystem::create_directories(options().state_dir);
  {
    auto connection = store::Connection::open(options().state_dir / "journal.db", store::Connection::Mode::kWriter);
    ASSERT_TRUE(connection);
    const auto made = connection->execute(modhost::test::read_file(std::filesystem::path(MODHOST_SOURCE_DIR) / frozen));
    ASSERT_TRUE(made) << made.error().message;
  }
  open();
  const auto kept = journal_->get("DemoApp", "mark");
  EXPECT_EQ(kept ? kept->value : "", GetParam() >= 2 ? "kept" : "");
  std::promise<Result<std::uint64_t>> changed;
  journal_->change({"DemoApp", "mark", "new", GetParam() >= 2 ? 7 : kAbsent, {}},
                   [&](Result<std::uint64_t> result) { changed.set_value(std::move(result)); });
  EXPECT_TRUE(changed.get_future().get());
  const Stats stats = journal_->stats();
  EXPECT_EQ(stats.accepted, 4u);
  EXPECT_EQ(stats.ended, 2u);
  expect_balanced();
  EXPECT_EQ(append(*journal_, event("evt_done")).value(), Appended::kDuplicate);
  EXPECT_EQ(append(*journal_, event("evt_dead")).value(), Appended::kDuplicate);
  EXPECT_EQ(append(*journal_, event("evt_ready", "DemoApp", "changed")).value(), Appended::kConflict);
  const Claim claim = claim_one(*journal_);
  EXPECT_EQ(claim.event.id, "evt_ready");
  EXPECT_EQ(claim.event.body, "{\"id\":\"evt_ready\"}");
  EXPECT_EQ(claim.event.traceparent, "00-trace");
  EXPECT_EQ(claim.generation, GetParam() >= 5 ? 1u : 0u);
  EXPECT_EQ((claim.fresh_since - claim.first_received).count(), GetParam() >= 5 ? 4 : 0);
  EXPECT_EQ(journal_->operations().paused().value().size(), GetParam() >= 5 ? 1u : 0u);
  EXPECT_EQ(journal_->operations().audited(0, 10).value().size(), GetParam() >= 5 ? 1u : 0u);
  clock_.advance(std::chrono::seconds(10));
  const Claim retried = claim_one(*journal_);
  EXPECT_EQ(retried.event.id, "evt_waiting");
  EXPECT_EQ(retried.attempt, 2u);
  EXPECT_EQ(retried.checkpoint, "part 2");
  EXPECT_EQ(retried.turn_completed, GetParam() >= 4);
  ASSERT_EQ(journal_->outbox_due(5).size(), 1u);
  EXPECT_EQ(journal_->attempts(2).value().at(0).outcome, "permanent");
  journal_->settle(end(retried, State::kDead, "permanent"));
  journal_->flush();
  EXPECT_EQ(journal_->outbox_due(5).size(), GetParam() >= 3 ? 1u : 0u) << "a log step that was open";
}

// The way back to the host that wrote it.
TEST_P(OldFormat, IsKeptBeside) {
  const int newest = static_cast<int>(kMigrations.size());
  const auto file = options().state_dir / "journal.db";
  std::filesystem::create_directories(options().state_dir);
  {
    auto connection = store::Connection::open(file, store::Connection::Mode::kWriter);
    const std::string frozen = "tests/unit/journal/journal_v" + std::to_string(GetParam()) + ".sql";
    ASSERT_TRUE(connection->execute(modhost::test::read_file(std::filesystem::path(MODHOST_SOURCE_DIR) / frozen)));
  }
  const std::filesystem::path kept = file.string() + ".v" + std::to_string(GetParam());
  std::ofstream(kept) << "of an upgrade before";
  open();
  ASSERT_TRUE(append(*journal_, event("evt_after")));
  close();
  if (GetParam() == newest) {
    EXPECT_EQ(modhost::test::read_file(kept), "of an upgrade before") << "nothing was migrated";
    return;
  }
  EXPECT_EQ(std::filesystem::status(kept).permissions() & std::filesystem::perms(0777), std::filesystem::perms(0600));
  const auto restored = store::restore(options().state_dir, kept, std::span(kMigrations).first(GetParam()), "test");
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->version, GetParam());
  auto connection = store::Connection::open(file, store::Connection::Mode::kReader);
  EXPECT_EQ(connection->value("SELECT group_concat(id) FROM event").value(), "evt_done,evt_dead,evt_waiting,evt_ready");
}
INSTANTIATE_TEST_SUITE_P(Versions, OldFormat, testing::Range(1, static_cast<int>(kMigrations.size()) + 1));

class Forgetting : public JournalTest {
 protected:
  void complete(const std::string& id, State state = State::kCompleted) {
    ASSERT_TRUE(append(*journal_, event(id)));
    Settlement settlement = end(claim_one(*journal_), state);
    if (state == State::kDead) settlement.ending = ending_;
    journal_->settle(std::move(settlement));
    journal_->flush();
  }
  std::string value(const std::string& sql) {
    auto reader = store::Connection::open(options().state_dir / "journal.db", store::Connection::Mode::kReader);
    return reader->value(sql).value().value_or("none");
  }
  // Housekeeping comes when the journal is idle.
  void await(const std::string& sql, const std::string& expected) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (value(sql) != expected && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    EXPECT_EQ(value(sql), expected) << sql;
  }
  // A new pass begins after a restart, or after its pause.
  void next_day(int days) {
    clock_.advance(std::chrono::hours(24 * days));
    open();
  }
  std::string ending_;
};

TEST_F(Forgetting, BodiesOfCompletedEventsGoAfterADay) {
  open();
  complete("evt_done");
  complete("evt_dead", State::kDead);
  ASSERT_TRUE(append(*journal_, event("evt_live")));
  next_day(1);
  EXPECT_EQ(value("SELECT count(*) FROM body"), "3");
  clock_.advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(append(*journal_, event("evt_young")));
  open();
  await("SELECT group_concat(id) FROM (SELECT e.id FROM event e JOIN body b ON b.seq=e.seq ORDER BY e.seq)",
        "evt_dead,evt_live,evt_young");
  EXPECT_EQ(append(*journal_, event("evt_done")).value(), Appended::kDuplicate);
  EXPECT_EQ(claim_one(*journal_).event.body, "{\"id\":\"evt_live\"}");
}

TEST_F(Forgetting, BodiesGoWithTheEndWhenNoneAreKept) {
  Options with = options();
  with.keep_body = std::chrono::milliseconds(0);
  open(with);
  complete("evt_done");
  complete("evt_dead", State::kDead);
  EXPECT_EQ(value("SELECT group_concat(e.id) FROM event e JOIN body b ON b.seq=e.seq"), "evt_dead");
  EXPECT_EQ(append(*journal_, event("evt_done")).value(), Appended::kDuplicate);
  EXPECT_EQ(append(*journal_, event("evt_done", "DemoApp", "another")).value(), Appended::kConflict);
}

TEST_F(Forgetting, EndedEventsGoAfterAMonthAndLiveOnesStay) {
  open();
  complete("evt_done");
  complete("evt_dead", State::kDead);
  ASSERT_TRUE(append(*journal_, event("evt_live")));
  next_day(31);
  await("SELECT group_concat(id) FROM event", "evt_live");
  await("SELECT count(*) FROM event_key", "1");
  EXPECT_EQ(value("SELECT count(*) FROM attempt"), "0");
  EXPECT_EQ(value("SELECT count(*) FROM body"), "1");
  EXPECT_EQ(journal_->stats().accepted, 3u) << "the ledger forgets nothing";
  expect_balanced();
  EXPECT_EQ(append(*journal_, event("evt_done")).value(), Appended::kStored);
  EXPECT_EQ(append(*journal_, event("evt_live")).value(), Appended::kDuplicate);
}

TEST_F(Forgetting, AnEventWhoseEndingWaitsStays) {
  ending_ = "{}";
  open();
  complete("evt_dead", State::kDead);
  complete("evt_done");
  next_day(31);
  await("SELECT group_concat(id) FROM event", "evt_dead");
  journal_->outbox_done(journal_->outbox_due(1).at(0).id);
  journal_->flush();
  next_day(1);
  await("SELECT count(*) FROM event", "0");
}

TEST_F(Forgetting, NumbersAreNeverUsedTwice) {
  open();
  complete("evt_1");
  complete("evt_2");
  next_day(31);
  await("SELECT count(*) FROM event", "0");
  open();
  ASSERT_TRUE(append(*journal_, event("evt_3")));
  EXPECT_EQ(rows().at(0).seq, 3);
}

}  // namespace
}  // namespace modhost::journal::test
