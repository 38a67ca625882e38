// send against a server that says what the test tells it.
#include "crypto/digest.hpp"
#include "signature/verifier.hpp"
#include "support/scripted_server.hpp"
#include "unit/cli/command_line.hpp"

namespace modhost::cli {
namespace {

using test::has;
using test::ScriptedAnswer;
using test::ScriptedRequest;
using test::ScriptedServer;

ScriptedAnswer answer(int status, std::string body) {
  ScriptedAnswer out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

class Send : public test::CommandLine {
 protected:
  ScriptedServer server{[](const ScriptedRequest&) { return answer(200, R"({"status":"accepted","id":"evt_1"})"); }};
  std::string url = server.url("/webhook");
};

TEST_F(Send, PostsASignedEventWithAllHeaders) {
  EXPECT_EQ(run({"send", "chosen", "--module", "Mine", "--text", "hi", "--url", url}), kOk);
  EXPECT_EQ(out, "200 {\"status\":\"accepted\",\"id\":\"evt_1\"}\n");
  const ScriptedRequest request = server.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/webhook");
  EXPECT_EQ(request.header("X-Unique-Signature"), signature::sign(test::kSecret, request.body));
  const auto event = *parse_json(request.body);
  EXPECT_EQ(request.header("X-Unique-Id"), string_member(event, "id"));
  EXPECT_EQ(request.header("X-Unique-Version"), "1.0.0");
  EXPECT_EQ(request.header("X-Unique-User-Id"), string_member(event, "userId"));
  EXPECT_EQ(request.header("X-Unique-Company-Id"), string_member(event, "companyId"));
  EXPECT_EQ(request.header("Content-Type"), "application/json");
  const std::int64_t age = std::time(nullptr) - std::stoll(request.header("X-Unique-Created-At"));
  EXPECT_LE(std::abs(age), 60);
}

TEST_F(Send, CorruptsWhatIsAsked) {
  EXPECT_EQ(run({"send", "chosen", "--corrupt", "signature", "--url", url}), kOk);
  EXPECT_EQ(run({"send", "chosen", "--corrupt", "timestamp", "--url", url}), kOk);
  EXPECT_EQ(run({"send", "chosen", "--corrupt", "json", "--url", url}), kOk);
  EXPECT_EQ(run({"send", "chosen", "--corrupt", "signature,timestamp,json", "--url", url}), kOk);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 4u);
  const auto is_signed = [&](std::size_t i) {
    EXPECT_EQ(requests[i].header("X-Unique-Signature").size(), 64u);
    return requests[i].header("X-Unique-Signature") == signature::sign(test::kSecret, requests[i].body);
  };
  const auto is_old = [&](std::size_t i) {
    return std::time(nullptr) - std::stoll(requests[i].header("X-Unique-Created-At")) >= 3600;
  };
  const auto is_json = [&](std::size_t i) { return parse_json(requests[i].body).has_value(); };
  EXPECT_TRUE(!is_signed(0) && !is_old(0) && is_json(0));
  EXPECT_TRUE(is_signed(1) && is_old(1) && is_json(1));
  EXPECT_TRUE(is_signed(2) && !is_old(2) && !is_json(2)) << "a body that can not be read is signed all the same";
  EXPECT_TRUE(!is_signed(3) && is_old(3) && !is_json(3));
  EXPECT_EQ(run({"send", "chosen", "--corrupt", "id", "--url", url}), kUsage);
  EXPECT_TRUE(has(err, "--corrupt id: expected signature, timestamp or json"));
}

TEST_F(Send, RefusedIsOneAndPointsToVerify) {
  server.enqueue(answer(401, R"({"error":"signature"})"));
  EXPECT_EQ(run({"send", "chosen", "--url", url}), kFailed);
  EXPECT_EQ(out, "401 {\"error\":\"signature\"}\n");
  EXPECT_TRUE(has(err, "`modhost verify` says why"));
  EXPECT_TRUE(has(err, "--signature " + server.requests().at(0).header("X-Unique-Signature") + " --timestamp "));
  server.enqueue(answer(503, ""));
  EXPECT_EQ(run({"send", "chosen", "--url", url, "--json"}), kFailed);
  EXPECT_EQ(json()["status"].GetInt(), 503);
  EXPECT_EQ(server.requests().size(), 2u) << "nothing is sent again";
}

TEST_F(Send, SaysWhyAnEventIsIgnored) {
  server.enqueue(answer(200, R"({"status":"ignored","id":"evt_1"})"));
  EXPECT_EQ(run({"send", "chosen", "--module", "Nobody", "--url", url}), kOk) << "the platform would see a success";
  EXPECT_TRUE(has(err, "no module takes such an event"));
  EXPECT_EQ(run({"send", "chosen", "--url", url}), kOk);
  EXPECT_EQ(err, "");
}

TEST_F(Send, SaysWhyAnEventIsExpired) {
  server.enqueue(answer(200, R"({"status":"expired","id":"evt_1"})"));
  EXPECT_EQ(run({"send", "chosen", "--keep", "--url", url}), kOk);
  EXPECT_TRUE(has(err, "older than limits.max_event_age: without --keep it is renewed"));
}

TEST_F(Send, NobodyThereIsFour) {
  const test::DeadPort dead;
  EXPECT_EQ(run({"send", "chosen", "--url", dead.url("/webhook")}), kUnreachable);
  EXPECT_TRUE(has(err, "nothing answers at " + dead.url("/webhook")));
  EXPECT_EQ(run({"send", "chosen", "--url", dead.url("/webhook"), "--json"}), kUnreachable);
  EXPECT_EQ(json()["unreachable"].GetInt(), 1);
}

TEST_F(Send, SomeOfManyIsThree) {
  server.enqueue(answer(200, R"({"status":"accepted"})"));
  server.enqueue(answer(503, R"({"status":"busy"})"));
  EXPECT_EQ(run({"send", "chosen", "--count", "3", "--url", url}), kPartial);
  EXPECT_EQ(out, "2 x 200 accepted\n1 x 503 busy\n");
}

TEST_F(Send, ManyHaveAnIdEach) {
  EXPECT_EQ(run({"send", "chosen", "--count", "40", "--rate", "2000", "--url", url, "--json"}), kOk);
  const auto summary = json();
  EXPECT_EQ(summary["sent"].GetInt(), 40);
  EXPECT_EQ(summary["accepted"].GetInt(), 40);
  EXPECT_EQ(summary["answers"]["200 accepted"].GetInt(), 40);
  std::set<std::string> ids;
  for (const ScriptedRequest& request : server.requests()) ids.insert(request.header("X-Unique-Id"));
  EXPECT_EQ(ids.size(), 40u);
}

TEST_F(Send, KeepsAFileByteForByteAndTwice) {
  const std::string body = "{\"id\": \"evt_same\" }\n";
  const auto file = folder.write("event.json", body);
  EXPECT_EQ(run({"send", file.string(), "--keep", "--count", "2", "--url", url}), kOk);
  for (const ScriptedRequest& request : server.requests()) EXPECT_EQ(request.body, body);
}

TEST_F(Send, OverridesAndOtherSecrets) {
  set("OTHER", "usig_other");
  EXPECT_EQ(run({"send", "chosen", "--override", "payload.x=1", "--override", "userId=me", "--secret-env", "OTHER",
                 "--url", url}),
            kOk);
  const ScriptedRequest request = server.requests().at(0);
  EXPECT_EQ(request.header("X-Unique-Signature"), signature::sign("usig_other", request.body));
  EXPECT_EQ(request.header("X-Unique-User-Id"), "me");
}

TEST_F(Send, GoesToTheConfiguredAddress) {
  for (const char* host : {"127.0.0.1", "0.0.0.0"}) {
    folder.write("modules.yaml",
                 "listen: " + std::string(host) + ":" + std::to_string(server.port()) +
                     "\nadmin: 127.0.0.1:0\napp: {path: /in}\nhttp_client: {proxy: 'http://127.0.0.1:1'}\n");
    EXPECT_EQ(run({"send", "chosen"}), kOk) << err;
    EXPECT_EQ(server.requests().back().target, "/in");
  }
}

TEST_F(Send, WrongUseIsTwo) {
  EXPECT_EQ(run({"send", "chosn", "--url", url}), kUsage);
  EXPECT_EQ(run({"send", "chosen", "--url", "not a url"}), kUsage);
  set("UNIQUE_APP_ENDPOINT_SECRET", std::nullopt);
  EXPECT_EQ(run({"send", "chosen", "--url", url}), kFailed);
  EXPECT_TRUE(has(err, "no endpoint secret"));
  EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace modhost::cli
