// Power cuts at any write and sync, after which any sectors that no sync has covered are lost; and a disk of which
// every single write, sync and truncation fails once. Seeds are the numbers of the tests.
#include <cstdlib>
#include <random>

#include "journal_test_support.hpp"
#include "support/faulty_vfs.hpp"

namespace modhost::journal::test {
namespace {

using modhost::test::FaultyVfs;

constexpr const char* kModules[] = {"DemoApp", "Once"};

// ./dev soak moves it.
unsigned first_seed() {
  const char* const text = std::getenv("MODHOST_FIRST_SEED");
  return text == nullptr ? 0 : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

// What the world outside has seen of a journal.
struct Seen {
  std::mutex mutex;
  std::set<std::string> accepted;              // told so
  std::set<std::string> handed_out_once;       // of the `once` module
  std::map<std::string, std::uint64_t> saved;  // keys and their versions
  std::uint64_t ended = 0;                     // by the ledger of committed batches
};

class OnAFailingDisk : public JournalTest, public testing::WithParamInterface<int> {
 protected:
  Options on_disk() {
    Options with = options();
    with.vfs = disk_.name();
    with.once_modules = {"Once"};
    with.interrupted_ending = [](const Event&, const std::string&) { return R"({"text":"sorry"})"; };
    return with;
  }
  void TearDown() override {
    disk_.hold_syncs(false);
    journal_.reset();
  }

  // False when the disk does not let it.
  bool try_open() {
    journal_.reset();
    auto opened = SqliteJournal::open(on_disk());
    if (opened) journal_ = std::move(*opened);
    return journal_ != nullptr;
  }

  void add(const std::string& id, const std::string& module) {
    journal_->append(event(id, module, "body of " + id + std::string(random_() % 3000, 'x')),
                     [this, id](const Result<Appended>& result) {
                       const std::lock_guard lock(seen_.mutex);
                       if (result) seen_.accepted.insert(id);
                     });
  }

  void save(const std::string& key) {
    journal_->change({"DemoApp", key, "v", kAnyVersion, {}}, [this, key](const Result<std::uint64_t>& version) {
      const std::lock_guard lock(seen_.mutex);
      if (version) seen_.saved[key] = *version;
    });
  }

  void note_run(const Claim& claim) {
    if (claim.module != "Once") return;
    EXPECT_TRUE(seen_.handed_out_once.insert(claim.event.id).second) << claim.event.id << " runs twice";
  }

  void run(const std::string& module) {
    for (const Claim& claim : journal_->claim(module, 1 + random_() % 4)) {
      note_run(claim);
      EXPECT_EQ(claim.event.body.substr(0, 8 + claim.event.id.size()), "body of " + claim.event.id);
      if (random_() % 8 == 0) journal_->checkpoint(claim.seq, "mark", [](const Result<void>&) {});
      if (random_() % 4 == 0) continue;  // it still runs when the power goes
      Settlement settlement = end(claim, random_() % 3 == 0 ? State::kDead : State::kCompleted);
      if (settlement.state == State::kDead) settlement.ending = R"({"text":"sorry"})";
      if (module != "Once" && random_() % 4 == 0) {
        settlement.state = State::kWaiting;
        settlement.ending.clear();
      }
      journal_->settle(std::move(settlement));
    }
  }

  void work(int steps) {
    for (int step = 0; step < steps && !disk_.is_off(); ++step) {
      const auto chance = random_() % 12;
      if (chance < 5)
        add("evt_" + std::to_string(++number_), kModules[random_() % 2]);
      else if (chance < 8)
        run(kModules[random_() % 2]);
      else if (chance < 9)
        save("key_" + std::to_string(random_() % 5));
      else if (chance < 11)
        journal_->flush();
      else if (const auto due = journal_->outbox_due(1); !due.empty())
        journal_->outbox_done(due.front().id);
      seen_.ended = std::max(seen_.ended, journal_->stats().ended);
    }
  }

  // What the next host finds, on a disk without faults.
  void expect_nothing_lost(const std::filesystem::path& dir) {
    Options with = on_disk();
    with.vfs = next_disk_.name();
    with.state_dir = dir;
    open(with);
    expect_balanced();
    EXPECT_GE(journal_->stats().ended, seen_.ended);
    EXPECT_GE(journal_->stats().accepted, seen_.accepted.size());
    Filter running;
    running.state = State::kRunning;
    EXPECT_TRUE(rows(running).empty());
    for (const std::string& id : seen_.accepted) {
      Filter filter;
      filter.id = id;
      EXPECT_EQ(rows(filter).size(), 1u) << id << " was accepted";
    }
    for (const auto& [key, version] : seen_.saved) {
      const auto kept = journal_->get("DemoApp", key);
      ASSERT_TRUE(kept) << key;
      EXPECT_GE(kept->version, version);
    }
    clock_.advance(std::chrono::hours(1));
    while (journal_->stats().accepted > journal_->stats().ended) {
      for (const char* module : kModules)
        for (const Claim& claim : journal_->claim(module, 100)) {
          note_run(claim);
          journal_->settle(end(claim, State::kCompleted));
        }
      journal_->flush();
    }
    expect_balanced();
  }

  FaultyVfs disk_, next_disk_;
  std::mt19937 random_{first_seed() + static_cast<unsigned>(GetParam())};
  Seen seen_;
  int number_ = 0;
};

using PowerCut = OnAFailingDisk;

TEST_P(PowerCut, LosesNothingAcknowledged) {
  // Of the first ones some hit a file that is being made; later ones stop and start in between, with the log moved.
  disk_.cut_power(1 + random_() % (GetParam() % 3 == 0 ? 100 : 700));
  for (int host = 0; host < 4 && !disk_.is_off(); ++host)
    if (try_open()) work(60);
  disk_.cut_power(0);
  journal_.reset();
  disk_.save_after_power_cut(dir_.path() / "after", random_);
  expect_nothing_lost(dir_.path() / "after");
}

INSTANTIATE_TEST_SUITE_P(Seeds, PowerCut, testing::Range(1, 241));

// The n-th operation on the disk fails and no other: what was refused has left no trace, all else goes on by itself.
class OneFault : public OnAFailingDisk {
 protected:
  void fail_at(FaultyVfs::Fault fault) {
    ASSERT_TRUE(try_open());
    disk_.fail_operation(static_cast<std::uint64_t>(GetParam()), fault);
    work(40);
    journal_->flush();
    while (!journal_->stats().writable) std::this_thread::yield();
    while (!seen_.accepted.contains("evt_last")) {  // it may have met the fault itself
      add("evt_last", "DemoApp");
      journal_->flush();
    }
    expect_balanced();
    EXPECT_EQ(journal_->stats().accepted, seen_.accepted.size()) << "what was refused is not there";
    journal_.reset();
    disk_.save_durable(dir_.path() / "after");
    expect_nothing_lost(dir_.path() / "after");
  }
};

TEST_P(OneFault, OfTheDisk) { fail_at(FaultyVfs::Fault::kError); }
TEST_P(OneFault, OfSpace) { fail_at(FaultyVfs::Fault::kFull); }

INSTANTIATE_TEST_SUITE_P(Operations, OneFault, testing::Range(1, 81));

using SlowDisk = OnAFailingDisk;

TEST_P(SlowDisk, HoldsAnswersBackAndNothingElse) {
  ASSERT_TRUE(try_open());
  add("evt_0", "DemoApp");
  journal_->flush();
  disk_.hold_syncs(true);
  add("evt_1", "DemoApp");
  disk_.await_held_sync();
  for (int i = 2; i < 50; ++i) add("evt_" + std::to_string(i), "DemoApp");
  EXPECT_EQ(journal_->stats().accepted, 1u) << "nothing is told before it is durable";
  {
    const std::lock_guard lock(seen_.mutex);
    EXPECT_EQ(seen_.accepted.size(), 1u);
  }
  // What is committed runs on meanwhile, and its end waits its turn without a thread.
  const auto claims = journal_->claim("DemoApp", 10);
  ASSERT_EQ(claims.size(), 1u);
  journal_->settle(end(claims[0], State::kCompleted));
  EXPECT_EQ(rows().size(), 1u);
  const std::uint64_t syncs = disk_.syncs();
  disk_.hold_syncs(false);
  journal_->flush();
  EXPECT_EQ(seen_.accepted.size(), 50u);
  EXPECT_EQ(journal_->stats().ended, 1u);
  EXPECT_LE(disk_.syncs() - syncs, 3u) << "what waited shares a commit";
  expect_balanced();
}

INSTANTIATE_TEST_SUITE_P(One, SlowDisk, testing::Values(1));

}  // namespace
}  // namespace modhost::journal::test
