#include "journal/known_ids.hpp"

#include <gtest/gtest.h>

#include "journal/schema.hpp"
#include "support/temp_dir.hpp"

namespace modhost::journal {
namespace {

class KnownIdsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    connection_.emplace(
        std::move(store::Connection::open(dir_.path() / "test.db", store::Connection::Mode::kWriter).value()));
    ASSERT_TRUE(store::migrate(*connection_, kMigrations));
    ASSERT_TRUE(known_.attach(*connection_));
    auto insert = connection_->prepare(
        "INSERT INTO event (seq, app, id, name, reference, module, user_id, company_id, chat_id, assistant_id, "
        "assistant_message_id, user_message_id, key_id, traceparent, received_at, updated_at, body_sha256, body_bytes, "
        "state, reason) VALUES (?1,?2,?3,'','','','','','','','','','','',0,0,x'aa',0,0,'')");
    ASSERT_TRUE(insert);
    insert_ = std::move(*insert);
  }
  // An event row as far as KnownIds looks at it.
  void store(KnownIds& known, EventSeq seq, const std::string& id, std::int64_t hash, const std::string& app = "app") {
    ASSERT_TRUE(insert_.with(seq, app, id).run());
    known.add(hash, seq);
  }
  EventSeq seq_of(KnownIds& known, const std::string& id, std::int64_t hash, const std::string& app = "app") {
    auto found = known.find(app, id, hash);
    EXPECT_TRUE(found) << found.error().message;
    return found && *found ? (*found)->seq : 0;
  }
  std::string rows() { return connection_->value("SELECT count(*) FROM event_key").value().value(); }
  bool move(KnownIds& known) {
    EXPECT_TRUE(connection_->begin());
    const bool moved = known.move_slice(KnownIds::Move::kAlways).value();
    EXPECT_TRUE(connection_->commit());
    return moved;
  }
  void move_all(KnownIds& known) {
    while (move(known)) known.committed();
  }

  modhost::test::TempDir dir_;
  std::optional<store::Connection> connection_;
  store::Statement insert_;
  KnownIds known_;
};

TEST(KeyHash, IsStoredAndNeverChanges) {
  EXPECT_EQ(key_hash(""), static_cast<std::int64_t>(0xcbf29ce484222325u));
  EXPECT_EQ(key_hash("a"), static_cast<std::int64_t>(0xaf63dc4c8601ec8cu));
  EXPECT_EQ(key_hash("foobar"), static_cast<std::int64_t>(0x85944171f73967e8u));
}

TEST_F(KnownIdsTest, FindsAnIdInMemoryOnItsWayAndInTheTable) {
  store(known_, 1, "evt_1", key_hash("evt_1"));
  known_.committed();
  EXPECT_EQ(seq_of(known_, "evt_1", key_hash("evt_1")), 1);
  EXPECT_EQ(seq_of(known_, "evt_2", key_hash("evt_2")), 0);
  ASSERT_TRUE(move(known_));
  EXPECT_EQ(seq_of(known_, "evt_1", key_hash("evt_1")), 1) << "moved, not committed";
  known_.committed();
  EXPECT_EQ(rows(), "1");
  EXPECT_EQ(known_.keyed_upto(), 1);
  EXPECT_EQ(seq_of(known_, "evt_1", key_hash("evt_1")), 1);
  EXPECT_EQ(known_.find("app", "evt_1", key_hash("evt_1")).value()->body_sha256, "\xaa");
  EXPECT_FALSE(move(known_)) << "nothing left to move";
}

TEST_F(KnownIdsTest, OneHashMayStandForManyIds) {
  constexpr std::int64_t kHash = 42;
  store(known_, 1, "evt_1", kHash);
  known_.committed();
  move_all(known_);
  store(known_, 2, "evt_2", kHash);
  known_.committed();
  ASSERT_FALSE(known_.move_slice(KnownIds::Move::kWhenFull).value());
  store(known_, 3, "evt_3", kHash);
  store(known_, 4, "evt_1", kHash, "other app");
  known_.committed();
  EXPECT_EQ(seq_of(known_, "evt_1", kHash), 1);
  EXPECT_EQ(seq_of(known_, "evt_2", kHash), 2);
  EXPECT_EQ(seq_of(known_, "evt_3", kHash), 3);
  EXPECT_EQ(seq_of(known_, "evt_1", kHash, "other app"), 4);
  EXPECT_EQ(seq_of(known_, "evt_4", kHash), 0);
  move_all(known_);
  EXPECT_EQ(rows(), "4");
  EXPECT_EQ(seq_of(known_, "evt_3", kHash), 3);
  EXPECT_EQ(seq_of(known_, "evt_4", kHash), 0);
}

