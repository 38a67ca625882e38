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

TEST(Server, ListensOnAnyAddressItIsGiven) {
  SystemClock clock;
  for (const auto& [listen, connect] : std::vector<std::pair<std::string, std::string>>{{"127.0.0.1", "127.0.0.1"},
                                                                                        {"localhost", ""},
                                                                                        {"0.0.0.0", "127.0.0.2"},
                                                                                        {"::1", "::1"},
                                                                                        {"[::1]", "::1"},
                                                                                        {"[::]", "::1"}}) {
    ServerOptions options;
    options.address = listen;
    HoldingServer server(options);
    if (connect.empty()) continue;
    RawClient client(server.port(), connect);
    client.send(get("/"));
    ASSERT_TRUE(server.wait_for(1)) << listen;
    EXPECT_EQ(server.take(0).first.peer, connect == "127.0.0.2" ? "127.0.0.1" : connect);
  }
}

TEST(Server, RefusesAnAddressThatIsNotHere) {
  SystemClock clock;
  for (const char* address : {"no.such.host.invalid", "256.1.1.1", "203.0.113.7", ""}) {
    ServerOptions options;
    options.address = address;
    Server server(options, clock, [](Request, Responder) {});
    const auto bound = server.bind();
    ASSERT_FALSE(bound.has_value()) << address;
    EXPECT_NE(bound.error().message.find(address), std::string::npos) << bound.error().message;
  }
}

TEST(Server, TellsTheHandlerWhoAskedAndWhen) {
  SystemClock clock;
  const auto before = clock.steady_now();
  Request seen;
  EchoServer server({}, [&seen](Request request, Responder responder) {
    seen = std::move(request);
    responder.respond({});
  });
  RawClient client(server.port());
  EXPECT_EQ(client.ask(post("/a?b=c&d", "body", "X-One: 1\r\nx-one: 2\r\n")).status, 200);
  EXPECT_EQ(seen.path(), "/a");
  EXPECT_EQ(seen.query(), "b=c&d");
  EXPECT_EQ(seen.header("X-ONE"), "1");
  EXPECT_EQ(seen.count("x-One"), 2U);
  EXPECT_EQ(seen.header("absent"), std::nullopt);
  EXPECT_EQ(seen.peer, "127.0.0.1");
  EXPECT_GE(seen.received_steady, before);
}

TEST(Server, MakesClientsQueueUntilItStarts) {
  SystemClock clock;
  ServerOptions options;
  options.backlog = 300;
  Server server(options, clock,
                [](Request request, Responder responder) { responder.respond(EchoServer::echo(request)); });
  ASSERT_TRUE(server.bind().has_value());
  std::vector<RawClient> clients;  // more than the 128 that Pistache would let wait
  for (int i = 0; i < 250; ++i) {
    clients.emplace_back(server.port());
    ASSERT_TRUE(clients.back().is_connected()) << i;
    clients.back().send(get("/"));
  }
  server.start();
  for (auto& client : clients) EXPECT_EQ(client.read_answer().status, 200);
}

TEST(Server, CountsWhatHappens) {
  EchoServer server;
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/")).status, 200);
  EXPECT_EQ(client.ask("x\r\n\r\n").status, 400);
  EXPECT_TRUE(eventually([&] { return server->counters().requests_in_flight == 0; }));
  const ServerCounters counters = server->counters();
  EXPECT_EQ(counters.connections_total, 1U);
  EXPECT_EQ(counters.requests_total, 1U);
  EXPECT_EQ(counters.bad_requests, 1U);
}

}  // namespace
}  // namespace modhost::http::test
