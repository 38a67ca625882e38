// What an operator hears of secrets that end, and what the metrics say.
#include "signature/secret_watch.hpp"

#include "signature/verifier.hpp"
#include "support/fake_clock.hpp"

namespace modhost::signature {
namespace {

using namespace std::chrono_literals;

constexpr auto kDay = 24h;

config::LogConfig text_log() {
  config::LogConfig config;
  config.format = config::LogFormat::kText;
  return config;
}

class SecretWatchTest : public testing::Test {
 protected:
  config::EndpointSecret secret(const std::string& id, std::optional<std::chrono::milliseconds> from,
                                std::optional<std::chrono::milliseconds> until) {
    config::EndpointSecret out{id, Secret("usig_" + id), {}, {}};
    if (from) out.not_before = start_ + *from;
    if (until) out.not_after = start_ + *until;
    return out;
  }
  static config::App app(const std::string& id, std::vector<config::EndpointSecret> secrets,
                         const std::string& path = "/webhook") {
    config::App out;
    out.id = id;
    out.path = path;
    out.secrets = std::move(secrets);
    return out;
  }
  std::string logged_by_a_look(SecretWatch& watch) {
    testing::internal::CaptureStderr();
    next_ = watch.look();
    return testing::internal::GetCapturedStderr();
  }
  bool metrics_have(const std::string& line) { return metrics_.scrape().find("\n" + line + "\n") != std::string::npos; }

