// The front door over real sockets: what each method and path gets, and what each answer of ingest becomes.
#include "webhook/endpoint.hpp"

#include "event/json_reader.hpp"
#include "support/fake_journal.hpp"
#include "support/http_call.hpp"

namespace modhost::webhook {
namespace {

using namespace std::chrono_literals;

config::Config one_app() {
  config::Config config;
  config.listen = {"127.0.0.1", 0};
  config.limits.body_bytes = 4096;
  config.limits.ack_timeout = 200ms;
  config.trusted_proxies = {"127.0.0.0/8"};
  config::App app;
  app.id = "app_1";
  app.secrets.push_back({"k1", Secret(std::string("usig_x")), {}, {}});
  config.apps.push_back(app);
  return config;
}

config::LogConfig silent() {
  config::LogConfig config;
  config.level = config::LogLevel::kError;
  return config;
}

class EndpointTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto bound = endpoint_.bind();
    ASSERT_TRUE(bound) << bound.error().message;
    endpoint_.start();
  }
  void TearDown() override {
    journal_.release();
    endpoint_.drain(Deadline::after(clock_, 2s));
  }

  std::string signed_headers(const std::string& body) {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock_.unix_now().time_since_epoch()).count();
    return "X-Unique-Signature: " + signature::sign("usig_x", body) +
           "\r\nX-Unique-Created-At: " + std::to_string(now) + "\r\n";
  }
  test::HttpAnswer deliver(const std::string& body) {
    return test::post(endpoint_.port(), "/webhook", body, signed_headers(body));
  }
  static std::string chosen(const std::string& id, const std::string& module = "DemoApp") {
    return R"({"id":")" + id + R"(","event":"unique.chat.external-module.chosen","userId":"u","companyId":"c",)" +
           R"("payload":{"name":")" + module + R"("}})";
  }

  SystemClock clock_;
  config::Config config_ = one_app();
  test::FakeJournal journal_;
  telemetry::Log log_{silent()};
  telemetry::Metrics metrics_;
  signature::Verifier verifier_{config_.apps, 300s, clock_};
  ingest::Ingest ingest_{verifier_,
                         journal_,
                         [](const Event& event) -> std::optional<std::string> {
                           return event.reference == "DemoApp" ? std::optional<std::string>("DemoApp") : std::nullopt;
                         },
                         clock_,
                         log_,
                         metrics_};
  Endpoint endpoint_{config_, ingest_, clock_};
};

TEST_F(EndpointTest, AnswersTellTheStatusAndTheId) {
  const auto accepted = deliver(chosen("evt_1"));
  EXPECT_EQ(accepted.status, 200);
  EXPECT_EQ(accepted.body, R"({"status":"accepted","id":"evt_1"})");
  EXPECT_EQ(deliver(chosen("evt_1")).body, R"({"status":"duplicate","id":"evt_1"})");
  EXPECT_EQ(deliver(chosen("evt_2", "Other")).body, R"({"status":"ignored","id":"evt_2"})");
  const auto dead = deliver("{}");
  EXPECT_EQ(dead.status, 200);
  EXPECT_TRUE(dead.body.starts_with(R"({"status":"dead_lettered","id":"sha256:)")) << dead.body;
}

TEST_F(EndpointTest, AnIdFullOfQuotesIsStillJson) {
  const auto answer =
      deliver(R"({"id":"a\"b\\","event":"unique.chat.external-module.chosen","userId":"u","companyId":"c",)"
              R"("payload":{"name":"DemoApp"}})");
  const auto document = parse_json(answer.body);
  ASSERT_TRUE(document) << answer.body;
  EXPECT_EQ(string_member(*document, "id"), "a\"b\\");
}

TEST_F(EndpointTest, ABadSignatureIs401WithoutAReason) {
  const auto answer = test::post(endpoint_.port(), "/webhook", chosen("evt_1"), signed_headers("another body"));
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.body, R"({"error":"unauthorized"})");
  EXPECT_EQ(test::post(endpoint_.port(), "/webhook", "{}").status, 401);
  const std::string body = chosen("evt_1");
  EXPECT_EQ(test::post(endpoint_.port(), "/webhook", body, signed_headers(body) + signed_headers(body)).status, 401)
      << "headers given twice are nobody's";
  EXPECT_TRUE(journal_.appended().empty());
}

TEST_F(EndpointTest, TooManyBadSignaturesOfOneClientAre429WithRetryAfter) {
  const auto post_from = [&](const std::string& client, const std::string& signed_body) {
    return test::post(endpoint_.port(), "/webhook", chosen("evt_1"),
                      signed_headers(signed_body) + "X-Forwarded-For: " + client + "\r\n");
  };
  for (unsigned i = 0; i <= limits::kFailuresMax; ++i) EXPECT_EQ(post_from("203.0.113.7", "another").status, 401);
  const auto answer = post_from("203.0.113.7", chosen("evt_1"));
  EXPECT_EQ(answer.status, 429);
  EXPECT_NE(answer.head.find("Retry-After: 60"), std::string::npos) << answer.head;
  EXPECT_EQ(post_from("203.0.113.8", chosen("evt_1")).status, 200);
  EXPECT_EQ(deliver(chosen("evt_2")).status, 200) << "the proxy itself";
}

TEST_F(EndpointTest, WhatIsNotStoredIs503WithRetryAfter) {
  journal_.fail_with(Error{Code::kFull, "disk full"});
  testing::internal::CaptureStderr();
  const auto answer = deliver(chosen("evt_1"));
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.head.find("Retry-After: 1"), std::string::npos) << answer.head;
}

TEST_F(EndpointTest, ACommitThatTakesTooLongIs503) {
  journal_.hold();
  EXPECT_EQ(deliver(chosen("evt_1")).status, 503);
  journal_.release();
  EXPECT_EQ(deliver(chosen("evt_1")).body, R"({"status":"duplicate","id":"evt_1"})") << "the retry is a duplicate";
}

TEST_F(EndpointTest, HealthRootAndEverythingElse) {
  EXPECT_EQ(test::get(endpoint_.port(), "/health").body, R"({"status":"ok"})");
  EXPECT_NE(test::get(endpoint_.port(), "/").body.find("POST /webhook"), std::string::npos);
  EXPECT_EQ(test::get(endpoint_.port(), "/webhook").status, 405);
  EXPECT_NE(test::get(endpoint_.port(), "/webhook").head.find("Allow: POST"), std::string::npos);
  EXPECT_EQ(test::post(endpoint_.port(), "/health", "x").status, 405);
  EXPECT_EQ(test::get(endpoint_.port(), "/elsewhere").status, 404);
  EXPECT_EQ(test::post(endpoint_.port(), "/webhook/", "x").status, 404);
}

TEST_F(EndpointTest, PathsAndBodyLimitChangeWhileItServes) {
  config::Config next = one_app();
  next.apps.front().path = "/elsewhere";
  next.limits.body_bytes = 1024;
  endpoint_.replace(next);
  EXPECT_EQ(test::post(endpoint_.port(), "/webhook", "x").status, 404);
  EXPECT_EQ(test::post(endpoint_.port(), "/elsewhere", "x").status, 401);
  EXPECT_EQ(test::post(endpoint_.port(), "/elsewhere", std::string(1025, 'x')).status, 413);
  EXPECT_NE(test::get(endpoint_.port(), "/").body.find("POST /elsewhere"), std::string::npos);
}

TEST_F(EndpointTest, TheConfiguredBodyLimitHolds) {
  EXPECT_EQ(test::post(endpoint_.port(), "/webhook", std::string(4097, 'x')).status, 413);
}

}  // namespace
}  // namespace modhost::webhook
