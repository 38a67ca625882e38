// The admin listener over real sockets: what is open, what needs the token, what a foreign page gets.
#include <sys/stat.h>

#include "admin/server.hpp"
#include "admin/token.hpp"
#include "event/json_reader.hpp"
#include "support/fake_journal.hpp"
#include "support/http_call.hpp"
#include "support/temp_dir.hpp"

namespace modhost::admin {
namespace {

config::Config any_port() {
  config::Config config;
  config.admin = {"127.0.0.1", 0};
  return config;
}

class AdminTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto bound = server_.bind();
    ASSERT_TRUE(bound) << bound.error().message;
    server_.start();
  }
  test::HttpAnswer get(const std::string& target, const std::string& headers = "Authorization: Bearer tok\r\n") {
    return test::get(server_.port(), target, headers);
  }

  SystemClock clock_;
  test::FakeJournal journal_;
  telemetry::Metrics metrics_;
  Readiness readiness_;
  Server server_{any_port(),
                 Secret(std::string("tok")),
                 journal_,
                 metrics_,
                 {[this] { return readiness_; },
                  [] {
                    plugin::RuntimeStatus status;
                    status.module = "DemoApp";
                    status.running = true;
                    return std::vector<plugin::RuntimeStatus>{status};
                  }},
                 clock_};
};

TEST_F(AdminTest, ProbesAndMetricsAreOpenTheRestNeedsTheToken) {
  EXPECT_EQ(get("/livez", "").status, 200);
  EXPECT_EQ(get("/readyz", "").status, 200);
  metrics_.counter("x_total", "x").add();
  EXPECT_NE(get("/metrics", "").body.find("modhost_x_total 1"), std::string::npos);
  for (const char* page : {"/api/events", "/api/events/1", "/api/modules", "/nowhere"}) {
    EXPECT_EQ(get(page, "").status, 401) << page;
    EXPECT_EQ(get(page, "Authorization: Bearer wrong\r\n").status, 401) << page;
    EXPECT_EQ(get(page, "Authorization: Bearer to\r\n").status, 401) << page;
  }
  EXPECT_EQ(get("/nowhere").status, 404);
}

TEST_F(AdminTest, NotReadySaysWhy) {
  readiness_ = {false, "draining"};
  const auto answer = get("/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("draining"), std::string::npos);
}

TEST_F(AdminTest, APageOfAnotherSiteGetsNothing) {
  const auto with_host = [&](const std::string& lines) {
    return test::raw_call(server_.port(), "GET /metrics HTTP/1.1\r\n" + lines + "\r\n").status;
  };
  EXPECT_EQ(with_host("Host: evil.example:8081\r\n"), 403) << "DNS rebinding";
  EXPECT_EQ(with_host("Host: localhost:8081\r\n"), 200);
  EXPECT_EQ(with_host("Host: [::1]:8081\r\n"), 200);
  EXPECT_EQ(with_host("Host: localhost\r\nOrigin: https://evil.example\r\n"), 403);
  EXPECT_EQ(with_host("Host: localhost\r\nOrigin: null\r\n"), 403);
  EXPECT_EQ(with_host("Host: localhost\r\nOrigin: http://localhost:9\r\n"), 200);
}

TEST_F(AdminTest, OnEveryAddressItAnswersUnderAnyAddressButNoForeignName) {
  config::Config config = any_port();
  config.admin.host = "0.0.0.0";
  Server open(config, Secret(std::string("tok")), journal_, metrics_, {[this] { return readiness_; }, {}}, clock_);
  ASSERT_TRUE(open.bind());
  open.start();
  const auto with_host = [&](const std::string& host) {
    return test::raw_call(open.port(), "GET /livez HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status;
  };
  EXPECT_EQ(with_host("10.1.2.3:8081"), 200);
  EXPECT_EQ(with_host("[fe80::1]:8081"), 200);
  EXPECT_EQ(with_host("evil.example:8081"), 403);
}

TEST_F(AdminTest, ListsEventsByFilter) {
  journal::Row row;
  row.seq = 7;
  row.id = "evt_\"7";
  row.module = "DemoApp";
  row.state = journal::State::kDead;
  row.reason = "permanent";
  journal_.answer_queries_with({row}, {{1, UnixMillis(std::chrono::milliseconds(5)), {}, "failed", "why"}});
  const auto list = parse_json(get("/api/events?state=dead&module=Demo%41pp&limit=9999&before=8").body);
  ASSERT_TRUE(list);
  EXPECT_EQ(string_member(find_member(*list, "events")->GetArray()[0], "id"), "evt_\"7");
  const journal::Filter filter = journal_.filters().back();
  EXPECT_EQ(filter.state, journal::State::kDead);
  EXPECT_EQ(filter.module, "DemoApp");
  EXPECT_EQ(filter.limit, 500u);
  EXPECT_EQ(filter.before, 8);

  const auto one = parse_json(get("/api/events/7").body);
  ASSERT_TRUE(one);
  EXPECT_EQ(string_member(find_member(*one, "timeline")->GetArray()[0], "outcome"), "failed");
  EXPECT_EQ(get("/api/events/6").status, 404);
}

TEST_F(AdminTest, BadFiltersSayWhatThereIs) {
  const auto answer = get("/api/events?stat=DEAD");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("unknown filter stat"), std::string::npos);
  EXPECT_EQ(get("/api/events?state=gone").status, 400);
  EXPECT_EQ(get("/api/events?limit=x").status, 400);
  EXPECT_EQ(get("/api/events/-1").status, 400);
}

TEST_F(AdminTest, OnlyReads) {
  EXPECT_EQ(test::post(server_.port(), "/api/events", "", "Authorization: Bearer tok\r\n").status, 405);
}

TEST(Token, IsMadeOncePrivateAndKept) {
  const test::TempDir dir;
  const auto first = load_or_make_token(dir.path());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->reveal().size(), 40u);
  struct stat facts {};
  ASSERT_EQ(::stat((dir.path() / "admin.token").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  const auto second = load_or_make_token(dir.path());
  ASSERT_TRUE(second);
  EXPECT_EQ(first->reveal(), second->reveal());
}

TEST(Token, AnOpenFileIsRefused) {
  const test::TempDir dir;
  const auto file = dir.write("admin.token", std::string(40, 'a'));
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  const auto token = load_or_make_token(dir.path());
  ASSERT_FALSE(token);
  EXPECT_NE(token.error().message.find("chmod 600"), std::string::npos);
}

}  // namespace
}  // namespace modhost::admin
