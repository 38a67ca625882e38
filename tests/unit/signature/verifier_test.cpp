// The verdict of every recorded vector, and what the header parser takes and refuses.
#include <rapidjson/document.h>

#include <atomic>
#include <thread>

#include "event/json_reader.hpp"
#include "signature/timestamp.hpp"
#include "signature/verifier.hpp"
#include "support/temp_dir.hpp"

namespace modhost::signature {
namespace {

using std::chrono::milliseconds;

class FixedClock final : public Clock {
 public:
  explicit FixedClock(double unix_s) : now_(milliseconds(static_cast<std::int64_t>(unix_s * 1000))) {}
  [[nodiscard]] SteadyTime steady_now() const override { return {}; }
  [[nodiscard]] UnixMillis unix_now() const override { return now_; }

 private:
  UnixMillis now_;
};

std::string unhex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return bytes;
}

std::string body_of(const rapidjson::Value& vector) {
  if (const auto* body = find_member(vector, "body")) return {body->GetString(), body->GetStringLength()};
  if (find_member(vector, "body_hex") != nullptr) return unhex(string_member(vector, "body_hex"));
  const auto& generator = *find_member(vector, "body_generator");
  std::string body(string_member(generator, "prefix"));
  const std::string repeated(string_member(generator, "repeat"));
  for (int i = 0; i < find_member(generator, "count")->GetInt(); ++i) body += repeated;
  return body + std::string(string_member(generator, "suffix"));
}

std::optional<std::string> text_or_null(const rapidjson::Value& vector, std::string_view name) {
  const auto* value = find_member(vector, name);
  if (value == nullptr || value->IsNull()) return std::nullopt;
  return std::string(value->GetString(), value->GetStringLength());
}

std::vector<config::App> app_with(std::vector<std::string> secrets) {
  config::App app;
  app.id = "app_1";
  for (std::size_t i = 0; i < secrets.size(); ++i)
    app.secrets.push_back({"s" + std::to_string(i + 1), Secret(std::move(secrets[i])), {}, {}});
  return {app};
}

RawRequest request_of(std::string body, std::optional<std::string> signature, std::optional<std::string> timestamp) {
  RawRequest request;
  request.path = "/webhook";
  request.body = std::move(body);
  request.signature = std::move(signature);
  request.timestamp = std::move(timestamp);
  return request;
}

constexpr const char* kSecret = "usig_Zk3vN8qLw0Tt5yHc2RjX7bMd";

TEST(Verifier, GivesTheRecommendedVerdictOfEveryVector) {
  const auto document = parse_json(test::fixture("signatures.json"));
  ASSERT_TRUE(document);
  std::size_t checked = 0;
  for (const auto& vector : find_member(*document, "vectors")->GetArray()) {
    const std::string id(string_member(vector, "id"));
    const std::string recommended(string_member(*find_member(vector, "expected"), "recommended"));
    if (recommended.find("configuration") != std::string::npos) continue;  // config/ refuses an empty secret
    const FixedClock clock(find_member(vector, "now")->GetDouble());
    const Verifier verifier(app_with({std::string(string_member(vector, "secret"))}),
                            std::chrono::seconds(find_member(vector, "tolerance")->GetInt()), clock);
    RawRequest request =
        request_of(body_of(vector), text_or_null(vector, "signature"), text_or_null(vector, "timestamp"));
    const std::string body = request.body;
    Verdict verdict;
    const auto trusted = verifier.verify(request, verdict);
    EXPECT_EQ(trusted.has_value(), recommended != "reject") << id << ": " << to_string(verdict.failure);
    if (trusted) {
      EXPECT_EQ(trusted->bytes(), body) << id;
    } else {
      EXPECT_EQ(request.body, body) << id << ": a refused request keeps its body";
    }
    ++checked;
  }
  EXPECT_EQ(checked, 38u);
}

TEST(Verifier, EveryEventFixtureHoldsUnderItsSignature) {
  const auto document = parse_json(test::fixture("signatures.json"));
  ASSERT_TRUE(document);
  const auto& fixtures = *find_member(*document, "fixture_signatures");
  const FixedClock clock(1'760'000'000);
  const Verifier verifier(app_with({std::string(string_member(fixtures, "secret"))}), milliseconds(300'000), clock);
  std::size_t checked = 0;
  for (const auto& entry : find_member(fixtures, "files")->GetArray()) {
    RawRequest request = request_of(test::fixture(std::string(string_member(entry, "file"))),
                                    std::string(string_member(entry, "signature")), "1760000000");
    EXPECT_EQ(verifier.explain(request).failure, Failure::kNone) << string_member(entry, "file");
    ++checked;
  }
  EXPECT_GE(checked, 18u);
}

TEST(Verifier, TriesEverySecretOfThePathAndNamesTheOneThatMatched) {
  const FixedClock clock(1'760'000'000);
  auto apps = app_with({"usig_old", "usig_new"});
  config::App other = app_with({"usig_other"}).front();
  other.id = "app_2";
  other.path = "/webhook/other";
  apps.push_back(other);
  const Verifier verifier(apps, milliseconds(300'000), clock);
  const auto verdict = verifier.explain(request_of("{}", sign("usig_new", "{}"), "1760000000"));
  EXPECT_EQ(verdict.failure, Failure::kNone);
  EXPECT_EQ(verdict.app, "app_1");
  EXPECT_EQ(verdict.key_id, "s2");
  EXPECT_EQ(verifier.explain(request_of("{}", sign("usig_other", "{}"), "1760000000")).failure, Failure::kMismatch)
      << "a secret counts on its own path only";
}

TEST(Verifier, SecretsCountOnlyBetweenTheirDates) {
  const FixedClock clock(1'760'000'000);
  auto apps = app_with({"usig_a", "usig_b", "usig_c"});
  const UnixMillis now{std::chrono::seconds(1'760'000'000)};
  apps[0].secrets[0].not_after = now;
  apps[0].secrets[1].not_before = now + milliseconds(1);
  apps[0].secrets[2].not_before = now;
  const Verifier verifier(apps, milliseconds(300'000), clock);
  EXPECT_EQ(verifier.explain(request_of("x", sign("usig_a", "x"), "1760000000")).failure, Failure::kMismatch);
  EXPECT_EQ(verifier.explain(request_of("x", sign("usig_b", "x"), "1760000000")).failure, Failure::kMismatch);
  EXPECT_EQ(verifier.explain(request_of("x", sign("usig_c", "x"), "1760000000")).failure, Failure::kNone);
}

TEST(Verifier, KeysChangeBetweenTwoDeliveries) {
  const FixedClock clock(1'760'000'412);
  Verifier verifier(app_with({"usig_old"}), milliseconds(300'000), clock);
  const auto failure = [&](const char* secret, const char* timestamp) {
    return verifier.explain(request_of("x", sign(secret, "x"), timestamp)).failure;
  };
  verifier.replace(app_with({"usig_new", "usig_old"}), milliseconds(300'000));
  EXPECT_EQ(failure("usig_old", "1760000412"), Failure::kNone);
  EXPECT_EQ(failure("usig_new", "1760000412"), Failure::kNone);
  EXPECT_EQ(failure("usig_new", "1760000000"), Failure::kTimestampTooOld);
  verifier.replace(app_with({"usig_new"}), milliseconds(600'000));
  EXPECT_EQ(failure("usig_old", "1760000412"), Failure::kMismatch);
  EXPECT_EQ(failure("usig_new", "1760000000"), Failure::kNone);
}

// Whoever verifies sees the keys of before or of after, never a half of them.
TEST(Verifier, KeysChangeUnderDeliveries) {
  const FixedClock clock(1'760'000'000);
  Verifier verifier(app_with({"usig_a", "usig_stays"}), milliseconds(300'000), clock);
  std::atomic<bool> is_over{false};
  std::atomic<int> refused{0}, verified{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&] {
      const std::string signature = sign("usig_stays", "x");
      while (!is_over) {
        refused += verifier.explain(request_of("x", signature, "1760000000")).failure != Failure::kNone;
        ++verified;
      }
    });
  for (int i = 0; i < 200 || verified < 200; ++i)
    verifier.replace(app_with(i % 2 == 0 ? std::vector<std::string>{"usig_stays"}
                                         : std::vector<std::string>{"usig_b", "usig_stays"}),
                     milliseconds(300'000));
  is_over = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(refused, 0);
}

TEST(Verifier, TellsAWrongClockFromAWrongSender) {
  const FixedClock clock(1'760'000'412);
  const Verifier verifier(app_with({kSecret}), milliseconds(300'000), clock);
  const auto late = verifier.explain(request_of("x", sign(kSecret, "x"), "1760000000"));
  EXPECT_EQ(late.failure, Failure::kTimestampTooOld);
  EXPECT_TRUE(late.mac_matches);
  EXPECT_EQ(late.age_s, 412);
  EXPECT_FALSE(verifier.explain(request_of("x", sign("usig_wrong", "x"), "1760000000")).mac_matches);
}

TEST(Verifier, SurvivesHeadersNoPlatformSends) {
  const FixedClock clock(1'760'000'000);
  const Verifier verifier(app_with({kSecret}), milliseconds(300'000), clock);
  const std::string good = sign(kSecret, "x");
  EXPECT_EQ(verifier.explain(request_of("x", good, std::string(30, '9'))).failure, Failure::kNone) << "the far future";
  EXPECT_EQ(verifier.explain(request_of("x", good, "-" + std::string(30, '9'))).failure, Failure::kTimestampTooOld);
  EXPECT_EQ(verifier.explain(request_of("x", "ä" + good.substr(2), "1760000000")).failure,
            Failure::kSignatureMalformed);
  EXPECT_EQ(verifier.explain(request_of("x", good + good, "1760000000")).failure, Failure::kSignatureMalformed);
  EXPECT_EQ(verifier.explain(request_of("x", std::string(64, 'g'), "1760000000")).failure,
            Failure::kSignatureMalformed);
}

TEST(Timestamp, ReadsWhatPythonsIntReads) {
  using Kind = Timestamp::Kind;
  struct Case {
    const char* text;
    Kind kind;
    std::int64_t seconds;
  };
  const Case cases[] = {
      {"1760000000", Kind::kValue, 1'760'000'000},
      {" \t7\r\n", Kind::kValue, 7},
      {"+7", Kind::kValue, 7},
      {"-7", Kind::kValue, -7},
      {"007", Kind::kValue, 7},
      {"1_000", Kind::kValue, 1000},
      {"0", Kind::kMissing, 0},
      {"-0", Kind::kMissing, 0},
      {"", Kind::kMalformed, 0},
      {"  ", Kind::kMalformed, 0},
      {"1__0", Kind::kMalformed, 0},
      {"_1", Kind::kMalformed, 0},
      {"1_", Kind::kMalformed, 0},
      {"1.5", Kind::kMalformed, 0},
      {"0x10", Kind::kMalformed, 0},
      {"+-1", Kind::kMalformed, 0},
      {"+", Kind::kMalformed, 0},
      {"1 0", Kind::kMalformed, 0},
  };
  for (const Case& c : cases) {
    const Timestamp timestamp = parse_timestamp(std::string(c.text));
    EXPECT_EQ(timestamp.kind, c.kind) << '"' << c.text << '"';
    EXPECT_EQ(timestamp.seconds, c.seconds) << '"' << c.text << '"';
  }
  EXPECT_EQ(parse_timestamp(std::nullopt).kind, Kind::kMissing);
}

}  // namespace
}  // namespace modhost::signature
