#include "ingest/ingest.hpp"

#include "support/fake_clock.hpp"
#include "support/fake_journal.hpp"

namespace modhost::ingest {
namespace {

using namespace std::chrono_literals;

config::LogConfig quiet() {
  config::LogConfig config;
  config.level = config::LogLevel::kInfo;
  config.format = config::LogFormat::kText;
  return config;
}

std::vector<config::App> one_app() {
  config::App app;
  app.id = "app_1";
  app.secrets.push_back({"k1", Secret(std::string("usig_x")), {}, {}});
  return {app};
}

class IngestTest : public testing::Test {
 protected:
  struct Answered {
    Answer answer = Answer::kUnavailable;
    std::string id;
    int times = 0;
  };

  Answered accept(const std::string& body, std::int64_t age_s = 0, const char* secret = "usig_x") {
    RawRequest request;
    request.path = "/webhook";
    request.signature = signature::sign(secret, body);
    request.timestamp = std::to_string(1'760'000'000 - age_s);
    request.body = body;
    request.received_at = clock_.unix_now();
    request.received_steady = clock_.steady_now();
    Answered answered;
    if (change_) change_(request);
    ingest_.accept(std::move(request), [&](Answer answer, const std::string& id) {
      answered = {answer, id, answered.times + 1};
    });
    return answered;
  }

  static std::string chosen_at(const std::string& id, const std::string& created_at, const char* module = "DemoApp") {
    std::string body = chosen(id, module);
    return body.insert(1, R"("createdAt":)" + created_at + ",");
  }

  static std::string chosen(const std::string& id, const std::string& module, const std::string& text = "hi") {
    return R"({"id":")" + id + R"(","event":"unique.chat.external-module.chosen","userId":"u","companyId":"c",)" +
           R"("payload":{"name":")" + module + R"(","text":")" + text + R"("}})";
  }

  std::function<void(RawRequest&)> change_;  // to what accept() hands over
  test::FakeClock clock_;
  test::FakeJournal journal_;
  telemetry::Log log_{quiet()};
  telemetry::Metrics metrics_;
  signature::Verifier verifier_{one_app(), 300s, clock_};
  signature::SecretWatch secret_watch_{one_app(), clock_, log_, metrics_};
  Ingest ingest_{verifier_,
                 journal_,
                 [](const Event& event) -> std::optional<std::string> {
                   if (event.reference == "DemoApp") return "DemoApp";
                   return std::nullopt;
                 },
                 clock_,
                 log_,
                 metrics_,
                 Options{limits::kMaxEventAge, &secret_watch_}};
};

TEST_F(IngestTest, AcceptsOnceAndAnswersDuplicatesAfterwards) {
  const Answered first = accept(chosen("evt_1", "DemoApp"));
  EXPECT_EQ(first.answer, Answer::kAccepted);
  EXPECT_EQ(first.id, "evt_1");
  EXPECT_EQ(first.times, 1);
  EXPECT_EQ(accept(chosen("evt_1", "DemoApp")).answer, Answer::kDuplicate);
  EXPECT_EQ(accept(chosen("evt_1", "DemoApp", "other")).answer, Answer::kDuplicate) << "another body is not run either";
  ASSERT_EQ(journal_.appended().size(), 1u);
  EXPECT_EQ(journal_.appended()[0].module, "DemoApp");
  EXPECT_EQ(journal_.appended()[0].event.app, "app_1");
}

TEST_F(IngestTest, NothingIsWrittenBeforeTheSignatureHolds) {
  EXPECT_EQ(accept(chosen("evt_1", "DemoApp"), 0, "usig_wrong").answer, Answer::kRefused);
  EXPECT_EQ(accept("[[[", 0, "usig_wrong").answer, Answer::kRefused);
  EXPECT_TRUE(journal_.appended().empty());
}

TEST_F(IngestTest, IgnoredEventsWriteNothingAndAreLoggedOncePerName) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(accept(chosen("evt_" + std::to_string(i), "Other")).answer, Answer::kIgnored);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(journal_.appended().empty());
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_NE(log.find("module=Other"), std::string::npos);
}

TEST_F(IngestTest, ASignedBodyThatIsNoEventBecomesADeadLetterOnce) {
  const Answered dead = accept("not json");
  EXPECT_EQ(dead.answer, Answer::kDeadLettered);
  EXPECT_TRUE(dead.id.starts_with("sha256:")) << dead.id;
  ASSERT_EQ(journal_.appended().size(), 1u);
  EXPECT_EQ(journal_.appended()[0].ended_as, journal::State::kDead);
  EXPECT_NE(journal_.appended()[0].reason, "");
  EXPECT_EQ(accept("not json").answer, Answer::kDuplicate);
}

TEST_F(IngestTest, AnEventThatIsTooOldIsKeptAndNeverRun) {
  constexpr std::int64_t kNow = 1'760'000'000, kWeek = 7 * 24 * 3600;
  EXPECT_EQ(accept(chosen_at("evt_1", std::to_string(kNow - kWeek))).answer, Answer::kAccepted);
  testing::internal::CaptureStderr();
  EXPECT_EQ(accept(chosen_at("evt_2", std::to_string(kNow - kWeek - 1))).answer, Answer::kExpired);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("older than limits.max_event_age"), std::string::npos);
  EXPECT_EQ(accept(chosen_at("evt_2", std::to_string(kNow - kWeek - 1))).answer, Answer::kDuplicate);
  EXPECT_EQ(accept(chosen_at("evt_3", "\"" + std::to_string(kNow - kWeek - 1) + "\"")).answer, Answer::kExpired)
      << "also as text";
  EXPECT_EQ(accept(chosen_at("evt_4", "-9223372036854775808")).answer, Answer::kExpired);
  EXPECT_EQ(accept(chosen_at("evt_5", "9223372036854775807")).answer, Answer::kAccepted) << "the future is not old";
  EXPECT_EQ(accept(chosen_at("evt_6", "null")).answer, Answer::kAccepted) << "without a time there is no age";
  EXPECT_EQ(accept(chosen_at("evt_7", "1", "Other")).answer, Answer::kIgnored);
  const auto appended = journal_.appended();
  ASSERT_EQ(appended.size(), 6u);
  EXPECT_EQ(appended[0].ended_as, std::nullopt);
  EXPECT_EQ(appended[1].ended_as, journal::State::kExpired);
  EXPECT_EQ(appended[1].reason, "too_old");
  EXPECT_EQ(appended[1].module, "DemoApp");
  EXPECT_NE(metrics_.scrape().find("modhost_webhook_requests_total{outcome=\"expired\"} 3"), std::string::npos);
}

TEST_F(IngestTest, WithNoLimitOfAgeAnyEventRuns) {
  Ingest any(
      verifier_, journal_, [](const Event&) { return "DemoApp"; }, clock_, log_, metrics_, Options{0ms});
  RawRequest request;
  request.path = "/webhook";
  request.body = chosen_at("evt_1", "1");
  request.signature = signature::sign("usig_x", request.body);
  request.timestamp = "1760000000";
  std::optional<Answer> answered;
  any.accept(std::move(request), [&](Answer answer, const std::string&) { answered = answer; });
  EXPECT_EQ(answered, Answer::kAccepted);
}

TEST_F(IngestTest, WhatCanNotBeStoredIsUnavailable) {
  journal_.fail_with(Error{Code::kFull, "disk full"});
  testing::internal::CaptureStderr();
  EXPECT_EQ(accept(chosen("evt_1", "DemoApp")).answer, Answer::kUnavailable);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("disk full"), std::string::npos);
}

