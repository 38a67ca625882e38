// Servers, networks and receivers that misbehave: what is tried again, what is reported, what is never sent twice.
#include "client_fixture.hpp"

namespace modhost::platform::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class CurlFailureTest : public CurlClientTest {
 protected:
  // Opens a connection that is kept, so that the next call reuses it.
  void warm_up(ScriptedServer& server) { ASSERT_TRUE(call(request("GET", server.url("/warm"))).first); }
  ScriptedServer server_;
};

TEST_F(CurlFailureTest, RefusedConnectionIsTriedThreeTimesAndExplained) {
  const DeadPort dead;
  const auto [outcome, recorder] = call(request("POST", dead.url("/messages?sig=hidden"), "{}"));
  ASSERT_EQ(code_of(outcome), Code::kUnavailable);
  EXPECT_THAT(outcome.error().message, HasSubstr("POST " + dead.url("/messages") + ": "));
  EXPECT_THAT(outcome.error().message, HasSubstr("check that a server runs there"));
  EXPECT_THAT(outcome.error().message, Not(HasSubstr("hidden")));
  EXPECT_EQ(client_->stats().attempts, 3u);
  EXPECT_EQ(recorder->heads(), 0);
  EXPECT_EQ(recorder->done(), 1);
}

TEST_F(CurlFailureTest, UnknownHostIsReported) {
  const auto [outcome, recorder] = call(request("GET", "http://" + std::string(64, 'a') + ".invalid/x"));
  EXPECT_EQ(code_of(outcome), Code::kUnavailable);
  EXPECT_EQ(recorder->done(), 1);
}

TEST_F(CurlFailureTest, GetSurvivesResets) {
  server_.enqueue({.way = Way::kReset});
  server_.enqueue({.way = Way::kCloseUnread});
  const auto [outcome, recorder] = call(request("GET", server_.url("/x")));
  EXPECT_TRUE(outcome);
  EXPECT_EQ(recorder->heads(), 1);
  EXPECT_EQ(server_.requests().size(), 3u);
}

TEST_F(CurlFailureTest, PostThatWasSentIsNotSentAgain) {
  for (const Way way : {Way::kReset, Way::kCloseUnread}) {
    server_.enqueue({.way = way});
    const auto before = server_.requests().size();
    const auto outcome = call(request("POST", server_.url("/x"), "{}")).first;
    EXPECT_EQ(code_of(outcome), Code::kUnavailable);
    EXPECT_THAT(outcome.error().message, HasSubstr("may have been done"));
    EXPECT_EQ(server_.requests().size(), before + 1);
  }
}

TEST_F(CurlFailureTest, PostOnAKeptConnectionThatEndsIsNotSentAgain) {
  for (const Way way : {Way::kReset, Way::kCloseUnread}) {
    warm_up(server_);
    server_.enqueue({.way = way});
    const auto before = server_.requests().size();
    const auto outcome = call(request("POST", server_.url("/x"), "{}")).first;
    EXPECT_EQ(code_of(outcome), Code::kUnavailable);
    EXPECT_THAT(outcome.error().message, HasSubstr("may have been done"));
    EXPECT_EQ(server_.requests().size(), before + 1);
    EXPECT_EQ(server_.requests().back().number_on_connection, 2);
  }
}

TEST_F(CurlFailureTest, GetOnAKeptConnectionThatEndsIsSentAgainAtOnce) {
  warm_up(server_);
  const auto attempts = client_->stats().attempts;
  server_.enqueue({.way = Way::kCloseUnread});
  EXPECT_TRUE(call(request("GET", server_.url("/x"))).first);
  EXPECT_EQ(server_.requests().size(), 3u);
  EXPECT_EQ(client_->stats().attempts, attempts + 2);
}

TEST_F(CurlFailureTest, NoCallIsSentMoreThanThreeTimes) {
  warm_up(server_);
  for (int i = 0; i < 9; ++i) server_.enqueue({.way = Way::kCloseUnread});
  HttpRequest post = request("POST", server_.url("/x"), "{}");
  post.safe_to_repeat = true;
  EXPECT_EQ(code_of(call(post).first), Code::kUnavailable);
  EXPECT_EQ(server_.requests().size(), 4u);
  HttpRequest once = request("GET", server_.url("/x"));
  once.attempts_max = 1;
  EXPECT_EQ(code_of(call(once).first), Code::kUnavailable);
  EXPECT_EQ(server_.requests().size(), 5u);
}

TEST_F(CurlFailureTest, PostGoesToAFreshConnectionWhenTheIdleOneWasClosed) {
  for (int i = 0; i < 10; ++i) {
    server_.enqueue({.close_after = true});
    warm_up(server_);
    ASSERT_TRUE(server_.wait_for_open_connections(0));
    EXPECT_TRUE(call(request("POST", server_.url("/x"), "{}")).first);
    server_.cut_connections();
    ASSERT_TRUE(server_.wait_for_open_connections(0));
  }
  EXPECT_EQ(server_.requests().size(), 20u);
}

