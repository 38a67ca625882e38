// The admin listener over real sockets, on a journal of its own.
#pragma once

#include <gtest/gtest.h>

#include <future>

#include "admin/server.hpp"
#include "event/json_reader.hpp"
#include "journal/sqlite_journal.hpp"
#include "support/http_call.hpp"
#include "support/temp_dir.hpp"

namespace modhost::test {

inline config::Config any_port() {
  config::Config config;
  config.admin = {"127.0.0.1", 0};
  return config;
}

class AdminFixture : public testing::Test {
 protected:
  static constexpr const char* kToken = "Authorization: Bearer tok\r\n";

  void SetUp() override {
    journal::Options options;
    options.state_dir = folder_.path() / "state";
    options.clock = &clock_;
    options.reserve_bytes = 0;
    auto opened = journal::SqliteJournal::open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    journal_ = *std::move(opened);
    server_ = std::make_unique<admin::Server>(
        any_port(), Secret(std::string("tok")), *journal_, journal_->operations(), metrics_,
        admin::Sources{[this] { return readiness_; }, [] { return modules(); }}, actions_, clock_);
    const auto bound = server_->bind();
    ASSERT_TRUE(bound) << bound.error().message;
    server_->start();
  }
  HttpAnswer get(const std::string& target, const std::string& headers = kToken) {
    return test::get(server_->port(), target, headers);
  }
  HttpAnswer post(const std::string& target, const std::string& body, const std::string& headers = kToken) {
    return test::post(server_->port(), target, body, headers);
  }
  static std::vector<plugin::RuntimeStatus> modules() {
    plugin::RuntimeStatus status;
    status.module = "DemoApp";
    status.running = true;
    return {status};
  }

  journal::EventSeq ready(const std::string& id) {
    journal::NewEvent added;
    added.module = "DemoApp";
    added.event.app = "app_1";
    added.event.id = id;
    added.event.name = kExternalModuleChosen;
    added.event.user_id = "user_1";
    added.event.company_id = "company_1";
    added.event.chat_id = "chat_1";
    added.event.body = "{\"said\":\"" + std::to_string(last_ + 1) + "\"}";
    std::promise<bool> stored;
    journal_->append(std::move(added), [&](const Result<journal::Appended>& done) { stored.set_value(bool(done)); });
    EXPECT_TRUE(stored.get_future().get());
    return ++last_;
  }
  journal::Claim running(const std::string& id) {
    ready(id);
    auto claims = journal_->claim("DemoApp", 1);
    journal_->flush();
    if (!claims.empty()) return std::move(claims.front());
    ADD_FAILURE() << "nothing is ready";
    return {};
  }
  journal::EventSeq ended(const std::string& id, journal::State state, const std::string& reason,
                          const std::string& ending = "") {
    const journal::Claim claim = running(id);
    journal::Settlement end;
    end.seq = claim.seq;
    end.token = claim.token;
    end.state = state;
    end.reason = reason;
    end.ending = ending;
    journal_->settle(std::move(end));
    journal_->flush();
    return claim.seq;
  }
  journal::State state_of(journal::EventSeq seq) { return journal_->operations().details(seq)->row.state; }

  TempDir folder_;
  SystemClock clock_;
  telemetry::Metrics metrics_;
  admin::Readiness readiness_;
  admin::Actions actions_;
  journal::EventSeq last_ = 0;
  std::unique_ptr<journal::SqliteJournal> journal_;
  std::unique_ptr<admin::Server> server_;
};

}  // namespace modhost::test
