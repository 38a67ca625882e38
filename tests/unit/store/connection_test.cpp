#include "store/connection.hpp"

#include <gtest/gtest.h>

#include "store/migrate.hpp"
#include "support/faulty_vfs.hpp"
#include "support/temp_dir.hpp"

namespace modhost::store {
namespace {

using modhost::test::FaultyVfs;
using modhost::test::TempDir;

Connection open_writer(const TempDir& dir, const std::string& vfs = {}) {
  return std::move(Connection::open(dir.path() / "test.db", Connection::Mode::kWriter, vfs).value());
}

TEST(Connection, ValuesComeBackAsTheyWere) {
  const TempDir dir;
  Connection connection = open_writer(dir);
  ASSERT_TRUE(connection.execute("CREATE TABLE t (i INTEGER, t TEXT, b BLOB, n INTEGER) STRICT"));
  auto insert = connection.prepare("INSERT INTO t VALUES (?1,?2,?3,?4)");
  ASSERT_TRUE(insert);
  const std::string bytes("a\0b\xff", 4);
  EXPECT_EQ(insert->with(-5, "text", Blob{bytes}, std::optional<std::int64_t>()).run().value(), 1);
  EXPECT_EQ(insert->with(1u << 31, std::string_view(), Blob{}, std::optional<std::int64_t>(7)).run().value(), 1);
  auto select = connection.prepare("SELECT * FROM t ORDER BY i");
  ASSERT_TRUE(select->step().value());
  EXPECT_EQ(select->integer(0), -5);
  EXPECT_EQ(select->bytes(1), "text");
  EXPECT_EQ(select->bytes(2), bytes);
  EXPECT_TRUE(select->is_null(3));
  ASSERT_TRUE(select->step().value());
  EXPECT_EQ(select->integer(0), 1ll << 31);
  EXPECT_FALSE(select->is_null(1)) << "an empty text is not NULL";
  EXPECT_EQ(select->bytes(1), "");
  EXPECT_FALSE(select->is_null(2));
  EXPECT_EQ(select->integer(3), 7);
  EXPECT_FALSE(select->step().value());
  EXPECT_TRUE(select->step().value()) << "reset by itself after the last row";
}

TEST(Connection, AWriterSyncsEveryCommitAndNeverCheckpointsByItself) {
  const TempDir dir;
  FaultyVfs disk;
  {
    Connection connection = open_writer(dir, disk.name());
    EXPECT_EQ(connection.value("PRAGMA journal_mode").value(), "wal");
    EXPECT_EQ(connection.value("PRAGMA synchronous").value(), "2");
    EXPECT_EQ(connection.value("PRAGMA page_size").value(), "16384");
    ASSERT_TRUE(connection.execute("CREATE TABLE t (b BLOB)"));
    for (int i = 0; i < 20; ++i) {
      const auto before = disk.syncs();
      ASSERT_TRUE(connection.execute("INSERT INTO t VALUES (randomblob(200000))"));
      EXPECT_EQ(disk.syncs(), before + 1);
    }
    EXPECT_GT(connection.wal_pages(), 200u) << "more than the built-in threshold would be 1000 pages of 4 KiB";
    const auto moved = connection.checkpoint(Connection::Checkpoint::kPassive);
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->moved_pages, moved->wal_pages);
    ASSERT_TRUE(connection.execute("INSERT INTO t VALUES (1)"));
    EXPECT_LT(connection.wal_pages(), 10u) << "the log starts over";
  }
}

TEST(Connection, AReaderCanNotWrite) {
  const TempDir dir;
  Connection writer = open_writer(dir);
  ASSERT_TRUE(writer.execute("CREATE TABLE t (i)"));
  auto reader = Connection::open(dir.path() / "test.db", Connection::Mode::kReader);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->value("SELECT count(*) FROM t").value(), "0");
  EXPECT_FALSE(reader->execute("INSERT INTO t VALUES (1)"));
}

