#include "store/store.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <fstream>
#include <mutex>

#include "store/lock_file.hpp"
#include "store/reserve_file.hpp"
#include "support/faulty_vfs.hpp"
#include "support/temp_dir.hpp"

namespace modhost::store {
namespace {

using namespace std::chrono_literals;
using modhost::test::FaultyVfs;
using modhost::test::TempDir;

constexpr Migration kSchema{1, "CREATE TABLE item (n INTEGER PRIMARY KEY, bytes BLOB)"};

// New work (numbers to insert) and finishing work (numbers to delete), as a journal has them.
class Numbers : public Client {
 public:
  void insert(int number, std::size_t bytes = 100) {
    const std::lock_guard lock(mutex_);
    inserts_.push_back({number, bytes});
  }
  void remove(int number) {
    const std::lock_guard lock(mutex_);
    removals_.push_back(number);
  }
  // Waits until so many inserts were answered, with success or not.
  void await_answers(std::size_t count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 30s, [&] { return stored.size() + refused.size() >= count; }));
  }
  void await_removals(std::size_t count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 30s, [&] { return removed >= count; }));
  }

  Result<void> attach(Connection& connection) override {
    auto insert = connection.prepare("INSERT INTO item VALUES (?1, zeroblob(?2))");
    if (!insert) return std::move(insert.error());
    auto remove = connection.prepare("DELETE FROM item WHERE n=?1");
    if (!remove) return std::move(remove.error());
    insert_ = std::move(*insert);
    remove_ = std::move(*remove);
    return {};
  }
  void detach() override {
    insert_ = {};
    remove_ = {};
  }
  void refuse(const Error& error) override {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, bytes] : inserts_) refused.emplace_back(number, error.code);
    inserts_.clear();
    changed_.notify_all();
  }
  bool collect(const Error* refusal) override {
    if (refusal != nullptr) refuse(*refusal);
    const std::lock_guard lock(mutex_);
    if (refusal == nullptr) batch_.swap(inserts_);
    batch_removals_.swap(removals_);
    return !batch_.empty() || !batch_removals_.empty();
  }
  Result<void> write() override {
    for (const auto& [number, bytes] : batch_)
      if (auto done = insert_.with(number, bytes).run(); !done) return std::move(done.error());
    for (const int number : batch_removals_)
      if (auto done = remove_.with(number).run(); !done) return std::move(done.error());
    return {};
  }
  void committed() override {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, bytes] : batch_) stored.push_back(number);
    removed += batch_removals_.size();
    batch_.clear();
    batch_removals_.clear();
    changed_.notify_all();
  }
  void failed(const Error& error) override {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, bytes] : batch_) refused.emplace_back(number, error.code);
    removals_.insert(removals_.begin(), batch_removals_.begin(), batch_removals_.end());
    batch_.clear();
    batch_removals_.clear();
    changed_.notify_all();
  }
  std::optional<std::chrono::nanoseconds> wake_in() override { return std::nullopt; }
  Result<bool> tidy() override { return false; }

  std::vector<int> stored;
  std::vector<std::pair<int, Code>> refused;
  std::size_t removed = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<int, std::size_t>> inserts_, batch_;
  std::deque<int> removals_, batch_removals_;
  Statement insert_, remove_;
};

class StoreTest : public ::testing::Test {
 protected:
  Options options() {
    Options options;
    options.dir = dir_.path() / "state";
    options.migrations = schema_;
    options.reserve_bytes = 0;
    options.retry_delay = 1ms;
    return options;
  }
  void open(const Options& options) {
    auto opened = Store::open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    ASSERT_TRUE(store_->start(numbers_));
  }
  void insert(int number, std::size_t bytes = 100) {
    numbers_.insert(number, bytes);
    store_->wake();
    numbers_.await_answers(++asked_);
  }
  std::string count() { return store_->open_reader()->value("SELECT count(*) FROM item").value().value(); }
  void close() {
    store_->stop();
    store_.reset();
  }

  const std::array<Migration, 1> schema_{kSchema};
  TempDir dir_;
  FaultyVfs disk_;
  Numbers numbers_;
  std::unique_ptr<Store> store_;
  std::size_t asked_ = 0;
};

mode_t mode_of(const std::filesystem::path& file) {
  struct stat status {};
  EXPECT_EQ(::stat(file.c_str(), &status), 0) << file;
  return status.st_mode & 0777u;
}

TEST_F(StoreTest, FilesArePrivateWhateverTheUmask) {
  for (const mode_t mask : {0000u, 0777u}) {
    const mode_t before = ::umask(mask);
    Options with = options();
    with.dir = dir_.path() / ("umask" + std::to_string(mask));
    with.reserve_bytes = 1 << 20;
    open(with);
    insert(static_cast<int>(mask));
    ::umask(before);
    EXPECT_EQ(mode_of(with.dir), 0700u);
    for (const char* name : {"journal.db", "journal.db-wal", "journal.db-shm", "lock", "reserve"})
      EXPECT_EQ(mode_of(with.dir / name), 0600u) << name << " with umask " << mask;
    close();
  }
}

