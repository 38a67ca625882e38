// A journal in a folder of its own, and short words for what the tests do with it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <vector>

#include "journal/sqlite_journal.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

namespace modhost::journal::test {

inline NewEvent event(const std::string& id, const std::string& module = "DemoApp", const std::string& body = "") {
  NewEvent added;
  added.module = module;
  added.event.app = "app_1";
  added.event.id = id;
  added.event.name = kExternalModuleChosen;
  added.event.reference = module;
  added.event.user_id = "user_1";
  added.event.company_id = "company_1";
  added.event.chat_id = "chat_1";
  added.event.assistant_id = "assistant_1";
  added.event.assistant_message_id = "msg_1";
  added.event.user_message_id = "msg_0";
  added.event.created_at_s = 1'760'000'000;
  added.event.key_id = "app_1/1";
  added.event.traceparent = "00-trace";
  added.event.body = body.empty() ? "{\"id\":\"" + id + "\"}" : body;
  return added;
}

// Appends and waits for the answer.
inline Result<Appended> append(Journal& journal, NewEvent added) {
  std::promise<Result<Appended>> promise;
  journal.append(std::move(added), [&](Result<Appended> result) { promise.set_value(std::move(result)); });
  auto future = promise.get_future();
  if (future.wait_for(std::chrono::seconds(30)) != std::future_status::ready) std::terminate();
  return future.get();
}

inline Settlement end(const Claim& claim, State state, const std::string& reason = "ok") {
  Settlement settlement;
  settlement.seq = claim.seq;
  settlement.token = claim.token;
  settlement.state = state;
  settlement.reason = reason;
  return settlement;
}

// Claims one event, waiting for it to become ready.
inline Claim claim_one(Journal& journal, const std::string& module = "DemoApp") {
  for (int i = 0; i < 1000; ++i) {
    auto claims = journal.claim(module, 1);
    if (!claims.empty()) return std::move(claims.front());
    journal.flush();
  }
  ADD_FAILURE() << "nothing became ready";
  return {};
}

class JournalTest : public ::testing::Test {
 protected:
  Options options() {
    Options options;
    options.state_dir = dir_.path() / "state";
    options.clock = &clock_;
    options.reserve_bytes = 1 << 20;
    return options;
  }
  void open() { open(options()); }
  void open(Options with) {
    journal_.reset();
    auto opened = SqliteJournal::open(std::move(with));
    ASSERT_TRUE(opened) << opened.error().message;
    journal_ = std::move(*opened);
  }
  void close() { journal_.reset(); }
  std::vector<Row> rows(const Filter& filter = {}) {
    auto found = journal_->query(filter);
    if (!found) {
      ADD_FAILURE() << found.error().message;
      return {};
    }
    return std::move(*found);
  }
  // Every accepted event has ended or is live: at any time.
  void expect_balanced() {
    const Stats stats = journal_->stats();
    std::uint64_t live = 0;
    for (const auto& [module, states] : stats.live)
      for (const auto& [state, count] : states) live += count;
    EXPECT_EQ(stats.accepted, stats.ended + live);
  }

  modhost::test::TempDir dir_;
  modhost::test::FakeClock clock_;
  std::unique_ptr<SqliteJournal> journal_;
};

}  // namespace modhost::journal::test
