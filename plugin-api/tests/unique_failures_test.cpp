// Why a call failed, as plugin code can ask: the class, the numbers and the codes, not only words.
#include "unique_support.hpp"

namespace {

using namespace unique_test;
using modhost::unique::ErrorClass;

// What a call of GET /x fails with when it is answered so; made in all three forms, which have to agree.
Failure failure_of(const Answer& answer, bool is_platform_call = true) {
  FakeHost host;
  const std::string target = is_platform_call ? "/x" : "https://crm.example.com/x";
  host.answer("GET", target, answer);
  std::vector<Failure> seen;
  const auto request = [target, is_platform_call] {
    HttpRequest made;
    made.target = target + "?q=what+a+user+wrote";
    made.is_platform_call = is_platform_call;
    return made;
  };
  EXPECT_TRUE(run(host, [&](const Event& event) -> Outcome {
    const auto got = is_platform_call ? event.api().send(request()).get() : event.http().send(request()).get();
    seen.push_back(got.failure());
    return {};
  }));
  EXPECT_TRUE(run_async(host, [&](Event event) -> Async<Outcome> {
    if (is_platform_call)
      seen.push_back((co_await event.api().send(request())).failure());
    else
      seen.push_back((co_await event.http().send(request())).failure());
    if (answer.result == MODHOST_OK) co_return Outcome();
    HttpStream stream = event.http().stream(request());
    seen.push_back((co_await stream.head()).failure());
    co_return Outcome();
  }));
  for (const Failure& other : seen) {
    EXPECT_EQ(other.status, seen[0].status);
    EXPECT_EQ(other.http_status, seen[0].http_status);
    EXPECT_EQ(other.platform == nullptr, seen[0].platform == nullptr);
    EXPECT_EQ(other.detail.find("user+wrote"), std::string::npos);
  }
  return seen.back();
}

TEST(Failures, TellA403InsideA500) {
  const Failure failure = failure_of(Answer{.status = 500,
                                            .body = R"({"error": {"message": "Request failed",
      "code": "UPSTREAM", "params": {"id": 1}, "cause": {"status": 403, "error": {"code": "NO_SCOPE",
      "message": "not yours"}}}})",
                                            .headers = "request-id: req_77\n"});
  EXPECT_EQ(failure.status, MODHOST_E_INTERNAL) << "it will not pass";
  EXPECT_EQ(failure.http_status, 500);
  ASSERT_TRUE(failure.platform);
  EXPECT_EQ(failure.platform->kind, ErrorClass::kPermission);
  EXPECT_EQ(failure.platform->http_status, 403);
  EXPECT_EQ(failure.platform->code, "UPSTREAM");
  EXPECT_EQ(failure.platform->inner, "NO_SCOPE: not yours");
  EXPECT_EQ(failure.platform->request_id, "req_77");
}

TEST(Failures, HaveTheClassOfEachStatus) {
  const std::pair<int, ErrorClass> classes[] = {{400, ErrorClass::kInvalidRequest},
                                                {401, ErrorClass::kAuthentication},
                                                {403, ErrorClass::kPermission},
                                                {404, ErrorClass::kInvalidRequest},
                                                {429, ErrorClass::kApi},
                                                {503, ErrorClass::kApi}};
  for (const auto& [status, kind] : classes) {
    const Failure failure = failure_of(Answer{.status = status, .body = R"({"error": {"code": "C"}})"});
    ASSERT_TRUE(failure.platform) << status;
    EXPECT_EQ(failure.platform->kind, kind) << status;
    EXPECT_EQ(failure.platform->code, "C");
    EXPECT_EQ(failure.http_status, status);
  }
}

TEST(Failures, WithoutAnAnswerAreOfTheConnection) {
  for (const modhost_status status : {MODHOST_E_NETWORK, MODHOST_E_TIMEOUT}) {
    const Failure failure = failure_of(Answer{.result = status, .detail = "refused"});
    EXPECT_EQ(failure.status, MODHOST_E_RETRY);
    EXPECT_EQ(failure.http_status, 0);
    ASSERT_TRUE(failure.platform);
    EXPECT_EQ(failure.platform->kind, ErrorClass::kApiConnection);
    EXPECT_EQ(failure.platform->inner, "refused");
    EXPECT_EQ(failure_of(Answer{.result = status, .detail = "refused"}, false).platform, nullptr) << "not the platform";
  }
}

// The asynchronous form of the host has no words for what it does not take.
TEST(Failures, SayWhatARefusalMeans) {
  const auto detail_of = [](modhost_status status) {
    return failure_of(Answer{.result = status, .is_refused = true}, false).detail;
  };
  const std::string name = "GET https://crm.example.com/x: ";
  EXPECT_EQ(detail_of(MODHOST_E_DENIED),
            name + "not granted: see `grants:` of the module, the host's log names what is missing");
  EXPECT_EQ(detail_of(MODHOST_E_INVALID), name + "the host refuses this request, its log says why");
  EXPECT_EQ(detail_of(MODHOST_E_FULL), name + "too many calls of this module at once");
  EXPECT_EQ(detail_of(MODHOST_E_INTERNAL), name + "status -1");
  EXPECT_EQ(failure_of(Answer{.result = MODHOST_E_DENIED, .is_refused = true}).status, MODHOST_E_DENIED);
}

}  // namespace