TEST_F(StoreTest, EveryOpenIsANewEpochAndACleanStopIsKnown) {
  open(options());
  EXPECT_EQ(store_->epoch(), 1u);
  EXPECT_TRUE(store_->was_stopped_cleanly());
  close();
  open(options());
  EXPECT_EQ(store_->epoch(), 2u);
  EXPECT_TRUE(store_->was_stopped_cleanly());
  close();
  EXPECT_FALSE(std::filesystem::exists(options().dir / "journal.db-wal") &&
               std::filesystem::file_size(options().dir / "journal.db-wal") > 0)
      << "a clean stop leaves nothing in the log";
}

TEST_F(StoreTest, ASecondHostIsRefusedAndToldWhoHoldsTheFolder) {
  open(options());
  const auto second = Store::open(options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos)
      << second.error().message;
  EXPECT_NE(second.error().message.find("state_dir"), std::string::npos);
  insert(1);
  close();
  open(options());
  EXPECT_EQ(count(), "1");
  close();
}

TEST_F(StoreTest, AKilledHostLeavesAnUncleanStopAndNoLock) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto opened = Store::open(options());
    ::kill(::getpid(), SIGKILL);
    ::_exit(opened ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  open(options());
  EXPECT_FALSE(store_->was_stopped_cleanly());
  EXPECT_EQ(store_->epoch(), 2u);
  close();
}

TEST_F(StoreTest, ADamagedFileIsRefusedAfterAnUncleanStop) {
  open(options());
  for (int i = 0; i < 50; ++i) insert(i, 5000);
  close();
  {
    auto connection = Connection::open(options().dir / "journal.db", Connection::Mode::kWriter);
    ASSERT_TRUE(set_meta(*connection, "clean_stop", "0"));
    ASSERT_TRUE(connection->checkpoint(Connection::Checkpoint::kTruncate));
  }
  {
    std::fstream file(options().dir / "journal.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5 * 16384);
    file << std::string(16384, 'x');
  }
  const auto opened = Store::open(options());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("damaged"), std::string::npos) << opened.error().message;
}

TEST_F(StoreTest, AFolderThatCanNotBeMadeIsNamed) {
  dir_.write("file", "");
  Options with = options();
  with.dir = dir_.path() / "file" / "state";
  const auto opened = Store::open(with);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("state_dir"), std::string::npos) << opened.error().message;
}

TEST_F(StoreTest, AFileThatIsNoDatabaseIsRefused) {
  std::filesystem::create_directories(options().dir);
  std::ofstream(options().dir / "journal.db") << std::string(20000, 'x');
  const auto opened = Store::open(options());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("journal.db"), std::string::npos) << opened.error().message;
}

TEST_F(StoreTest, WhatIsQueuedDuringACommitMakesTheNextOne) {
  Options with = options();
  with.vfs = disk_.name();
  open(with);
  const auto before = store_->stats().commits;
  disk_.hold_syncs(true);
  numbers_.insert(0);
  store_->wake();
  disk_.await_held_sync();
  for (int i = 1; i < 1000; ++i) numbers_.insert(i);
  store_->wake();
  disk_.hold_syncs(false);
  numbers_.await_answers(1000);
  EXPECT_EQ(store_->stats().commits, before + 2);
  EXPECT_EQ(count(), "1000");
  close();
}

TEST_F(StoreTest, AFailedSyncStoresNothingAndTheNextTryRecovers) {
  Options with = options();
  with.vfs = disk_.name();
  open(with);
  insert(1);
  disk_.fail_syncs(true);
  insert(2);
  EXPECT_FALSE(store_->stats().writable);
  EXPECT_NE(store_->stats().last_error.find("can not be written"), std::string::npos) << store_->stats().last_error;
  EXPECT_EQ(count(), "1");
  insert(3);
  disk_.fail_syncs(false);
  while (!store_->stats().writable) std::this_thread::yield();
  insert(4);
  EXPECT_EQ(numbers_.stored, (std::vector<int>{1, 4}));
  EXPECT_EQ(numbers_.refused, (std::vector<std::pair<int, Code>>{{2, Code::kUnavailable}, {3, Code::kUnavailable}}));
  EXPECT_GE(store_->stats().commit_errors, 1u);
  EXPECT_EQ(store_->stats().last_error, "");
  EXPECT_EQ(count(), "2");
  close();
}