TEST_F(CurlFailureTest, ConnectionsResetWhenAcceptedCostNoRequest) {
  server_.reset_next_connections(2);
  EXPECT_TRUE(call(request("GET", server_.url("/x"))).first);
  EXPECT_EQ(server_.requests().size(), 1u);
  server_.cut_connections();
  ASSERT_TRUE(server_.wait_for_open_connections(0));
  server_.reset_next_connections(1);
  (void)call(request("POST", server_.url("/x"), "{}"));  // repeated or not, as bytes left or not: never received twice
  EXPECT_LE(server_.requests().size(), 2u);
}

TEST_F(CurlFailureTest, ServerErrorIsRepeatedAndOnlyTheLastAnswerDelivered) {
  server_.enqueue({.status = 500, .body = "{\"error\":{\"message\":\"boom\"}}"});
  server_.enqueue({.status = 502, .body = "<html>", .way = Way::kChunked});
  server_.enqueue({.status = 200, .body = "{\"id\":1}"});
  const auto [outcome, recorder] = call(request("PATCH", server_.url("/x"), "{}"));
  EXPECT_TRUE(outcome);
  EXPECT_EQ(recorder->heads(), 1);
  EXPECT_EQ(recorder->response().status, 200);
  EXPECT_EQ(recorder->response().body, "{\"id\":1}");
}

TEST_F(CurlFailureTest, LastServerErrorIsDelivered) {
  for (int i = 0; i < 4; ++i) server_.enqueue({.status = 500, .body = "{\"n\":" + std::to_string(i) + "}"});
  const auto [outcome, recorder] = call(request("GET", server_.url("/x")));
  EXPECT_TRUE(outcome);
  EXPECT_EQ(recorder->response().status, 500);
  EXPECT_EQ(recorder->response().body, "{\"n\":2}");
  EXPECT_EQ(server_.requests().size(), 3u);
}

TEST_F(CurlFailureTest, PostIsRepeatedOnlyWhenTurnedAwayOrSafe) {
  server_.enqueue({.status = 500});
  EXPECT_EQ(call(request("POST", server_.url("/x"), "{}")).second->response().status, 500);
  server_.enqueue({.status = 503});
  EXPECT_EQ(call(request("POST", server_.url("/x"), "{}")).second->response().status, 503);
  EXPECT_EQ(server_.requests().size(), 2u);
  for (const int status : {429, 503}) {
    server_.enqueue({.status = status, .headers = {{"retry-after", "0"}}});
    EXPECT_EQ(call(request("POST", server_.url("/x"), "{}")).second->response().status, 200);
  }
  HttpRequest safe = request("POST", server_.url("/x"), "{}");
  safe.safe_to_repeat = true;
  server_.enqueue({.status = 500});
  EXPECT_EQ(call(safe).second->response().status, 200);
  EXPECT_EQ(server_.requests().size(), 8u);
}

TEST_F(CurlFailureTest, AnswerIsDeliveredWhenItsRetryAfterIsPastTheDeadline) {
  server_.enqueue({.status = 503, .body = "later", .headers = {{"Retry-After", "3600"}}});
  const auto [outcome, recorder] = call(request("GET", server_.url("/x")));
  EXPECT_TRUE(outcome);
  EXPECT_EQ(recorder->response().status, 503);
  EXPECT_EQ(recorder->response().body, "later");
}

TEST_F(CurlFailureTest, WordsOfPassingTroubleAreFound) {
  server_.enqueue({.status = 429, .body = "{\"error\":{\"message\":\"You can retry your request later\"}}"});
  EXPECT_EQ(call(request("GET", server_.url("/x"))).second->response().status, 200);
  server_.enqueue({.status = 400, .body = "{\"error\":{\"message\":\"problem proxying the request\"}}"});
  EXPECT_EQ(call(request("GET", server_.url("/x"))).second->response().status, 400);
}

