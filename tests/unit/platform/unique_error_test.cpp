// Every recorded case of the platform's public client, and where we differ on purpose.
#include <gmock/gmock.h>
#include <rapidjson/document.h>

#include "modhost/unique/error.hpp"
#include "platform/retry_policy.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

namespace modhost::platform::test {
namespace {

using modhost::test::FakeClock;
using modhost::test::fixture;
using std::chrono::milliseconds;

// What is seen of a case. Pauses in milliseconds, without jitter.
struct Seen {
  std::string kind, message, code, params, inner;
  int http_status = 0;
  bool body_unreadable = false;
  int attempts = 0;
  std::vector<int> pauses = {};
};

std::string text(const rapidjson::Value& value) {
  return value.IsNull() ? "" : value.IsString() ? value.GetString() : unique::detail::text(&value);
}

Seen recorded(const rapidjson::Value& entry) {
  const auto& sdk = entry["sdk"];
  const auto member = [&](const char* name) { return sdk.HasMember(name) ? text(sdk[name]) : std::string(); };
  Seen seen{member("class"), member("message"), member("code"), member("params"), member("inner")};
  seen.http_status = sdk.HasMember("http_status") && sdk["http_status"].IsInt() ? sdk["http_status"].GetInt() : 0;
  seen.body_unreadable = sdk["body_unreadable"].GetBool();
  seen.attempts = entry["attempts"].GetInt();
  for (const auto& pause : entry["sleeps_without_jitter"].GetArray())
    seen.pauses.push_back(static_cast<int>(pause.GetDouble() * 1000));
  return seen;
}

Seen ours(const rapidjson::Value& entry, const std::string& method) {
  const FakeClock clock;
  const RetryPolicy policy(clock, [] { return 0.0; });
  HttpRequest request;
  request.method = method;
  AttemptEnd end;
  const std::string body = text(entry["body"]);
  if (!entry["status"].IsNull()) end.status = entry["status"].GetInt();
  end.body = body;
  Seen seen;
  for (seen.attempts = 1;; ++seen.attempts) {
    const auto pause = policy.pause_before_next(request, end, seen.attempts);
    if (!pause) break;
    seen.pauses.push_back(static_cast<int>(pause->count()));
  }
  const auto error = end.status == 0 ? unique::connection_error() : unique::read_error(end.status, body);
  if (!error) return seen;
  seen.kind = to_string(error->kind);
  seen.message = error->message;
  seen.code = error->code;
  seen.params = error->params;
  seen.inner = error->inner;
  seen.http_status = error->http_status;
  seen.body_unreadable = error->body_unreadable;
  return seen;
}

// Where we differ from the recording, and why. Everything not named here is equal.
struct Difference {
  std::string case_name;  // empty: every case with exhausted retries
  std::string why;
  void (*change)(Seen& expected, const rapidjson::Value& entry);
};

const std::vector<Difference>& differences() {
  static const std::vector<Difference> kDifferences = {
      {"", "the recorded client forgets the status of the last answer; the answer itself is delivered, so we know it",
       [](Seen& expected, const rapidjson::Value& entry) {
         if (!entry["status"].IsNull()) expected.http_status = entry["status"].GetInt();
       }},
      {"network failure", "the recorded client turns the error of the last attempt into a nameless APIError",
       [](Seen& expected, const rapidjson::Value&) { expected.kind = "APIConnectionError"; }},
      {"500 top-level array", "the recorded client crashes; for us it is an error like any other 500, and tried again",
       [](Seen& expected, const rapidjson::Value&) {
         expected.kind = "APIError";
         expected.http_status = 500;
         expected.attempts = 3;
         expected.pauses = {1000, 2000};
       }}};
  return kDifferences;
}

void expect_equal(const Seen& seen, const Seen& expected, const std::string& name) {
  EXPECT_EQ(seen.kind, expected.kind) << name;
  EXPECT_EQ(seen.message, expected.message) << name;
  EXPECT_EQ(seen.code, expected.code) << name;
  EXPECT_EQ(seen.params, expected.params) << name;
  EXPECT_EQ(seen.inner, expected.inner) << name;
  EXPECT_EQ(seen.http_status, expected.http_status) << name;
  EXPECT_EQ(seen.body_unreadable, expected.body_unreadable) << name;
  EXPECT_EQ(seen.attempts, expected.attempts) << name;
  EXPECT_EQ(seen.pauses, expected.pauses) << name;
}

class RecordedErrors : public testing::Test {
 protected:
  void SetUp() override {
    document_.Parse(fixture("rest-errors.json").c_str());
    ASSERT_FALSE(document_.HasParseError());
    ASSERT_GE(document_["cases"].Size(), 30u);
  }
  rapidjson::Document document_;
};

TEST_F(RecordedErrors, AreReadAndRepeatedAsRecorded) {
  std::size_t applied = 0;
  for (const auto& entry : document_["cases"].GetArray()) {
    const std::string name = entry["case"].GetString();
    Seen expected = recorded(entry);
    for (const Difference& difference : differences()) {
      const bool applies =
          difference.case_name.empty() ? entry["sdk"]["retries_exhausted"].GetBool() : difference.case_name == name;
      if (!applies) continue;
      difference.change(expected, entry);
      applied += difference.case_name.empty() ? 0 : 1;
    }
    for (const std::string method : {"GET", "PUT", "PATCH", "DELETE"})
      expect_equal(ours(entry, method), expected, name);
  }
  EXPECT_EQ(applied, differences().size() - 1) << "a difference names a case that is not recorded";
}

// A POST that was sent is not repeated by itself: the recorded client may do it twice.
TEST_F(RecordedErrors, PostIsReadTheSameAndNeverRepeated) {
  for (const auto& entry : document_["cases"].GetArray()) {
    Seen expected = ours(entry, "GET");
    expected.attempts = 1;
    expected.pauses = {};
    expect_equal(ours(entry, "POST"), expected, entry["case"].GetString());
  }
}

TEST(UniqueError, KeepsWhatTheRecordedClientDrops) {
  const auto nest =
      unique::read_error(400, R"({"statusCode":400,"message":["a is bad","b is bad"],"error":"Bad Request"})", "r7");
  ASSERT_TRUE(nest);
  EXPECT_EQ(nest->message, "Bad Request");
  EXPECT_EQ(nest->detail, "a is bad; b is bad");
  EXPECT_EQ(nest->request_id, "r7");
  EXPECT_EQ(to_string(*nest), "APIError 400: Bad Request (a is bad; b is bad), request r7");
  const auto list = unique::read_error(400, R"({"statusCode":400,"message":["a","b"]})");
  EXPECT_EQ(list->message, "a; b");
}

TEST(UniqueError, ReadsCausesOfEveryShape) {
  const auto error = [](const char* cause) {
    return *unique::read_error(500, R"({"error":{"message":"m","cause":)" + std::string(cause) + "}}");
  };
  EXPECT_EQ(error(R"({"status":401})").kind, unique::ErrorClass::kAuthentication);
  EXPECT_EQ(error(R"({"status":401})").http_status, 401);
  EXPECT_EQ(error(R"({"status":400})").http_status, 500);
  EXPECT_EQ(error(R"({"status":403,"error":{"message":"x"}})").inner, "?: x");
  EXPECT_EQ(error(R"({"status":"403"})").kind, unique::ErrorClass::kApi);
  EXPECT_EQ(error(R"({"error":"text"})").inner, "?: text");
  EXPECT_EQ(error(R"([1,2])").inner, "");
  EXPECT_EQ(error(R"(null)").inner, "");
  EXPECT_EQ(error(R"(7)").inner, "");
}

TEST(UniqueError, SurvivesHostileBodies) {
  const std::string deep = std::string(1'000'000, '[');
  EXPECT_TRUE(unique::read_error(500, deep)->body_unreadable);
  EXPECT_TRUE(unique::read_error(200, deep)->body_unreadable);
  const std::string closed = R"({"error":{"params":)" + deep + std::string(1'000'000, ']') + "}}";
  EXPECT_TRUE(unique::read_error(400, closed)->body_unreadable);
  EXPECT_TRUE(unique::read_error(400, "{\"message\":\"\xff\xfe\"}")->body_unreadable);
  EXPECT_TRUE(unique::read_error(400, std::string_view("\0", 1))->body_unreadable);
  EXPECT_FALSE(unique::read_error(400, "7")->body_unreadable);
  EXPECT_EQ(unique::read_error(400, R"({"message":"a","message":"b"})")->message, "b");
  EXPECT_EQ(unique::read_error(400, R"({"message":{"x":[1]}})")->message, R"({"x":[1]})");
}

TEST(UniqueError, KnowsWhatMayPass) {
  const auto passes = [](int status, const char* body) { return unique::may_pass(*unique::read_error(status, body)); };
  EXPECT_TRUE(passes(500, ""));
  EXPECT_TRUE(passes(599, "x"));
  EXPECT_FALSE(passes(429, ""));
  EXPECT_TRUE(passes(409, R"({"error":"CONNECTION ABORTED"})"));
  EXPECT_TRUE(passes(409, R"({"error":{"message":"x","cause":"upstream service reached a hard timeout"}})"));
  EXPECT_FALSE(passes(401, R"({"message":"connection aborted"})"));
  EXPECT_TRUE(unique::may_pass(unique::connection_error("reset")));
  EXPECT_EQ(to_string(unique::connection_error("reset")),
            "APIConnectionError: Unexpected error communicating with Unique., caused by reset");
}

}  // namespace
}  // namespace modhost::platform::test
