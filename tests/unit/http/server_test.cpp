// The server's everyday behaviour over real sockets.
#include <gtest/gtest.h>

#include "unit/http/echo_server.hpp"
#include "unit/http/raw_client.hpp"

namespace modhost::http::test {
namespace {

TEST(Server, AnswersGetAndPostOnOneConnection) {
  EchoServer server;
  RawClient client(server->port());
  EXPECT_EQ(client.ask(get("/a?b=c")).body, "GET /a?b=c\n");
  const Answer answer = client.ask(post("/p", "hello"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "POST /p\nhello");
  EXPECT_EQ(answer.field("Content-Type"), "text/plain");
  EXPECT_EQ(answer.field("Connection"), "");
  EXPECT_EQ(client.ask(post("/q", std::string(100'000, 'x'))).body.size(), 8 + 100'000);
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  EchoServer server;
  RawClient client(server->port());
  client.send(get("/1") + post("/2", "two") + get("/3"));
  EXPECT_EQ(client.read_answer().body, "GET /1\n");
  EXPECT_EQ(client.read_answer().body, "POST /2\ntwo");
  EXPECT_EQ(client.read_answer().body, "GET /3\n");
}

TEST(Server, AnswersAHalfClosedClient) {
  EchoServer server;
  RawClient client(server->port());
  client.send(post("/half", "closed"));
  client.finish_sending();
  EXPECT_EQ(client.read_answer().body, "POST /half\nclosed");
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST(Server, RefusesATakenPort) {
  EchoServer server;
  SystemClock clock;
  ServerOptions options;
  options.port = server->port();
  Server second(options, clock, [](Request, Responder) {});
  const auto bound = second.bind();
  ASSERT_FALSE(bound.has_value());
  EXPECT_EQ(bound.error().code, Code::kConflict);
  EXPECT_NE(bound.error().message.find("port " + std::to_string(options.port) + " on 127.0.0.1 is taken"),
            std::string::npos);
}

}  // namespace
}  // namespace modhost::http::test
