// Copies beside a database, and a copy put in its place.
#include "store/copy.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "store/lock_file.hpp"
#include "store/restore.hpp"
#include "store/store.hpp"
#include "support/temp_dir.hpp"

namespace modhost::store {
namespace {

constexpr std::array<Migration, 2> kSchemas{
    {{1, "CREATE TABLE item (n INTEGER PRIMARY KEY, bytes BLOB)"}, {2, "CREATE TABLE more (n INTEGER PRIMARY KEY)"}}};
const std::atomic<bool> kGoesOn = false;

class CopyTest : public testing::Test {
 protected:
  static Result<Connection> make(const std::filesystem::path& file, std::span<const Migration> schema,
                                 const std::string& items) {
    auto connection = Connection::open(file, Connection::Mode::kWriter);
    EXPECT_TRUE(migrate(*connection, schema));
    EXPECT_TRUE(connection->execute("INSERT INTO item (n) VALUES " + items));
    return connection;
  }
  static std::string items(const std::filesystem::path& file) {
    auto connection = Connection::open(file, Connection::Mode::kReader);
    return connection ? connection->value("SELECT group_concat(n) FROM item").value().value_or("") : "no database";
  }
  [[nodiscard]] std::filesystem::path state() const { return dir_.path() / "state"; }
  void SetUp() override { std::filesystem::create_directory(state()); }

  test::TempDir dir_;
};

TEST_F(CopyTest, HoldsWhatIsOnlyInTheLogAndNothingThatWasDeleted) {
  auto writer = make(dir_.path() / "a.db", kSchemas, "(1),(2),(3)");
  ASSERT_TRUE(writer->execute("DELETE FROM item WHERE n=2"));
  const auto bytes = copy_database(dir_.path() / "a.db", dir_.path() / "b.db", kGoesOn);
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(*bytes, std::filesystem::file_size(dir_.path() / "b.db"));
  EXPECT_EQ(items(dir_.path() / "b.db"), "1,3");
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "b.db.part"));
}

TEST_F(CopyTest, NeverOverwritesAndSaysWhatIsWrong) {
  auto writer = make(dir_.path() / "a.db", kSchemas, "(1)");
  dir_.write("b.db", "mine");
  const auto refused = copy_database(dir_.path() / "a.db", dir_.path() / "b.db", kGoesOn);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_EQ(test::read_file(dir_.path() / "b.db"), "mine");
  const auto nowhere = copy_database(dir_.path() / "a.db", dir_.path() / "no" / "b.db", kGoesOn);
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().message.find("name a folder that the host may write to"), std::string::npos);
}

TEST_F(CopyTest, RestorePutsTheCopyInPlaceAndKeepsTheOldOne) {
  { auto copy = make(dir_.path() / "copy.db", std::span(kSchemas).first(1), "(1)"); }
  const auto first = restore(state(), dir_.path() / "copy.db", kSchemas, "note");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->kept.empty()) << "there was none";
  EXPECT_EQ(first->version, 1);
  {  // a host that was killed: the newest is only in its log
    auto writer = Connection::open(state() / kFileName, Connection::Mode::kWriter);
    ASSERT_TRUE(writer->execute("INSERT INTO item (n) VALUES (7)"));
  }
  const auto second = restore(state(), dir_.path() / "copy.db", kSchemas, "note");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(items(state() / kFileName), "1");
  EXPECT_EQ(items(second->kept), "1,7");
  struct stat facts {};
  ASSERT_EQ(::stat((state() / kFileName).c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  auto connection = Connection::open(state() / kFileName, Connection::Mode::kReader);
  EXPECT_EQ(meta(*connection, "restored", "").value(), "note");
  const auto third = restore(state(), dir_.path() / "copy.db", kSchemas, "note");
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Code::kConflict) << "the copy of the restore before is not overwritten";
}

TEST_F(CopyTest, RestoreRefusesWhatIsNoGoodAndChangesNothing) {
  { auto here = make(state() / kFileName, kSchemas, "(5)"); }
  { auto newer = make(dir_.path() / "newer.db", kSchemas, "(1)"); }
  const auto code_of = [&](const std::string& name, std::span<const Migration> known = kSchemas) {
    const auto refused = restore(state(), dir_.path() / name, known, "note");
    EXPECT_FALSE(refused) << name;
    return refused ? Code::kInternal : refused.error().code;
  };
  EXPECT_EQ(code_of("absent.db"), Code::kNotFound);
  EXPECT_EQ(code_of("newer.db", std::span(kSchemas).first(1)), Code::kUnsupported);
  dir_.write("text.db", std::string(5000, 'x'));
  EXPECT_NE(code_of("text.db"), Code::kInternal);
  {
    auto foreign = Connection::open(dir_.path() / "foreign.db", Connection::Mode::kWriter);
    ASSERT_TRUE(foreign->execute("CREATE TABLE theirs (n)"));
  }
  EXPECT_EQ(code_of("foreign.db"), Code::kInvalid);
  {
    auto running = LockFile::acquire(state() / "lock");
    EXPECT_EQ(code_of("newer.db"), Code::kConflict);
  }
  EXPECT_EQ(items(state() / kFileName), "5");
  EXPECT_FALSE(std::filesystem::exists(state() / "journal.db.before-restore"));
  EXPECT_FALSE(std::filesystem::exists(state() / "journal.db.restoring"));
}

}  // namespace
}  // namespace modhost::store