// The point of reopening: after a failed sync the kernel may call pages clean that never reached the disk. Whatever is
// acknowledged later must not depend on them.
TEST_F(StoreTest, NothingAcknowledgedIsLostWithThePowerAfterFailedSyncs) {
  Options with = options();
  with.vfs = disk_.name();
  open(with);
  for (int i = 0; i < 60; ++i) {
    if (i % 7 == 3) disk_.fail_one_sync_after(i % 3);
    insert(i, 3000);
    while (!store_->stats().writable) std::this_thread::yield();
  }
  const std::vector<int> acknowledged = numbers_.stored;
  ASSERT_LT(acknowledged.size(), 60u) << "no sync failed";
  ASSERT_GT(acknowledged.size(), 30u);
  disk_.save_durable(dir_.path() / "after");
  close();

  auto connection = Connection::open(dir_.path() / "after" / "journal.db", Connection::Mode::kWriter);
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->value("PRAGMA integrity_check").value(), "ok");
  for (const int number : acknowledged)
    EXPECT_EQ(connection->value("SELECT n FROM item WHERE n=" + std::to_string(number)).value(),
              std::to_string(number));
  EXPECT_EQ(connection->value("SELECT count(*) FROM item").value(), std::to_string(acknowledged.size()))
      << "a refused one came back";
}

TEST_F(StoreTest, FinishingWorkIsKeptAndCommittedWhenTheDiskIsBack) {
  Options with = options();
  with.vfs = disk_.name();
  open(with);
  insert(1);
  disk_.fail_writes(true);
  numbers_.remove(1);
  insert(2);
  EXPECT_EQ(count(), "1");
  disk_.fail_writes(false);
  numbers_.await_removals(1);
  EXPECT_EQ(count(), "0");
  close();
}

TEST_F(StoreTest, AFullDiskRefusesNewWorkAndStillFinishesTheOld) {
  Options with = options();
  with.vfs = disk_.name();
  with.reserve_bytes = 1 << 20;
  open(with);
  for (int i = 0; i < 20; ++i) insert(i, 20'000);
  ASSERT_TRUE(std::filesystem::exists(with.dir / "reserve"));
  disk_.set_free_bytes(0);
  int next = 100;
  while (store_->stats().commit_errors == 0) insert(next++, 20'000);
  EXPECT_EQ(numbers_.refused.back().second, Code::kFull);
  // The reserve is gone: what it held is free, and stays out of reach of new work while the disk is full.
  while (std::filesystem::exists(with.dir / "reserve")) std::this_thread::yield();
  disk_.set_free_bytes(1 << 20);
  numbers_.remove(3);
  store_->wake();
  numbers_.await_removals(1);
  close();
}

TEST_F(StoreTest, ALogThatAReaderHoldsUpIsCutWhenItLetsGo) {
  Options with = options();
  with.checkpoint_bytes = 256 << 10;
  with.wal_bytes_max = 1 << 20;
  open(with);
  insert(0);
  auto reader = store_->open_reader();
  ASSERT_TRUE(reader);
  ASSERT_TRUE(reader->execute("BEGIN"));
  ASSERT_TRUE(reader->value("SELECT count(*) FROM item"));
  for (int i = 1; i < 60; ++i) insert(i, 30'000);
  EXPECT_GT(store_->stats().wal_bytes, 1u << 20) << "the reader pins the log";
  EXPECT_TRUE(store_->stats().writable);
  ASSERT_TRUE(reader->execute("COMMIT"));
  for (int i = 60; i < 80; ++i) insert(i, 30'000);
  EXPECT_LT(store_->stats().wal_bytes, 2u << 20);
  EXPECT_GT(store_->stats().checkpoints, 0u);
  EXPECT_EQ(count(), "80");
  close();
}

TEST_F(StoreTest, StoppingWithABrokenDiskAnswersEverybody) {
  Options with = options();
  with.vfs = disk_.name();
  open(with);
  disk_.fail_writes(true);
  for (int i = 0; i < 10; ++i) numbers_.insert(i);
  store_->stop();
  EXPECT_EQ(numbers_.refused.size(), 10u);
  disk_.fail_writes(false);
  store_.reset();
  auto opened = Store::open(with);
  ASSERT_TRUE(opened);
  EXPECT_FALSE((*opened)->was_stopped_cleanly());
}

TEST(ReserveFile, IsLaidAsideAndGivenBack) {
  const TempDir dir;
  ReserveFile reserve(dir.path() / "reserve", 1 << 20);
  EXPECT_FALSE(reserve.is_whole());
  ASSERT_TRUE(reserve.acquire());
  EXPECT_TRUE(reserve.is_whole());
  EXPECT_EQ(std::filesystem::file_size(dir.path() / "reserve"), 1u << 20);
  reserve.release();
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "reserve"));
  EXPECT_FALSE(reserve.is_whole());
}

TEST(ReserveFile, SaysThatTheDiskIsFull) {
  const TempDir dir;
  ReserveFile reserve(dir.path() / "reserve", 1ull << 60);
  const auto acquired = reserve.acquire();
  ASSERT_FALSE(acquired);
  EXPECT_EQ(acquired.error().code, Code::kFull);
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "reserve"));
}

}  // namespace
}  // namespace modhost::store
