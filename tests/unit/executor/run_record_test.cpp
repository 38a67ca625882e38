// What a process leaves for the next one, also when a signal ends it.
#include "executor/run_record.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <limits>

#include "base/plugin_code.hpp"
#include "support/temp_dir.hpp"

namespace modhost::executor {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kHandlersAreOurs = false;  // the sanitizer's stay
#else
constexpr bool kHandlersAreOurs = true;
#endif

class RunRecordTest : public testing::Test {
 protected:
  std::unique_ptr<RunRecord> open() {
    auto opened = RunRecord::open(file_);
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }
  // Another process that begins, does this and ends by the signal it raises or by _exit.
  int in_child(const std::function<void(RunRecord&)>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto record = RunRecord::open(file_);
      if (!record) ::_exit(99);
      (*record)->begin(7);
      (*record)->catch_faults();
      prepare_thread_for_faults();
      work(**record);
      ::_exit(0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
  }

  test::TempDir dir_;
  const std::filesystem::path file_ = dir_.path() / "running";
};

TEST_F(RunRecordTest, ANewFileSaysNothing) {
  const auto record = open();
  EXPECT_FALSE(record->last().is_known);
  struct stat status {};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(RunRecordTest, TellsWhatHadBegunWhenTheProcessWasKilled) {
  EXPECT_EQ(in_child([](RunRecord& record) {
              for (const std::int64_t event : {11, 12, 13, 12, 0}) record.begun(event);
              record.settled(11);
              record.settled(99);
              ::raise(SIGKILL);
            }),
            SIGKILL);
  const auto record = open();
  EXPECT_TRUE(record->last().is_known);
  EXPECT_EQ(record->last().epoch, 7u);
  EXPECT_EQ(record->last().begun, (std::set<std::int64_t>{12, 13}));
  EXPECT_TRUE(record->last().faults.empty());
  record->begin(8);
  EXPECT_TRUE(open()->last().begun.empty());
}

TEST_F(RunRecordTest, AFatalSignalInPluginCodeIsBlamed) {
  if (!kHandlersAreOurs) GTEST_SKIP() << "a sanitizer has its own handlers";
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE})
    EXPECT_EQ(in_child([signal](RunRecord& record) {
                record.begun(5);
                const InPluginCode module("DemoApp", 0);
                const InPluginCode event(5);
                ::raise(signal);
              }),
              signal);
  const auto record = open();
  const auto& faults = record->last().faults;
  ASSERT_EQ(faults.size(), 3u);
  EXPECT_EQ(faults[0].module, "DemoApp");
  EXPECT_EQ(faults[0].event, 5);
  EXPECT_EQ(faults[0].signal, SIGSEGV);
  EXPECT_FALSE(faults[0].is_of_last_run);
  EXPECT_TRUE(faults[2].is_of_last_run);
  EXPECT_GT(faults[2].at, UnixMillis{});
}

TEST_F(RunRecordTest, AnOverflowOfTheStackIsBlamedToo) {
  if (!kHandlersAreOurs) GTEST_SKIP() << "a sanitizer has its own handlers";
  struct Deep {
    static int dive(const volatile char* above, int depth) {
      volatile char here[4096];
      here[0] = above == nullptr ? '1' : above[0];
      return depth == 0 ? 0 : dive(here, depth - 1) + here[0];
    }
  };
  EXPECT_EQ(in_child([](RunRecord&) {
              const InPluginCode module("DemoApp", 3);
              Deep::dive(nullptr, std::numeric_limits<int>::max());
            }),
            SIGSEGV);
  ASSERT_EQ(open()->last().faults.size(), 1u);
}

TEST_F(RunRecordTest, TheHostsOwnCodeIsNoPlugins) {
  EXPECT_NE(in_child([](RunRecord&) {
              { const InPluginCode module("DemoApp", 3); }
              ::raise(SIGABRT);
            }),
            0);
  EXPECT_TRUE(open()->last().faults.empty());
}

TEST_F(RunRecordTest, TheNewestFaultsAreKept) {
  if (!kHandlersAreOurs) GTEST_SKIP() << "a sanitizer has its own handlers";
  for (std::size_t i = 1; i <= RunRecord::kFaultsMax + 3; ++i)
    in_child([i](RunRecord&) {
      const InPluginCode module("DemoApp", static_cast<std::int64_t>(i));
      ::raise(SIGILL);
    });
  const auto record = open();
  ASSERT_EQ(record->last().faults.size(), RunRecord::kFaultsMax);
  EXPECT_EQ(record->last().faults.front().event, 4);
}

TEST_F(RunRecordTest, MoreEventsThanItHoldsMeanThatNothingIsKnown) {
  in_child([](RunRecord& record) {
    for (std::size_t i = 1; i <= RunRecord::kEventsMax; ++i) record.begun(static_cast<std::int64_t>(i));
  });
  EXPECT_TRUE(open()->last().is_known);
  in_child([](RunRecord& record) {
    for (std::size_t i = 1; i <= RunRecord::kEventsMax + 1; ++i) record.begun(static_cast<std::int64_t>(i));
  });
  EXPECT_FALSE(open()->last().is_known);
}

TEST_F(RunRecordTest, AForeignFileIsNotBelieved) {
  std::filesystem::create_directories(dir_.path());
  std::filesystem::copy_file("/proc/self/exe", file_);
  std::filesystem::permissions(file_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto record = open();
  EXPECT_FALSE(record->last().is_known);
  record->begin(3);
  record->begun(4);
  EXPECT_EQ(open()->last().begun, std::set<std::int64_t>{4});
}

TEST_F(RunRecordTest, AFolderIsNoFile) {
  std::filesystem::create_directories(file_);
  const auto opened = RunRecord::open(file_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find(file_.string()), std::string::npos);
}

}  // namespace
}  // namespace modhost::executor