TEST_F(IngestTest, TheAnswerWaitsForTheCommit) {
  journal_.hold();
  int answered = 0;
  RawRequest request;
  request.path = "/webhook";
  request.body = chosen("evt_1", "DemoApp");
  request.signature = signature::sign("usig_x", request.body);
  request.timestamp = "1760000000";
  ingest_.accept(std::move(request), [&](Answer answer, const std::string&) {
    EXPECT_EQ(answer, Answer::kAccepted);
    ++answered;
  });
  EXPECT_EQ(answered, 0);
  journal_.release();
  EXPECT_EQ(answered, 1);
}

TEST_F(IngestTest, AWrongClockIsNamedInTheLogOnceAMinute) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(accept(chosen("evt_1", "DemoApp"), 412).answer, Answer::kRefused);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("timestamps are 412 s old: check this machine's clock"), std::string::npos) << log;
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;

  testing::internal::CaptureStderr();
  EXPECT_EQ(accept(chosen("evt_1", "DemoApp"), 412, "usig_wrong").answer, Answer::kRefused);
  const std::string other = testing::internal::GetCapturedStderr();
  EXPECT_EQ(other.find("clock"), std::string::npos) << "a forged delivery says nothing about our clock: " << other;
}

TEST_F(IngestTest, FutureTimestampsAreAcceptedAndCounted) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(accept(chosen("evt_1", "DemoApp"), -3600).answer, Answer::kAccepted);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("3600 s ahead"), std::string::npos);
  EXPECT_NE(metrics_.scrape().find("modhost_webhook_future_timestamps_total 1"), std::string::npos);
}

TEST_F(IngestTest, TheSecretThatMatchedIsCounted) {
  accept(chosen("evt_1", "DemoApp"));
  accept("not json");
  accept(chosen("evt_2", "DemoApp"), 0, "usig_wrong");
  EXPECT_NE(metrics_.scrape().find("modhost_webhook_signature_matches_total{app=\"app_1\",key=\"k1\"} 2"),
            std::string::npos);
}