TEST(Connection, ErrorsSayWhetherTheyMayPass) {
  const TempDir dir;
  FaultyVfs disk;
  Connection connection = open_writer(dir, disk.name());
  ASSERT_TRUE(connection.execute("CREATE TABLE t (i INTEGER PRIMARY KEY, b BLOB)"));
  ASSERT_TRUE(connection.execute("INSERT INTO t VALUES (1, NULL)"));
  EXPECT_EQ(connection.execute("INSERT INTO t VALUES (1, NULL)").error().code, Code::kConflict);
  EXPECT_EQ(connection.execute("nonsense").error().code, Code::kInternal);
  disk.set_free_bytes(0);
  EXPECT_EQ(connection.execute("INSERT INTO t VALUES (2, randomblob(100000))").error().code, Code::kFull);
  disk.set_free_bytes(-1);
  disk.fail_syncs(true);
  EXPECT_EQ(connection.execute("INSERT INTO t VALUES (3, NULL)").error().code, Code::kUnavailable);
}

TEST(Connection, AnOverdueBindErrorIsReported) {
  const TempDir dir;
  Connection connection = open_writer(dir);
  auto select = connection.prepare("SELECT ?1");
  EXPECT_FALSE(select->with(1, 2).step());
  EXPECT_TRUE(select->with(1).step().value());
}

constexpr Migration kFirst{1, "CREATE TABLE a (i INTEGER); INSERT INTO a VALUES (1)"};
constexpr Migration kSecond{2, "ALTER TABLE a ADD COLUMN j INTEGER NOT NULL DEFAULT 5"};
constexpr Migration kBroken{2, "CREATE TABLE b (i); INSERT INTO nowhere VALUES (1)"};

TEST(Migrate, GoesForwardOneVersionAStep) {
  const TempDir dir;
  Connection connection = open_writer(dir);
  EXPECT_EQ(migrate(connection, std::array{kFirst}).value(), 0);
  EXPECT_EQ(migrate(connection, std::array{kFirst}).value(), 1);
  EXPECT_EQ(migrate(connection, std::array{kFirst, kSecond}).value(), 1);
  EXPECT_EQ(connection.value("SELECT i || ',' || j FROM a").value(), "1,5");
  EXPECT_EQ(meta(connection, "schema_version", "").value(), "2");
}

TEST(Migrate, RefusesANewerFileUntouched) {
  const TempDir dir;
  Connection connection = open_writer(dir);
  ASSERT_TRUE(migrate(connection, std::array{kFirst, kSecond}));
  const auto refused = migrate(connection, std::array{kFirst});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnsupported);
  EXPECT_NE(refused.error().message.find("schema version 2"), std::string::npos) << refused.error().message;
  EXPECT_EQ(meta(connection, "schema_version", "").value(), "2");
}

TEST(Migrate, AFailedOneLeavesTheFileAsItWas) {
  const TempDir dir;
  Connection connection = open_writer(dir);
  ASSERT_TRUE(migrate(connection, std::array{kFirst}));
  EXPECT_FALSE(migrate(connection, std::array{kFirst, kBroken}));
  EXPECT_EQ(connection.value("SELECT count(*) FROM sqlite_schema WHERE name='b'").value(), "0");
  EXPECT_EQ(migrate(connection, std::array{kFirst, kSecond}).value(), 1);
}

TEST(Migrate, RefusesAFileOfAnotherProgram) {
  const TempDir dir;
  Connection connection = open_writer(dir);
  ASSERT_TRUE(connection.execute("CREATE TABLE theirs (i)"));
  EXPECT_EQ(migrate(connection, std::array{kFirst}).error().code, Code::kInvalid);
}

TEST(Migrate, RefusesAVersionThatIsNoNumber) {
  const TempDir dir;
  Connection connection = open_writer(dir);
  ASSERT_TRUE(migrate(connection, std::array{kFirst}));
  for (const char* version : {"", "x", "1x", "0", "-1"}) {
    ASSERT_TRUE(set_meta(connection, "schema_version", version));
    EXPECT_EQ(migrate(connection, std::array{kFirst}).error().code, Code::kInvalid) << version;
  }
}

}  // namespace
}  // namespace modhost::store