TEST_F(KnownIdsTest, AFailedBatchIsForgotten) {
  store(known_, 1, "evt_1", 7);
  known_.committed();
  ASSERT_TRUE(connection_->begin());
  store(known_, 2, "evt_2", 7);  // the same chain of slots
  store(known_, 3, "evt_3", 8);
  EXPECT_EQ(seq_of(known_, "evt_2", 7), 2) << "a duplicate inside the batch is known";
  connection_->rollback();
  known_.rolled_back();
  EXPECT_EQ(seq_of(known_, "evt_1", 7), 1);
  EXPECT_EQ(seq_of(known_, "evt_2", 7), 0);
  EXPECT_EQ(seq_of(known_, "evt_3", 8), 0);
  store(known_, 2, "evt_4", 7);
  known_.committed();
  move_all(known_);
  EXPECT_EQ(rows(), "2");
  EXPECT_EQ(known_.keyed_upto(), 2);
}

TEST_F(KnownIdsTest, AFailedMoveIsMadeAgain) {
  ASSERT_TRUE(connection_->begin());
  for (EventSeq seq = 1; seq <= 1000; ++seq) store(known_, seq, "evt_" + std::to_string(seq), seq * 7919 % 1009);
  ASSERT_TRUE(connection_->commit());
  known_.committed();
  ASSERT_TRUE(move(known_));
  known_.committed();
  ASSERT_TRUE(connection_->begin());
  ASSERT_TRUE(known_.move_slice(KnownIds::Move::kAlways).value());
  EXPECT_EQ(known_.keyed_upto(), 1000);
  connection_->rollback();
  known_.rolled_back();
  EXPECT_EQ(known_.keyed_upto(), 0);
  EXPECT_EQ(rows(), "512");
  for (EventSeq seq = 1; seq <= 1000; ++seq)
    ASSERT_EQ(seq_of(known_, "evt_" + std::to_string(seq), seq * 7919 % 1009), seq);
  move_all(known_);
  EXPECT_EQ(rows(), "1000");
  EXPECT_EQ(known_.keyed_upto(), 1000);
}

TEST_F(KnownIdsTest, ComesBackFromTheRowsAfterACrash) {
  ASSERT_TRUE(connection_->begin());
  for (EventSeq seq = 1; seq <= 600; ++seq) {
    const std::string id = "evt_" + std::to_string(seq);
    store(known_, seq, id, key_hash(id));
  }
  ASSERT_TRUE(connection_->commit());
  known_.committed();
  ASSERT_TRUE(move(known_));  // 512 of them: the crash comes in the middle
  KnownIds again;
  ASSERT_TRUE(again.attach(*connection_));
  ASSERT_TRUE(again.load(0));
  for (EventSeq seq = 1; seq <= 600; ++seq) {
    const std::string id = "evt_" + std::to_string(seq);
    ASSERT_EQ(seq_of(again, id, key_hash(id)), seq);
  }
  move_all(again);
  EXPECT_EQ(rows(), "600") << "moving twice makes no second row";
}

TEST_F(KnownIdsTest, MovesByItselfWhenFullAndLoadsMoreThanFits) {
  ASSERT_TRUE(connection_->begin());
  EventSeq seq = 0;
  std::size_t slices = 0;
  for (int batch = 0; batch < 300; ++batch) {
    if (known_.move_slice(KnownIds::Move::kWhenFull).value()) ++slices;
    for (int i = 0; i < 256; ++i) {
      const std::string id = "evt_" + std::to_string(++seq);
      store(known_, seq, id, key_hash(id));
    }
    known_.committed();
  }
  ASSERT_TRUE(connection_->commit());
  EXPECT_GE(slices, KnownIds::kFreshMax / KnownIds::kSlice);
  EXPECT_GT(known_.keyed_upto(), 0);
  for (EventSeq probe = 1; probe <= seq; probe += 97) {
    const std::string id = "evt_" + std::to_string(probe);
    ASSERT_EQ(seq_of(known_, id, key_hash(id)), probe);
  }
  KnownIds again;
  ASSERT_TRUE(again.attach(*connection_));
  ASSERT_TRUE(connection_->begin());
  ASSERT_TRUE(again.load(0));
  ASSERT_TRUE(connection_->commit());
  EXPECT_GE(again.keyed_upto(), static_cast<EventSeq>(KnownIds::kFreshMax));
  for (EventSeq probe = 1; probe <= seq; probe += 97) {
    const std::string id = "evt_" + std::to_string(probe);
    ASSERT_EQ(seq_of(again, id, key_hash(id)), probe);
  }
}

}  // namespace
}  // namespace modhost::journal