TEST_F(CurlFailureTest, LongErrorBodiesAreRepeatedByStatusOrDeliveredWhole) {
  const std::string body(300'000, 'e');
  server_.enqueue({.status = 500, .body = body});
  server_.enqueue({.status = 500, .body = body, .way = Way::kChunked});
  server_.enqueue({.status = 500, .body = body});
  const auto last = call(request("GET", server_.url("/x"))).second;
  EXPECT_EQ(last->response().body, body);
  EXPECT_EQ(server_.requests().size(), 3u);
  server_.enqueue({.status = 404, .body = body, .way = Way::kChunked});
  const auto [outcome, recorder] = call(request("GET", server_.url("/x")));
  EXPECT_TRUE(outcome);
  EXPECT_EQ(recorder->heads(), 1);
  EXPECT_EQ(recorder->response().body, body);
  EXPECT_EQ(server_.requests().size(), 4u);
}

TEST_F(CurlFailureTest, BodyThatBreaksOffIsRepeatedOrReported) {
  server_.enqueue({.body = "0123456789", .way = Way::kCloseMidBody});
  const auto repeated = call(request("GET", server_.url("/x")));
  EXPECT_TRUE(repeated.first);
  EXPECT_EQ(repeated.second->response().body, "{}");
  server_.enqueue({.body = "0123456789", .way = Way::kCloseMidBody});
  const auto [outcome, recorder] = call(request("POST", server_.url("/x"), "{}"));
  EXPECT_EQ(code_of(outcome), Code::kUnavailable);
  EXPECT_EQ(recorder->response().body, "01234");
}

TEST_F(CurlFailureTest, DeadlineEndsEveryStage) {
  for (const Way way : {Way::kNever, Way::kStall, Way::kDrip})
    for (const std::string method : {"GET", "POST"}) {
      server_.enqueue({.body = "0123456789", .way = way});
      HttpRequest late = request(method, server_.url("/x"), "");
      late.deadline = Deadline::after(clock_, 60ms);
      const auto [outcome, recorder] = call(late);
      EXPECT_EQ(code_of(outcome), Code::kTimeout) << method << static_cast<int>(way);
      EXPECT_EQ(recorder->done(), 1);
    }
  HttpRequest past = request("GET", server_.url("/x"));
  past.deadline = Deadline::after(clock_, -1s);
  EXPECT_EQ(code_of(call(past).first), Code::kTimeout);
}

TEST_F(CurlFailureTest, DeadlineEndsTheWaitForAConnection) {
  open({.http = {.connections = 1}});
  server_.enqueue({.way = Way::kNever});
  const auto first = start(request("GET", server_.url("/x"))).second;
  HttpRequest late = request("GET", server_.url("/y"));
  late.deadline = Deadline::after(clock_, 50ms);
  const auto outcome = call(late).first;
  EXPECT_EQ(code_of(outcome), Code::kTimeout);
  EXPECT_THAT(outcome.error().message, HasSubstr("waited for a free connection"));
  EXPECT_EQ(first->done(), 0);
}

TEST_F(CurlFailureTest, ConnectTimeoutIsANetworkFailure) {
  // A listener whose backlog is full answers no further handshake.
  const modhost::test::FullPort full;
  open({.connect_timeout = 40ms});
  const auto outcome = call(request("POST", full.url("/x"), "{}")).first;
  EXPECT_EQ(code_of(outcome), Code::kUnavailable);
  EXPECT_EQ(client_->stats().attempts, 3u);
}

TEST_F(CurlFailureTest, AnswersAreBounded) {
  const std::string body(1000, 'z');
  for (const Way way : {Way::kWhole, Way::kChunked, Way::kUntilClose})
    for (const int status : {200, 500}) {
      server_.enqueue({.status = status, .body = body, .way = way});
      const auto before = server_.requests().size();
      HttpRequest bounded = request("GET", server_.url("/x"));
      bounded.response_bytes_max = 999;
      const auto outcome = call(bounded).first;
      EXPECT_EQ(code_of(outcome), Code::kFull);
      EXPECT_EQ(server_.requests().size(), before + 1);
      bounded.response_bytes_max = 1000;
      server_.enqueue({.body = body, .way = way});
      EXPECT_TRUE(call(bounded).first);
    }
}

TEST_F(CurlFailureTest, HeadsAreBounded) {
  ScriptedAnswer answer;
  for (int i = 0; i < 70; ++i) answer.headers.emplace_back("X-Long", std::string(1024, 'h'));
  server_.enqueue(answer);
  EXPECT_EQ(code_of(call(request("GET", server_.url("/x"))).first), Code::kFull);
}

TEST_F(CurlFailureTest, NonsenseIsNoAnswer) {
  for (const std::string nonsense :
       {"hello\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "\x16\x03\x01\x02", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"}) {
    server_.enqueue({.body = nonsense, .way = Way::kRaw, .close_after = true});
    HttpRequest once = request("GET", server_.url("/x"));
    once.attempts_max = 1;
    EXPECT_EQ(code_of(call(once).first), Code::kUnavailable) << nonsense;
  }
}

TEST_F(CurlFailureTest, ReceiverMayRefuse) {
  for (const std::string method : {"GET", "POST"})
    for (const bool at_head : {true, false}) {
      auto recorder = std::make_shared<Recorder>();
      (at_head ? recorder->refuse_head : recorder->refuse_data) = true;
      ASSERT_TRUE(client_->start(request(method, server_.url("/x")), recorder));
      EXPECT_EQ(code_of(recorder->wait()), Code::kGone);
      EXPECT_EQ(recorder->heads(), 1);
      EXPECT_EQ(recorder->chunks(), at_head ? 0 : 1);
    }
}

TEST_F(CurlFailureTest, EnvironmentChoosesNoProxy) {
  const DeadPort dead;
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) ::setenv(name, dead.url().c_str(), 1);
  open();
  EXPECT_TRUE(call(request("GET", server_.url("/x"))).first);
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
}

}  // namespace
}  // namespace modhost::platform::test
