#include "loader/loader.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "support/temp_dir.hpp"

namespace modhost::loader {
namespace {

namespace fs = std::filesystem;

const fs::path kFaults = MODHOST_BINARY_DIR "/tests/plugins";

class LoaderTest : public testing::Test {
 protected:
  LoaderTest() {
    fs::create_directory(plugins_);
    fs::permissions(plugins_, fs::perms(0755));
  }
  // Puts a built test plugin into the folder, under this name.
  fs::path install(const std::string& folder, const std::string& name) {
    fs::path target = plugins_ / (name + ".so");
    fs::copy_file(kFaults / (folder + ".so"), target, fs::copy_options::overwrite_existing);
    fs::permissions(target, fs::perms(0755));
    return target;
  }
  static Loader::Options options(const fs::path& stage) {
    Loader::Options options;
    options.stage_dir = stage;
    options.probe.program = MODHOST_BINARY_DIR "/tests/modhost-probe";
    return options;
  }
  std::string failure(const std::string& name) {
    const auto plugin = loader_.load(plugins_, name);
    return plugin ? "loaded" : plugin.error().message;
  }

  test::TempDir dir_;
  fs::path plugins_ = dir_.path() / "plugins";
  Loader loader_{options(dir_.path() / "stage")};
};

TEST_F(LoaderTest, GivesTheTableAndWhatDescribesIt) {
  const fs::path file = install("noop", "noop");
  const auto plugin = loader_.load(plugins_, "noop");
  ASSERT_TRUE(plugin) << plugin.error().message;
  EXPECT_EQ((*plugin)->name, "noop");
  EXPECT_EQ((*plugin)->id, "org.modhost.test");
  EXPECT_EQ((*plugin)->version, "1.0.0");
  EXPECT_EQ((*plugin)->summary, "a test plugin");
  EXPECT_EQ((*plugin)->path, file);
  EXPECT_EQ((*plugin)->sha256.size(), 64u);
  EXPECT_TRUE((*plugin)->warnings.empty()) << (*plugin)->warnings.front();
  ASSERT_NE((*plugin)->table.on_event, nullptr);
  modhost_event event{};
  EXPECT_EQ((*plugin)->table.on_event(nullptr, 1, &event), MODHOST_OK);
}

TEST_F(LoaderTest, MapsAStagedCopySoThatTheFileMayBeReplaced) {
  const fs::path file = install("noop", "noop");
  const auto plugin = loader_.load(plugins_, "noop");
  ASSERT_TRUE(plugin);
  Dl_info where{};
  ASSERT_NE(::dladdr(reinterpret_cast<const void*>((*plugin)->table.on_event), &where), 0);
  EXPECT_EQ(fs::path(where.dli_fname), (*plugin)->staged_path);
  struct stat info {};
  ASSERT_EQ(::stat((*plugin)->staged_path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0500u);
  ASSERT_EQ(::stat((dir_.path() / "stage").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  test::TempDir other;
  fs::resize_file(file, 100);  // `cp` onto a live file begins like this; mapped directly it is SIGBUS
  modhost_event event{};
  EXPECT_EQ((*plugin)->table.on_event(nullptr, 1, &event), MODHOST_OK);
}

TEST_F(LoaderTest, TheSameBytesAreMappedOnceAndOthersAnew) {
  install("noop", "a");
  install("noop", "b");
  const auto a = loader_.load(plugins_, "a");
  const auto again = loader_.load(plugins_, "a");
  const auto b = loader_.load(plugins_, "b");
  ASSERT_TRUE(a && again && b);
  EXPECT_EQ(*a, *again);
  EXPECT_EQ((*a)->table.on_event, (*b)->table.on_event);
  install("retries_event", "a");
  const auto changed = loader_.load(plugins_, "a");
  ASSERT_TRUE(changed);
  EXPECT_NE((*changed)->sha256, (*a)->sha256);
  EXPECT_NE((*changed)->table.on_event, (*a)->table.on_event);
}

TEST_F(LoaderTest, AnotherLoaderOfTheProcessGetsItsOwnMapping) {
  install("noop", "noop");
  Loader other(options(dir_.path() / "stage"));
  const auto ours = loader_.load(plugins_, "noop");
  const auto theirs = other.load(plugins_, "noop");
  ASSERT_TRUE(ours && theirs);
  EXPECT_NE((*ours)->table.on_event, (*theirs)->table.on_event);
}

TEST_F(LoaderTest, ThreadsMayLoadAtOnce) {
  for (const char* name : {"noop", "slow", "retries_event", "snoozes_event"}) install(name, name);
  std::vector<std::thread> threads;
  std::atomic<int> loaded{0};
  for (const char* name : {"noop", "slow", "noop", "retries_event", "snoozes_event", "slow"})
    threads.emplace_back([&, name] { loaded += loader_.load(plugins_, name) ? 1 : 0; });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(loaded, 6);
}

TEST_F(LoaderTest, ALongerTableIsCopiedAsFarAsItIsKnown) {
  install("long_struct", "later");
  const auto plugin = loader_.load(plugins_, "later");
  ASSERT_TRUE(plugin) << plugin.error().message;
  EXPECT_EQ((*plugin)->version, "1.7.0");
  EXPECT_EQ((*plugin)->table.struct_size, sizeof(modhost_plugin));
}

TEST_F(LoaderTest, AFaultLeavesTheOthersLoadable) {
  install("throws_in_init", "bad");
  install("noop", "good");
  EXPECT_NE(failure("bad").find("threw std::runtime_error"), std::string::npos);
  EXPECT_EQ(failure("good"), "loaded");
  EXPECT_NE(failure("bad").find("threw std::runtime_error"), std::string::npos);
}

TEST_F(LoaderTest, AnyTruncationIsFoundBeforeMapping) {
  const fs::path file = install("noop", "cut");
  const auto size = fs::file_size(file);
  for (const std::uintmax_t keep : {size - 1, size / 2, std::uintmax_t{64}, std::uintmax_t{40}}) {
    install("noop", "cut");
    fs::resize_file(file, keep);
    const auto plugin = loader_.load(plugins_, "cut");
    ASSERT_FALSE(plugin) << keep;
    EXPECT_NE(plugin.error().message.find(file.string() + " is cut short: "), std::string::npos)
        << plugin.error().message;
  }
  fs::resize_file(file, 0);
  EXPECT_EQ(failure("cut"), file.string() + " is not an ELF file; a plugin is a shared library");
}

TEST_F(LoaderTest, NotElf) {
  const fs::path file = plugins_ / "text.so";
  std::ofstream(file) << "#!/bin/sh\necho hello\n";
  EXPECT_EQ(failure("text"), file.string() + " is not an ELF file; a plugin is a shared library");
}

TEST_F(LoaderTest, AnotherMachine) {
  const fs::path file = install("noop", "foreign");
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(18);
#if defined(__x86_64__)
  bytes.put(static_cast<char>(183));
  const std::string expected = "is built for aarch64, this host is x86-64; build it for this machine";
#else
  bytes.put(62);
  const std::string expected = "is built for x86-64, this host is aarch64; build it for this machine";
#endif
  bytes.close();
  EXPECT_EQ(failure("foreign"), file.string() + " " + expected);
}

TEST_F(LoaderTest, AProgramIsNoPlugin) {
  const fs::path file = plugins_ / "program.so";
  fs::copy_file(MODHOST_BINARY_DIR "/tests/modhost-probe", file);
  EXPECT_EQ(failure("program"), file.string() + " is a program, not a shared library; link it with -shared");
}

TEST_F(LoaderTest, AMissingFileSaysWhatIsThere) {
  install("noop", "demo_app");
  install("slow", "slow");
  EXPECT_EQ(failure("demo_ap"), "there is no " + (plugins_ / "demo_ap.so").string() + "; did you mean demo_app?");
  EXPECT_EQ(failure("summary"),
            "there is no " + (plugins_ / "summary.so").string() + "; the folder holds demo_app, slow");
  fs::remove(plugins_ / "demo_app.so");
  fs::remove(plugins_ / "slow.so");
  EXPECT_EQ(failure("x"), "there is no " + (plugins_ / "x.so").string() + "; the folder holds no plugins");
  const auto no_folder = loader_.load(dir_.path() / "nowhere", "x");
  ASSERT_FALSE(no_folder);
  EXPECT_EQ(no_folder.error().message,
            "plugins_dir " + (dir_.path() / "nowhere").string() + ": No such file or directory");
}

TEST_F(LoaderTest, NamesThatLeaveTheFolderAreRefused) {
  for (const char* name : {"../evil", "/etc/evil", "", ".hidden", "a b"})
    EXPECT_NE(failure(name).find("is no plugin name"), std::string::npos) << name;
}

TEST_F(LoaderTest, FilesThatOthersCanChangeAreRefused) {
  const fs::path file = install("noop", "noop");
  fs::permissions(file, fs::perms(0757));
  EXPECT_EQ(failure("noop"), file.string() + " can be written by everybody; run: chmod o-w " + file.string());
  fs::permissions(file, fs::perms(0775));
  EXPECT_EQ(failure("noop"), file.string() + " can be written by its group; run: chmod g-w " + file.string());
  fs::permissions(file, fs::perms(0755));
  fs::permissions(plugins_, fs::perms(0777));
  const fs::path real = fs::canonical(plugins_);
  EXPECT_EQ(failure("noop"), real.string() + " can be written by everybody; run: chmod o-w " + real.string());
  auto tolerant = options(dir_.path() / "stage");
  tolerant.owner_check = OwnerCheck::kWarn;
  Loader warned(tolerant);
  const auto plugin = warned.load(plugins_, "noop");
  ASSERT_TRUE(plugin);
  ASSERT_EQ((*plugin)->warnings.size(), 1u);
  EXPECT_NE((*plugin)->warnings[0].find("chmod o-w"), std::string::npos);
}

TEST_F(LoaderTest, AForeignOwnerIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const fs::path file = install("noop", "noop");
  ASSERT_EQ(::chown(file.c_str(), 4711, 0), 0);
  EXPECT_EQ(failure("noop"),
            file.string() + " belongs to user 4711, not to root or to user 0 that runs modhost; run: " + "chown 0 " +
                file.string());
}

TEST_F(LoaderTest, LinksAndSpecialFilesAreRefusedWithoutWaiting) {
  install("noop", "noop");
  fs::create_symlink(plugins_ / "noop.so", plugins_ / "link.so");
  EXPECT_EQ(failure("link"), (plugins_ / "link.so").string() + " is a symbolic link; put the file itself there");
  ASSERT_EQ(::mkfifo((plugins_ / "pipe.so").c_str(), 0600), 0);
  EXPECT_EQ(failure("pipe"), (plugins_ / "pipe.so").string() + " is not a regular file");
  fs::create_directory(plugins_ / "folder.so");
  EXPECT_EQ(failure("folder"), (plugins_ / "folder.so").string() + " is not a regular file");
}

TEST_F(LoaderTest, ScanJudgesBytesOnly) {
  install("noop", "good");
  install("throws_in_init", "later_trouble");  // not seen before it is mapped
  install("wrong_major", "old");
  std::ofstream(plugins_ / "notes.txt") << "not a plugin";
  const auto files = Loader::scan(plugins_);
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 3u);
  EXPECT_EQ((*files)[0].name, "good");
  EXPECT_EQ((*files)[0].problem, "");
  EXPECT_EQ((*files)[1].name, "later_trouble");
  EXPECT_EQ((*files)[1].problem, "");
  EXPECT_EQ((*files)[2].name, "old");
  EXPECT_NE((*files)[2].problem.find("version 2 of the plugin ABI"), std::string::npos);
  EXPECT_FALSE(Loader::scan(dir_.path() / "nowhere"));
}

TEST_F(LoaderTest, AStageFolderThatCannotBeMadeIsNamed) {
  install("noop", "noop");
  const fs::path blocked = dir_.write("file", "");
  Loader loader(options(blocked / "stage"));
  const auto plugin = loader.load(plugins_, "noop");
  ASSERT_FALSE(plugin);
  EXPECT_NE(plugin.error().message.find("the stage folder " + (blocked / "stage").string()), std::string::npos);
}

TEST_F(LoaderTest, CopiesOfEndedProcessesAreRemovedAndOursAtTheEnd) {
  const fs::path stage = dir_.path() / "stage2";
  fs::create_directories(stage / "999999999.abcdef");
  fs::create_directories(stage / "keep");
  {
    Loader loader(options(stage));
    EXPECT_FALSE(fs::exists(stage / "999999999.abcdef"));
    EXPECT_EQ(std::distance(fs::directory_iterator(stage), fs::directory_iterator()), 2);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(stage), fs::directory_iterator()), 1);
  EXPECT_TRUE(fs::exists(stage / "keep"));
}

TEST_F(LoaderTest, AProbeThatCannotRunIsNoVerdictOnThePlugin) {
  install("noop", "noop");
  auto broken = options(dir_.path() / "stage");
  broken.probe.program = "/nonexistent/modhost";
  Loader loader(broken);
  const auto plugin = loader.load(plugins_, "noop");
  ASSERT_FALSE(plugin);
  EXPECT_EQ(plugin.error().code, Code::kInternal);
  EXPECT_NE(plugin.error().message.find("can not be probed: /nonexistent/modhost: No such file"), std::string::npos)
      << plugin.error().message;
}

}  // namespace
}  // namespace modhost::loader
