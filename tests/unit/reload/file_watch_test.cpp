// What is noticed about files, and what is not. Every change is waited for; that nothing happens is seen by what comes
// first of two.
#include "reload/file_watch.hpp"

#include "config/text_file.hpp"
#include "support/gate.hpp"
#include "support/temp_dir.hpp"

namespace modhost::reload {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

config::LogConfig silent() {
  config::LogConfig config;
  config.level = config::LogLevel::kError;
  return config;
}

class FileWatchTest : public testing::Test {
 protected:
  void read(const std::vector<std::string>& names) {
    FileWatch::Files files;
    for (const std::string& name : names)
      files[dir_.path() / name] = config::fingerprint(config::read_text_file(dir_.path() / name, 1 << 20));
    watch_.watch(std::move(files));
  }
  bool comes(int count) {
    return test::eventually([&] { return changes_ >= count; });
  }

  test::TempDir dir_;
  telemetry::Log log_{silent()};
  std::atomic<int> changes_{0};
  FileWatch watch_{log_, {5ms, 100ms}, [this] { ++changes_; }};
};

TEST_F(FileWatchTest, SeesAFileThatIsRenamedOverOrWrittenInPlaceOrRemoved) {
  dir_.write("modules.yaml", "a");
  read({"modules.yaml"});
  dir_.write("draft", "b");
  fs::rename(dir_.path() / "draft", dir_.path() / "modules.yaml");
  EXPECT_TRUE(comes(1));
  read({"modules.yaml"});
  dir_.write("modules.yaml", "c");
  EXPECT_TRUE(comes(2));
  read({"modules.yaml"});
  fs::remove(dir_.path() / "modules.yaml");
  EXPECT_TRUE(comes(3));
  EXPECT_EQ(changes_, 3);
}

// Between a change and its notice the files may be read for another reason, a command.
TEST_F(FileWatchTest, ARevertIsAChangeAfterAReloadByHand) {
  dir_.write("modules.yaml", "first");
  read({"modules.yaml"});
  dir_.write("modules.yaml", "a");
  ASSERT_TRUE(comes(1));
  read({"modules.yaml"});
  for (int round = 0; round < 5; ++round) {
    dir_.write("modules.yaml", "b");
    read({"modules.yaml"});
    const int before = changes_;
    dir_.write("modules.yaml", "a");
    EXPECT_TRUE(comes(before + 1)) << round;
    read({"modules.yaml"});
  }
}

TEST_F(FileWatchTest, SeesAFileThatWasNotThereAndOneWithOtherRights) {
  dir_.write("secret", "s");
  fs::permissions(dir_.path() / "secret", fs::perms(0644));
  read({"secret", ".env"});
  fs::permissions(dir_.path() / "secret", fs::perms(0600));
  EXPECT_TRUE(comes(1));
  read({"secret", ".env"});
  dir_.write(".env", "A=1");
  EXPECT_TRUE(comes(2));
}

TEST_F(FileWatchTest, SeesWhatChangedAfterItWasReadAndBeforeItWasWatched) {
  dir_.write("modules.yaml", "a");
  watch_.watch({{dir_.path() / "modules.yaml", "fingerprint of what it was"}});
  EXPECT_TRUE(comes(1));
}

TEST_F(FileWatchTest, ASaveWithoutAChangeIsNone) {
  dir_.write("modules.yaml", "a");
  dir_.write("other", "a");
  read({"modules.yaml"});
  dir_.write("modules.yaml", "a");
  dir_.write("other", "b");
  dir_.write("modules.yaml", "c");
  EXPECT_TRUE(comes(1));
  read({"modules.yaml"});
  dir_.write("modules.yaml", "c");
  dir_.write("modules.yaml", "d");
  EXPECT_TRUE(comes(2));
  EXPECT_EQ(changes_, 2);
}

// A configuration that is mounted into a container: the link of the folder is turned round, the file's name stays.
TEST_F(FileWatchTest, SeesTheFolderOfAContainersConfigurationChange) {
  fs::create_directory(dir_.path() / "..1");
  fs::create_directory(dir_.path() / "..2");
  dir_.write("..1/modules.yaml", "a");
  dir_.write("..2/modules.yaml", "b");
  fs::create_directory_symlink("..1", dir_.path() / "..data");
  fs::create_symlink("..data/modules.yaml", dir_.path() / "modules.yaml");
  read({"modules.yaml"});
  fs::create_directory_symlink("..2", dir_.path() / "..data_tmp");
  fs::rename(dir_.path() / "..data_tmp", dir_.path() / "..data");
  EXPECT_TRUE(comes(1));
}

TEST_F(FileWatchTest, WhatCanNotBeReadIsNotAskedForEver) {
  fs::create_directory(dir_.path() / "modules.yaml");
  watch_.watch({{dir_.path() / "modules.yaml", "something"}});
  EXPECT_TRUE(comes(1));
  watch_.watch({{dir_.path() / "modules.yaml", "something"}, {dir_.path() / "other", ""}});
  dir_.write("other", "x");
  EXPECT_TRUE(comes(2));
  EXPECT_EQ(changes_, 2);
}

}  // namespace
}  // namespace modhost::reload