TEST_F(IngestTest, AnotherCompanyInTheHeaderIsCountedAndTheBodyWins) {
  change_ = [](RawRequest& request) { request.company = "c"; };
  EXPECT_EQ(accept(chosen("evt_1", "DemoApp")).answer, Answer::kAccepted);
  EXPECT_NE(metrics_.scrape().find("modhost_webhook_company_mismatches_total 0"), std::string::npos);
  change_ = [](RawRequest& request) { request.company = "another"; };
  testing::internal::CaptureStderr();
  EXPECT_EQ(accept(chosen("evt_2", "DemoApp")).answer, Answer::kAccepted);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("X-Unique-Company-Id is not the companyId"), std::string::npos) << log;
  EXPECT_EQ(log.find("another"), std::string::npos) << "not signed, so not repeated";
  EXPECT_EQ(journal_.appended().at(1).event.company_id, "c");
  EXPECT_NE(metrics_.scrape().find("modhost_webhook_company_mismatches_total 1"), std::string::npos);
}

TEST_F(IngestTest, ARefusalNamesTheClient) {
  change_ = [](RawRequest& request) { request.client = "203.0.113.7"; };
  testing::internal::CaptureStderr();
  EXPECT_EQ(accept(chosen("evt_1", "DemoApp"), 0, "usig_wrong").answer, Answer::kRefused);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("delivery refused (401)"), std::string::npos) << log;
  EXPECT_NE(log.find("client=203.0.113.7"), std::string::npos) << log;
}

TEST_F(IngestTest, AnAddressThatFailsTooOftenIsNotLookedAt) {
  const auto from = [](const char* address) {
    return [address](RawRequest& request) {
      request.client = address;
      request.client_address = IpAddress::parse(address);
    };
  };
  change_ = from("203.0.113.7");
  testing::internal::CaptureStderr();
  for (unsigned i = 0; i <= limits::kFailuresMax; ++i)
    EXPECT_EQ(accept(chosen("evt_1", "DemoApp"), 0, "usig_wrong").answer, Answer::kRefused) << i;
  EXPECT_EQ(accept(chosen("evt_1", "DemoApp")).answer, Answer::kThrottled) << "not even a good one";
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("too many bad signatures from one address"), std::string::npos) << log;
  EXPECT_NE(metrics_.scrape().find("modhost_webhook_requests_total{outcome=\"throttled\"} 1"), std::string::npos);
  change_ = from("198.51.100.1");
  EXPECT_EQ(accept(chosen("evt_1", "DemoApp")).answer, Answer::kAccepted);
  testing::internal::CaptureStderr();
  for (unsigned i = 0; i <= 2 * limits::kFailuresMax; ++i)
    EXPECT_EQ(accept(chosen("evt_1", "DemoApp"), 0, "usig_wrong").answer, Answer::kRefused) << "it verified before";
  testing::internal::GetCapturedStderr();
  change_ = from("203.0.113.7");
  clock_.advance(60s);
  EXPECT_EQ(accept(chosen("evt_1", "DemoApp")).answer, Answer::kDuplicate) << "after a minute";
}

TEST_F(IngestTest, AnAddressThatMayBeManysIsNeverHeldBack) {
  change_ = [](RawRequest& request) { request.client = "10.0.0.1"; };
  testing::internal::CaptureStderr();
  for (unsigned i = 0; i <= 2 * limits::kFailuresMax; ++i)
    EXPECT_EQ(accept(chosen("evt_1", "DemoApp"), 0, "usig_wrong").answer, Answer::kRefused);
  change_ = [](RawRequest& request) { request.client_address = IpAddress::parse("203.0.113.7"); };
  for (unsigned i = 0; i <= 2 * limits::kFailuresMax; ++i)
    EXPECT_EQ(accept(chosen("evt_1", "DemoApp"), 412).answer, Answer::kRefused) << "a wrong clock is no bad signature";
  testing::internal::GetCapturedStderr();
}

TEST_F(IngestTest, OutcomesAreCounted) {
  accept(chosen("evt_1", "DemoApp"));
  accept(chosen("evt_1", "DemoApp"));
  accept(chosen("evt_2", "Other"));
  const std::string text = metrics_.scrape();
  EXPECT_NE(text.find("modhost_webhook_requests_total{outcome=\"accepted\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("modhost_webhook_requests_total{outcome=\"duplicate\"} 1"), std::string::npos);
  EXPECT_NE(text.find("modhost_webhook_requests_total{outcome=\"ignored\"} 1"), std::string::npos);
}

}  // namespace
}  // namespace modhost::ingest