  test::FakeClock clock_;
  const UnixMillis start_ = clock_.unix_now();
  telemetry::Log log_{text_log()};
  telemetry::Metrics metrics_;
  std::chrono::milliseconds next_{};
};

TEST_F(SecretWatchTest, WarnsOnceADayFromTwoWeeksBeforeTheEnd) {
  SecretWatch watch({app("app_1", {secret("winter", {}, 15 * kDay), secret("spring", {}, {})})}, clock_, log_,
                    metrics_);
  EXPECT_EQ(logged_by_a_look(watch), "");
  clock_.advance(kDay);
  const std::string first = logged_by_a_look(watch);
  EXPECT_NE(first.find("an endpoint secret ends soon"), std::string::npos) << first;
  EXPECT_NE(first.find("key=winter"), std::string::npos) << first;
  EXPECT_NE(first.find("not_after=2025-10-24T08:53:20Z"), std::string::npos) << first;
  EXPECT_EQ(first.find("usig_"), std::string::npos);
  clock_.advance(kDay - 1ms);
  EXPECT_EQ(logged_by_a_look(watch), "");
  clock_.advance(1ms);
  EXPECT_NE(logged_by_a_look(watch).find("key=winter"), std::string::npos);
  clock_.advance(13 * kDay);
  EXPECT_EQ(logged_by_a_look(watch), "") << "it has ended, and the other one counts";
}

TEST_F(SecretWatchTest, AnAppWithNothingLeftIsAnErrorOnceADay) {
  SecretWatch watch({app("app_1", {secret("only", {}, 30min)}), app("app_2", {secret("good", {}, {})})}, clock_, log_,
                    metrics_);
  EXPECT_NE(logged_by_a_look(watch).find("ends soon"), std::string::npos);
  EXPECT_EQ(next_, 30min) << "the next look is when it ends";
  clock_.advance(30min);
  const std::string alarm = logged_by_a_look(watch);
  EXPECT_NE(alarm.find("all its deliveries are refused"), std::string::npos) << alarm;
  EXPECT_NE(alarm.find("app=app_1"), std::string::npos) << alarm;
  EXPECT_EQ(alarm.find("app_2"), std::string::npos) << alarm;
  EXPECT_EQ(next_, 1h);
  EXPECT_EQ(logged_by_a_look(watch), "");
  clock_.advance(kDay);
  EXPECT_NE(logged_by_a_look(watch).find("all its deliveries are refused"), std::string::npos);
  watch.replace({app("app_1", {secret("only", {}, 30min), secret("new", {}, {})})});
  EXPECT_EQ(logged_by_a_look(watch), "") << "mended";
  watch.replace({app("app_1", {secret("only", {}, 30min)})});
  EXPECT_NE(logged_by_a_look(watch).find("all its deliveries are refused"), std::string::npos) << "broken anew";
}

TEST_F(SecretWatchTest, OneThatDoesNotCountYetIsNothingToGoBy) {
  SecretWatch watch({app("app_1", {secret("next", 1h, {})})}, clock_, log_, metrics_);
  EXPECT_NE(logged_by_a_look(watch).find("all its deliveries are refused"), std::string::npos);
  clock_.advance(1h);
  EXPECT_EQ(logged_by_a_look(watch), "");
}

TEST_F(SecretWatchTest, MetricsTellTheMatchesOfEachKeyAndTheTimeLeft) {
  SecretWatch watch({app("app_1", {secret("winter", {}, 10s), secret("spring", {}, {})})}, clock_, log_, metrics_);
  EXPECT_TRUE(metrics_have(R"(modhost_webhook_signature_matches_total{app="app_1",key="spring"} 0)"))
      << "there before the first delivery: " << metrics_.scrape();
  watch.matched("app_1", "winter");
  watch.matched("app_1", "winter");
  watch.matched("app_1", "spring");
  watch.matched("app_1", "unheard");
  watch.matched("app_9", "winter");
  EXPECT_TRUE(metrics_have(R"(modhost_webhook_signature_matches_total{app="app_1",key="winter"} 2)"));
  EXPECT_TRUE(metrics_have(R"(modhost_webhook_signature_matches_total{app="app_1",key="spring"} 1)"));
  EXPECT_EQ(metrics_.scrape().find("unheard"), std::string::npos) << "labels come from the configuration only";
  EXPECT_TRUE(metrics_have(R"(modhost_secret_expires_seconds{app="app_1",key="winter"} 10)"));
  EXPECT_EQ(metrics_.scrape().find(R"(modhost_secret_expires_seconds{app="app_1",key="spring"})"), std::string::npos);
  clock_.advance(12s);
  EXPECT_TRUE(metrics_have(R"(modhost_secret_expires_seconds{app="app_1",key="winter"} -2)")) << metrics_.scrape();
  watch.replace({app("app_1", {secret("spring", {}, {})})});
  EXPECT_TRUE(metrics_have(R"(modhost_secret_expires_seconds{app="app_1",key="winter"} Nan)") ||
              metrics_have(R"(modhost_secret_expires_seconds{app="app_1",key="winter"} NaN)"))
      << metrics_.scrape();
  EXPECT_TRUE(metrics_have(R"(modhost_webhook_signature_matches_total{app="app_1",key="spring"} 1)")) << "goes on";
}

// A rotation as the clock sees it: only the old one, both, only the new one; and another app on the same path.
TEST_F(SecretWatchTest, TheVerifierGoesByTheSameDates) {
  const std::vector<config::App> apps = {app("app_1", {secret("winter", {}, 2h), secret("spring", 1h, {})}),
                                         app("app_2", {secret("other", {}, {})}),
                                         app("app_3", {secret("far", {}, {})}, "/webhook/far")};
  const Verifier verifier(apps, 0ms, clock_);
  const auto who = [&](const char* key, const char* path = "/webhook") {
    RawRequest request;
    request.path = path;
    request.body = "{}";
    request.signature = sign(std::string("usig_") + key, request.body);
    request.timestamp = "1760000000";
    const Verdict verdict = verifier.explain(request);
    return verdict.failure == Failure::kNone ? verdict.app + " " + verdict.key_id : std::string("nobody");
  };
  for (const auto& [hours, winter, spring] :
       {std::tuple(0h, true, false), std::tuple(1h, true, true), std::tuple(2h, false, true)}) {
    SCOPED_TRACE(hours.count());
    EXPECT_EQ(who("winter"), winter ? "app_1 winter" : "nobody");
    EXPECT_EQ(who("spring"), spring ? "app_1 spring" : "nobody");
    EXPECT_EQ(state_of(apps[0].secrets[0], clock_.unix_now()) == SecretState::kActive, winter);
    EXPECT_EQ(state_of(apps[0].secrets[1], clock_.unix_now()) == SecretState::kActive, spring);
    EXPECT_EQ(who("other"), "app_2 other");
    EXPECT_EQ(who("far"), "nobody");
    EXPECT_EQ(who("far", "/webhook/far"), "app_3 far");
    EXPECT_EQ(who("other", "/webhook/far"), "nobody");
    clock_.advance(1h);
  }
}

}  // namespace
}  // namespace modhost::signature
