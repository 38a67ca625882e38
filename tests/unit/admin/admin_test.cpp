// The admin listener over real sockets: what is open, what needs the token, what a foreign page gets.
#include <sys/stat.h>

#include "admin/server.hpp"
#include "admin/token.hpp"
#include "unit/admin/admin_fixture.hpp"

namespace modhost::admin {
namespace {

using test::any_port;
using AdminTest = test::AdminFixture;

TEST_F(AdminTest, ProbesAndMetricsAreOpenTheRestNeedsTheToken) {
  EXPECT_EQ(get("/livez", "").status, 200);
  EXPECT_EQ(get("/readyz", "").status, 200);
  metrics_.counter("x_total", "x").add();
  EXPECT_NE(get("/metrics", "").body.find("modhost_x_total 1"), std::string::npos);
  for (const char* page : {"/api/events", "/api/events/1", "/api/modules", "/api/audit", "/nowhere"}) {
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
    return test::raw_call(server_->port(), "GET /metrics HTTP/1.1\r\n" + lines + "\r\n").status;
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
  Server open(config, Secret(std::string("tok")), *journal_, journal_->operations(), metrics_,
              {[this] { return readiness_; }, {}}, {}, clock_);
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
  ended("evt_\"1", journal::State::kDead, "permanent");
  ended("evt_2", journal::State::kCompleted, "ok");
  ended("evt_3", journal::State::kDead, "exhausted");
  const auto ids = [&](const std::string& query) {
    const auto list = parse_json(get("/api/events" + query).body);
    std::vector<std::string> found;
    if (!list || find_member(*list, "events") == nullptr) return found;
    for (const auto& one : find_member(*list, "events")->GetArray()) found.emplace_back(string_member(one, "id"));
    return found;
  };
  using Ids = std::vector<std::string>;
  EXPECT_EQ(ids("?state=dead&module=Demo%41pp&limit=9999&before=3"), Ids{"evt_\"1"});
  EXPECT_EQ(ids("?reason=exhausted"), Ids{"evt_3"});
  EXPECT_EQ(ids("?order=oldest&after=1"), (Ids{"evt_2", "evt_3"}));
  EXPECT_EQ(ids("?since=1h&user_id=user_1&company_id=company_1&app=app_1").size(), 3u);
  EXPECT_EQ(ids("?until=1h"), Ids{});
  EXPECT_EQ(ids("?since=2020-01-01T00:00:00Z&until=2020-01-02"), Ids{});
  const auto page = parse_json(get("/api/events?limit=2").body);
  EXPECT_EQ(find_member(*page, "next_before")->GetInt64(), 2);
  EXPECT_EQ(find_member(*parse_json(get("/api/events?limit=2&before=2").body), "next_before")->GetInt64(), 0);
}

TEST_F(AdminTest, OneEventIsShownWhole) {
  ended("evt_1", journal::State::kDead, "permanent", R"({"text":"sorry"})");
  const auto one = parse_json(get("/api/events/1").body);
  ASSERT_TRUE(one);
  EXPECT_EQ(string_member(find_member(*one, "timeline")->GetArray()[0], "outcome"), "permanent");
  EXPECT_EQ(string_member(find_member(*one, "endings")->GetArray()[0], "of"), "answer");
  EXPECT_TRUE(find_member(*one, "replayable")->GetBool());
  EXPECT_EQ(get("/api/events/6").status, 404);
}

TEST_F(AdminTest, BadFiltersSayWhatThereIs) {
  const auto answer = get("/api/events?stat=DEAD");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("unknown filter stat"), std::string::npos);
  for (const char* query : {"state=gone", "limit=x", "since=yesterday", "order=up", "seq=0"})
    EXPECT_EQ(get(std::string("/api/events?") + query).status, 400) << query;
  EXPECT_EQ(get("/api/events/-1").status, 400);
  EXPECT_EQ(get("/api/audit?befor=1").status, 400);
}

TEST_F(AdminTest, PagesAreReadAndActionsArePosted) {
  EXPECT_EQ(post("/api/events", "").status, 405);
  EXPECT_EQ(get("/api/replay").status, 405);
  EXPECT_EQ(get("/api/modules/DemoApp/pause").status, 405);
}

TEST(Token, IsMadeOncePrivateAndKept) {
  const test::TempDir dir;
  const auto first = load_or_make_token(dir.path());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->reveal().size(), 40u);
  struct stat facts {};
  ASSERT_EQ(::stat((dir.path() / "admin.token").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "admin.token.new"));
  const auto second = load_or_make_token(dir.path());
  ASSERT_TRUE(second);
  EXPECT_EQ(first->reveal(), second->reveal());
}

TEST(AdminToken, ADraftThatAKilledHostLeftIsInNobodysWay) {
  test::TempDir dir;
  dir.write("admin.token.new", "half");
  const auto token = load_or_make_token(dir.path());
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(load_or_make_token(dir.path())->reveal(), token->reveal());
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
