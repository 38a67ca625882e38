// Small durable state of modules: versions, expiry, limits, and what a crash leaves.
#include "journal/key_values.hpp"

#include <filesystem>

#include "journal_test_support.hpp"
#include "support/faulty_vfs.hpp"

namespace modhost::journal::test {
namespace {

using namespace std::chrono_literals;

class KeyValueTest : public JournalTest {
 protected:
  void SetUp() override { open(); }

  Result<std::uint64_t> change(KeyChange change) {
    std::promise<Result<std::uint64_t>> promise;
    journal_->change(std::move(change), [&](Result<std::uint64_t> changed) { promise.set_value(std::move(changed)); });
    return promise.get_future().get();
  }
  Result<std::uint64_t> put(const std::string& key, const std::string& value, std::uint64_t expected = kAnyVersion,
                            std::chrono::milliseconds lifetime = 0ms, const std::string& module = "A") {
    return change({module, key, value, expected, lifetime});
  }
  Result<std::uint64_t> remove(const std::string& key, std::uint64_t expected = kAnyVersion) {
    return change({"A", key, std::nullopt, expected, 0ms});
  }
  std::string value(const std::string& key, const std::string& module = "A") {
    const auto found = journal_->get(module, key);
    return found ? found->value : "<" + std::to_string(static_cast<int>(found.error().code)) + ">";
  }
  const std::string none_ = "<" + std::to_string(static_cast<int>(Code::kNotFound)) + ">";
};

TEST_F(KeyValueTest, WhatWasPutIsThereForItsModuleOnly) {
  EXPECT_EQ(value("k"), none_);
  const auto first = put("k", "one");
  ASSERT_TRUE(first);
  const auto second = put("k", "two");
  ASSERT_TRUE(second);
  EXPECT_GT(*second, *first);
  EXPECT_EQ(value("k"), "two");
  EXPECT_EQ(journal_->get("A", "k")->version, *second);
  EXPECT_EQ(value("k", "B"), none_);
  const std::string binary("\0\xff key", 6);
  ASSERT_TRUE(put(binary, binary));
  EXPECT_EQ(value(binary), binary);
  EXPECT_TRUE(remove("k"));
  EXPECT_EQ(value("k"), none_);
  EXPECT_EQ(remove("k").error().code, Code::kNotFound);
}

TEST_F(KeyValueTest, AVersionThatIsNotThereChangesNothing) {
  const auto first = put("k", "one", kAbsent);
  ASSERT_TRUE(first);
  EXPECT_EQ(put("k", "two", kAbsent).error().code, Code::kConflict);
  EXPECT_EQ(put("k", "two", *first + 1).error().code, Code::kConflict);
  EXPECT_EQ(remove("k", *first + 1).error().code, Code::kConflict);
  EXPECT_EQ(value("k"), "one");
  EXPECT_TRUE(remove("k", *first));
  const auto again = put("k", "three", kAbsent);
  ASSERT_TRUE(again);
  EXPECT_NE(*again, *first) << "a version is never used twice";
  EXPECT_EQ(put("k", "four", *first).error().code, Code::kConflict);
}

TEST_F(KeyValueTest, OneOfManyWins) {
  std::atomic<int> won = 0, lost = 0;
  for (int i = 0; i < 100; ++i)
    journal_->change({"A", "once", std::to_string(i), kAbsent, 0ms}, [&](const Result<std::uint64_t>& changed) {
      if (changed)
        ++won;
      else
        lost += changed.error().code == Code::kConflict ? 1 : 0;
    });
  journal_->flush();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 99);
}

TEST_F(KeyValueTest, ExpiredIsAsIfItWereNotThere) {
  ASSERT_TRUE(put("k", "one", kAbsent, 10s));
  clock_.advance(9s);
  EXPECT_EQ(value("k"), "one");
  clock_.advance(1s);
  EXPECT_EQ(value("k"), none_);
  EXPECT_TRUE(journal_->keys("A", "")->empty());
  EXPECT_EQ(remove("k").error().code, Code::kNotFound);
  ASSERT_TRUE(put("k", "two", kAbsent, 10s));
  clock_.advance(11s);
  ASSERT_TRUE(put("k", "three", kAbsent));
  clock_.advance(1h);
  EXPECT_EQ(value("k"), "three");
}

TEST_F(KeyValueTest, KeysAreListedInOrderByTheirBeginning) {
  for (const char* key : {"b/2", "a", "b/1", "b0", "b/"}) ASSERT_TRUE(put(key, "x"));
  std::vector<std::string> found;
  const auto listed = journal_->keys("A", "b/");
  ASSERT_TRUE(listed);
  for (const KeyValue& one : *listed) {
    found.push_back(one.key);
    EXPECT_EQ(one.version, journal_->get("A", one.key)->version);
  }
  EXPECT_EQ(found, (std::vector<std::string>{"b/", "b/1", "b/2"}));
  EXPECT_EQ(journal_->keys("A", "")->size(), 5u);
  EXPECT_TRUE(journal_->keys("A", std::string("b/\xff", 3))->empty());
}

TEST_F(KeyValueTest, SizesAreBounded) {
  EXPECT_EQ(put("", "x").error().code, Code::kInvalid);
  EXPECT_EQ(put(std::string(kKeyBytesMax + 1, 'k'), "x").error().code, Code::kInvalid);
  EXPECT_EQ(put("k", std::string(kValueBytesMax + 1, 'x')).error().code, Code::kInvalid);
  EXPECT_TRUE(put(std::string(kKeyBytesMax, 'k'), std::string(kValueBytesMax, 'x')));
  const std::string large(kValueBytesMax, 'x');
  std::atomic<int> full = 0;
  for (int i = 0; i < 300; ++i)
    journal_->change(
        {"A", "large" + std::to_string(i), large, kAnyVersion, 0ms},
        [&](const Result<std::uint64_t>& changed) { full += !changed && changed.error().code == Code::kFull ? 1 : 0; });
  journal_->flush();
  EXPECT_GT(full, 40);
  EXPECT_TRUE(put("k", "x", kAnyVersion, 0ms, "B")) << "another module has its own room";
  ASSERT_TRUE(remove("large0"));
  EXPECT_TRUE(put("fits", std::string(kValueBytesMax - 100, 'x'))) << "what went makes room";
}

TEST_F(KeyValueTest, WhatWasAnsweredSurvivesACrash) {
  close();
  modhost::test::FaultyVfs disk;
  Options with = options();
  with.state_dir = dir_.path() / "faulty";
  with.vfs = disk.name();
  open(with);
  const auto version = put("k", "kept");
  ASSERT_TRUE(version);
  disk.save_durable(dir_.path() / "after");
  with.state_dir = dir_.path() / "after";
  with.vfs.clear();
  open(with);
  EXPECT_EQ(value("k"), "kept");
  EXPECT_EQ(put("k", "next", *version).has_value(), true);
  close();
}

TEST_F(KeyValueTest, AClosedJournalAnswers) {
  std::promise<Result<std::uint64_t>> answered;
  journal_->change({"A", "k", "v", kAnyVersion, 0ms},
                   [&](Result<std::uint64_t> changed) { answered.set_value(std::move(changed)); });
  close();
  const auto changed = answered.get_future().get();
  EXPECT_TRUE(changed || changed.error().code == Code::kUnavailable);
}

}  // namespace
}  // namespace modhost::journal::test
