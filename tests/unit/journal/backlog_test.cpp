// Many events: limits, pages, order, and many threads at once.
#include <thread>

#include "journal/shares.hpp"
#include "journal_test_support.hpp"

namespace modhost::journal::test {
namespace {

TEST(SharesTest, AModuleLeavesTheOthersTheirPart) {
  using Refusal = Shares::Refusal;
  Shares shares({100, 10'000}, {"A", "B"});
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(shares.admits("A", 1), Refusal::kNone) << i;
    shares.added("A", {1, 1});
  }
  EXPECT_EQ(shares.admits("A", 1), Refusal::kShare) << "half of all";
  EXPECT_EQ(shares.admits("B", 1), Refusal::kNone);
  shares.added("B", {45, 45});
  EXPECT_EQ(shares.admits("C", 1), Refusal::kNone) << "one that nobody has heard of has its part";
  shares.added("C", {5, 5});
  EXPECT_EQ(shares.admits("B", 1), Refusal::kWhole);
  shares.ended("A", {1, 1});
  EXPECT_EQ(shares.admits("A", 1), Refusal::kNone);
}

TEST(SharesTest, PartsOfModulesWithoutEventsAreKept) {
  Shares shares({100, 10'000}, {"A", "B", "C", "D"});
  shares.added("A", {50, 50});
  shares.added("B", {39, 39});
  EXPECT_EQ(shares.admits("B", 1), Shares::Refusal::kNone);
  shares.added("B", {1, 1});
  EXPECT_EQ(shares.admits("B", 1), Shares::Refusal::kShare) << "5 for C, 5 for D";
  EXPECT_EQ(shares.admits("C", 1), Shares::Refusal::kNone);
}

TEST(SharesTest, BytesCountAsEventsDo) {
  Shares shares({100, 10'000}, {"A", "B"});
  shares.added("A", {1, 4'999});
  EXPECT_EQ(shares.admits("A", 1), Shares::Refusal::kNone);
  EXPECT_EQ(shares.admits("A", 2), Shares::Refusal::kShare);
  EXPECT_EQ(shares.admits("B", 5'002), Shares::Refusal::kWhole);
}

TEST(SharesTest, WhatWasEstimatedIsForgottenWithTheLastEvent) {
  Shares shares({100, 1'000}, {"A", "B"});
  shares.added("A", {2, 900});
  EXPECT_EQ(shares.admits("A", 10), Shares::Refusal::kShare);
  shares.ended("A", {1, 10});
  shares.ended("A", {1, 10});
  EXPECT_EQ(shares.admits("A", 500), Shares::Refusal::kNone);
  EXPECT_EQ(shares.admits("B", 500), Shares::Refusal::kNone);
}

TEST(SharesTest, AModuleAloneHasItAll) {
  Shares shares({100, 10'000}, {"A"});
  shares.added("A", {99, 99});
  EXPECT_EQ(shares.admits("A", 1), Shares::Refusal::kNone);
  shares.added("A", {1, 1});
  EXPECT_EQ(shares.admits("A", 1), Shares::Refusal::kWhole);
}

TEST_F(JournalTest, AFloodOfOneModuleLeavesTheOthersRoom) {
  Options with = options();
  with.ready_events_max = 20;
  with.modules = {"DemoApp", "Other"};
  open(with);
  int stored = 0;
  for (int i = 0; i < 30; ++i) stored += append(*journal_, event("evt_" + std::to_string(i))) ? 1 : 0;
  EXPECT_EQ(stored, 10);
  const auto refused = append(*journal_, event("evt_more"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kFull);
  EXPECT_NE(refused.error().message.find("module DemoApp"), std::string::npos);
  EXPECT_EQ(append(*journal_, event("evt_1")).value(), Appended::kDuplicate);
  EXPECT_TRUE(append(*journal_, event("evt_other", "Other")));
  open(with);
  EXPECT_FALSE(append(*journal_, event("evt_more"))) << "a restart changes nothing";
  journal_->settle(end(claim_one(*journal_), State::kCompleted));
  journal_->flush();
  EXPECT_TRUE(append(*journal_, event("evt_more")));
  expect_balanced();
}

using Backlog = JournalTest;

void append_all(Journal& journal, int from, int to, const std::string& module, const std::string& prefix = "evt_") {
  for (int i = from; i < to; ++i) {
    journal.append(event(prefix + module + std::to_string(i), module),
                   [](Result<Appended> result) { EXPECT_TRUE(result); });
    if (i % 1000 == 999) journal.flush();
  }
  journal.flush();
}

TEST_F(Backlog, PastItsLimitNewEventsAreRefusedAndDuplicatesAreNot) {
  Options with = options();
  with.ready_events_max = 3;
  open(with);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(append(*journal_, event("evt_" + std::to_string(i))));
  EXPECT_EQ(append(*journal_, event("evt_3")).error().code, Code::kFull);
  EXPECT_EQ(append(*journal_, event("evt_1")).value(), Appended::kDuplicate);
  NewEvent dead = event("sha256:1", "");
  dead.ended_as = State::kDead;
  dead.reason = "malformed";
  EXPECT_EQ(append(*journal_, dead).value(), Appended::kStored) << "a dead letter waits for nobody";
  journal_->settle(end(claim_one(*journal_), State::kCompleted));
  journal_->flush();
  EXPECT_EQ(append(*journal_, event("evt_3")).value(), Appended::kStored);
  expect_balanced();
}

TEST_F(Backlog, BodiesCountToo) {
  Options with = options();
  with.ready_bytes_max = 1000;
  open(with);
  ASSERT_TRUE(append(*journal_, event("evt_0", "DemoApp", std::string(900, 'x'))));
  EXPECT_EQ(append(*journal_, event("evt_1", "DemoApp", std::string(101, 'x'))).error().code, Code::kFull);
  open(with);
  EXPECT_EQ(append(*journal_, event("evt_1", "DemoApp", std::string(101, 'x'))).error().code, Code::kFull);
  journal_->settle(end(claim_one(*journal_), State::kDead));
  journal_->flush();
  EXPECT_TRUE(append(*journal_, event("evt_1", "DemoApp", std::string(1000, 'x'))));
}

TEST_F(Backlog, BodiesThatWaitForTheWriterAreBoundedInBytes) {
  Options with = options();
  with.queued_bytes_max = 1000;
  open(with);
  std::promise<void> held, release;
  journal_->append(event("evt_0"), [&](const Result<Appended>& result) {
    EXPECT_TRUE(result);
    held.set_value();  // on the writer's thread: until it goes on, appends wait
    release.get_future().wait();
  });
  held.get_future().wait();
  const std::string body(400, 'x');
  std::atomic<int> stored = 0;
  const auto count = [&](const Result<Appended>& result) { stored += result ? 1 : 0; };
  journal_->append(event("evt_1", "DemoApp", body), count);
  journal_->append(event("evt_2", "DemoApp", body), count);
  std::optional<Code> refused;
  journal_->append(event("evt_3", "DemoApp", body),
                   [&](const Result<Appended>& result) { refused = result ? Code::kInternal : result.error().code; });
  EXPECT_EQ(refused, Code::kFull) << "answered at once, on this thread";
  journal_->append(event("evt_4", "DemoApp", std::string(200, 'x')), count);
  release.set_value();
  journal_->flush();
  EXPECT_EQ(stored, 3);
  EXPECT_EQ(append(*journal_, event("evt_3", "DemoApp", std::string(1000, 'x'))).value(), Appended::kStored)
      << "what was taken is given back";
}

TEST_F(Backlog, IsHandedOutInOrderThroughPages) {
  open();
  append_all(*journal_, 0, 1500, "a");
  append_all(*journal_, 0, 700, "b");
  EventSeq last = 0;
  std::size_t seen = 0;
  int more = 1500;
  while (seen < 2000) {
    const auto claims = journal_->claim("a", 100);
    for (const Claim& claim : claims) {
      ASSERT_GT(claim.seq, last);
      last = claim.seq;
      ASSERT_EQ(claim.event.id, "evt_a" + std::to_string(seen++));
      journal_->settle(end(claim, State::kCompleted));
    }
    if (more < 2000) {
      append_all(*journal_, more, more + 100, "a");  // they come in behind those on the disk
      more += 100;
    }
    journal_->flush();
  }
  EXPECT_TRUE(journal_->claim("a", 100).empty());
  std::size_t others = 0;
  for (auto claims = journal_->claim("b", 1000); !claims.empty(); claims = journal_->claim("b", 1000)) {
    others += claims.size();
    journal_->flush();
  }
  EXPECT_EQ(others, 700u);
  expect_balanced();
  EXPECT_EQ(journal_->stats().live.at("b").at(State::kRunning), 700u);
}

TEST_F(Backlog, ComesBackInOrderAfterARestart) {
  open();
  append_all(*journal_, 0, 600, "a");
  open();
  EXPECT_EQ(journal_->stats().live.at("a").at(State::kReady), 600u);
  append_all(*journal_, 600, 650, "a");
  int seen = 0;
  while (seen < 650) {
    for (const Claim& claim : journal_->claim("a", 1000)) ASSERT_EQ(claim.event.id, "evt_a" + std::to_string(seen++));
    journal_->flush();
  }
  EXPECT_TRUE(journal_->claim("a", 10).empty());
}

TEST_F(Backlog, LargeBodiesAreReadOneAfterTheOther) {
  open();
  for (int i = 0; i < 12; ++i)
    ASSERT_TRUE(append(
        *journal_, event("evt_" + std::to_string(i), "DemoApp", std::string(1024 * 1024, static_cast<char>('a' + i)))));
  for (int i = 0; i < 12; ++i) EXPECT_EQ(claim_one(*journal_).event.body[0], 'a' + i);
}

TEST_F(Backlog, APausedJournalAcceptsAndHandsOutNothing) {
  Options with = options();
  with.paused = true;
  open(with);
  ASSERT_TRUE(append(*journal_, event("evt_1")));
  EXPECT_TRUE(journal_->modules_ready().empty());
  EXPECT_TRUE(journal_->claim("DemoApp", 1).empty());
  EXPECT_EQ(journal_->stats().live.at("DemoApp").at(State::kReady), 1u);
}

TEST_F(Backlog, TheListOfAnOperatorHasPagesAndFilters) {
  open();
  append_all(*journal_, 0, 120, "a");
  append_all(*journal_, 0, 5, "b");
  for (const Claim& claim : journal_->claim("b", 2)) journal_->settle(end(claim, State::kDead, "permanent"));
  journal_->flush();
  const auto newest = rows();
  ASSERT_EQ(newest.size(), 50u);
  EXPECT_EQ(newest.front().id, "evt_b4");
  Filter filter;
  filter.before = newest.back().seq;
  EXPECT_EQ(rows(filter).front().seq, newest.back().seq - 1);
  filter = {};
  filter.module = "b";
  EXPECT_EQ(rows(filter).size(), 5u);
  filter.state = State::kDead;
  EXPECT_EQ(rows(filter).size(), 2u);
  filter = {};
  filter.state = State::kReady;
  filter.limit = 1000;
  EXPECT_EQ(rows(filter).size(), 123u);
  filter = {};
  filter.id = "evt_a7";
  ASSERT_EQ(rows(filter).size(), 1u);
  EXPECT_EQ(rows(filter)[0].company_id, "company_1");
  filter.chat_id = "another";
  EXPECT_TRUE(rows(filter).empty());
  filter = {};
  filter.chat_id = "chat_1' OR 1=1 --";
  EXPECT_TRUE(rows(filter).empty());
}

TEST_F(Backlog, AfterClosingNothingIsAccepted) {
  open();
  std::atomic<int> answers = 0;
  for (int i = 0; i < 100; ++i)
    journal_->append(event("evt_" + std::to_string(i)), [&](Result<Appended>) { ++answers; });
  close();
  EXPECT_EQ(answers, 100) << "what was queued is committed and answered";
  open();
  EXPECT_EQ(journal_->stats().accepted, 100u);
}

TEST_F(Backlog, OneIdFromManyThreadsIsStoredOnce) {
  open();
  std::atomic<int> stored = 0, duplicates = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i)
        journal_->append(event("evt_" + std::to_string(i)), [&](Result<Appended> result) {
          if (result.value() == Appended::kStored) ++stored;
          if (result.value() == Appended::kDuplicate) ++duplicates;
        });
    });
  for (std::thread& thread : threads) thread.join();
  journal_->flush();
  EXPECT_EQ(stored, 100);
  EXPECT_EQ(duplicates, 700);
}

// All calls at once, as the host makes them: appends, a dispatcher, workers that settle, an admin page.
TEST_F(Backlog, EverythingAtOnceEndsEveryEventExactlyOnce) {
  open();
  constexpr int kEvents = 600;
  std::atomic<int> ended = 0;
  std::mutex mutex;
  std::condition_variable ready;
  bool is_ready = false;
  journal_->on_ready([&] {
    const std::lock_guard lock(mutex);
    is_ready = true;
    ready.notify_one();
  });
  std::thread dispatcher([&] {
    std::vector<std::thread> workers;
    while (ended < kEvents) {
      {
        std::unique_lock lock(mutex);
        ready.wait_for(lock, std::chrono::seconds(30), [&] { return is_ready; });
        is_ready = false;
      }
      for (const std::string& module : journal_->modules_ready())
        for (auto claims = journal_->claim(module, 16); !claims.empty(); claims = journal_->claim(module, 16))
          for (const Claim& claim : claims) {
            Settlement settlement = end(claim, State::kCompleted);
            if (claim.attempt == 1 && claim.seq % 5 == 0) {
              settlement.state = State::kWaiting;
              settlement.not_before = clock_.unix_now();
            } else if (++ended == kEvents) {
              const std::lock_guard lock(mutex);
              is_ready = true;
            }
            journal_->settle(std::move(settlement));
          }
    }
  });
  std::thread admin([&] {
    while (ended < kEvents) {
      EXPECT_TRUE(journal_->query({}));
      static_cast<void>(journal_->stats());
    }
  });
  std::vector<std::thread> senders;
  for (int t = 0; t < 3; ++t)
    senders.emplace_back([&, t] {
      for (int i = t; i < kEvents; i += 3)
        journal_->append(event("evt_" + std::to_string(i), i % 2 == 0 ? "a" : "b"),
                         [](Result<Appended> result) { EXPECT_TRUE(result); });
    });
  for (std::thread& sender : senders) sender.join();
  dispatcher.join();
  admin.join();
  journal_->on_ready({});
  journal_->flush();
  EXPECT_EQ(journal_->stats().ended, static_cast<std::uint64_t>(kEvents));
  EXPECT_TRUE(journal_->stats().live.empty());
  EXPECT_EQ(journal_->stats().stale_settlements, 0u);
  expect_balanced();
}

}  // namespace
}  // namespace modhost::journal::test
