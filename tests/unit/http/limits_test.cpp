// Every limit is reached here: connections, bodies in memory, pipelined requests, descriptors.
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include "support/fake_clock.hpp"
#include "unit/http/child.hpp"
#include "unit/http/echo_server.hpp"
#include "unit/http/raw_client.hpp"

namespace modhost::http::test {
namespace {

using modhost::test::FakeClock;

TEST(Limits, OneConnectionTooManyIs503) {
  ServerOptions options;
  options.connections_max = 2;
  const FakeClock clock;  // stands still: nobody is idle long enough to make room
  EchoServer server(options, clock,
                    [](Request request, Responder responder) { responder.respond(EchoServer::echo(request)); });
  RawClient one(server.port());
  EXPECT_EQ(one.ask(get("/")).status, 200);
  {
    RawClient two(server.port());
    EXPECT_EQ(two.ask(get("/")).status, 200);
    RawClient three(server.port());
    const Answer answer = three.ask(get("/"));
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.field("Retry-After"), "1");
    EXPECT_TRUE(three.is_closed_by_server());
    EXPECT_EQ(two.ask(get("/")).status, 200);
  }
  ASSERT_TRUE(eventually([&] { return server->counters().connections_open == 1; }));
  RawClient next(server.port());
  EXPECT_EQ(next.ask(get("/")).status, 200);
  EXPECT_EQ(server->counters().connections_refused, 1U);
}

TEST(Limits, AnIdleConnectionMakesRoomForANewOne) {
  ServerOptions options;
  options.connections_max = 2;
  options.threads = 1;  // each looks for room among its own
  FakeClock clock;
  EchoServer server(options, clock,
                    [](Request request, Responder responder) { responder.respond(EchoServer::echo(request)); });
  RawClient one(server.port()), two(server.port());
  EXPECT_EQ(one.ask(get("/")).status, 200);
  EXPECT_EQ(two.ask(get("/")).status, 200);
  EXPECT_TRUE(eventually([&] {  // an answer is out a moment before its connection counts as idle
    clock.advance(std::chrono::seconds(5));
    return RawClient(server.port()).ask(get("/")).status == 200;
  }));
}

TEST(Limits, BodiesThatAreTooManyTogetherAre503) {
  ServerOptions options;
  options.receiving_bytes_max = 100'000;
  HoldingServer server(options);
  RawClient one(server.port());
  one.send(post("/", std::string(80'000, 'x')));
  ASSERT_TRUE(server.wait_for(1));  // received, not answered: its body counts
  RawClient two(server.port());
  EXPECT_EQ(two.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 80000\r\n\r\n" + std::string(30'000, 'x')).status,
            503);
  EXPECT_TRUE(two.is_closed_by_server());
  server.answer(0, "done");
  EXPECT_EQ(one.read_answer().body, "done");
  RawClient three(server.port());
  three.send(post("/", std::string(80'000, 'x')));
  EXPECT_TRUE(server.wait_for(1));
}

TEST(Limits, AbandonedBodiesAreGivenBack) {
  ServerOptions options;
  options.receiving_bytes_max = 100'000;
  HoldingServer server(options);
  for (std::uint64_t i = 1; i <= 20; ++i) {
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 80000\r\n\r\n" + std::string(50'000, 'x'));
    // Seen before it goes: one that waits to be accepted is not open either.
    ASSERT_TRUE(eventually([&] { return server->counters().connections_total == i; }));
    client.reset();
    ASSERT_TRUE(eventually([&] { return server->counters().connections_open == 0; }));
  }
  RawClient last(server.port());
  last.send(post("/", std::string(80'000, 'x')));
  EXPECT_TRUE(server.wait_for(1));
}

TEST(Limits, ReadsNoMoreRequestsAheadThanItMay) {
  HoldingServer server;
  RawClient client(server.port());
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += get("/" + std::to_string(i));
  client.send(requests);
  ASSERT_TRUE(server.wait_for(limits::kPipelineMax));
  RawClient other(server.port());  // the http thread is free for others meanwhile
  other.send(get("/other"));
  ASSERT_TRUE(server.wait_for(limits::kPipelineMax + 1));
  EXPECT_EQ(server->counters().requests_total, limits::kPipelineMax + 1);
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(server.wait_for(1)) << i;
    auto next = server.take(0);
    if (next.first.target == "/other") {
      next.second.respond({});
      ASSERT_TRUE(server.wait_for(1)) << i;
      next = server.take(0);
    }
    Response response;
    response.body = next.first.target;
    next.second.respond(response);
    EXPECT_EQ(client.read_answer().body, "/" + std::to_string(i));
  }
}

TEST(Limits, ReadsOnWhenASlowReaderHasCaughtUp) {
  HoldingServer server;
  RawClient client(server.port());
  std::string requests;
  for (int i = 0; i < 41; ++i) requests += get("/");
  client.send(requests);
  ASSERT_TRUE(server.wait_for(41));
  server.answer(0, std::string(16 * 1024 * 1024, 'x'));  // more than the kernel takes: reading stops
  client.send(get("/more"));
  RawClient other(server.port());
  other.send(get("/other"));
  ASSERT_TRUE(server.wait_for(41));
  EXPECT_EQ(client.read_answer().body.size(), 16U * 1024 * 1024);
  EXPECT_TRUE(server.wait_for(42));  // with 40 still unanswered
}

// The server of the tests below, in a process with few descriptors.
TEST(Child, DISABLED_ServesWithFewDescriptors) {
  const rlimit few{static_cast<rlim_t>(Child::number("DESCRIPTORS")), 4096};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  FakeClock clock;
  ServerOptions options;
  options.body_timeout = std::chrono::milliseconds(40);  // looks at its descriptors every 5 ms
  EchoServer server(options, clock, [&clock](Request request, Responder responder) {
    if (request.target == "/later") clock.advance(std::chrono::seconds(2));
    responder.respond(EchoServer::echo(request));
  });
  std::vector<UniqueFd> taken;  // by the rest of the host
  for (int i = 0; i < Child::number("TAKEN"); ++i) taken.emplace_back(::eventfd(0, EFD_CLOEXEC));
  Child::tell(std::to_string(server.port()));
  Child::wait_for_end();
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  EXPECT_LT(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec, 2) << "something spins";
  EXPECT_TRUE(eventually([&] { return server->counters().requests_in_flight == 0; }));
}

TEST(Limits, WithFewDescriptorsTheOldestIdleConnectionsMakeRoom) {
  Child child("Child.DISABLED_ServesWithFewDescriptors", {{"DESCRIPTORS", "200"}});
  const auto port = static_cast<std::uint16_t>(std::stoi(child.read_line()));
  std::vector<RawClient> clients;
  int served = 0;
  for (int i = 0; i < 400; ++i) {
    clients.emplace_back(port);
    ASSERT_TRUE(clients.back().is_connected()) << i;
    served += clients.back().ask(get("/later")).status == 200 ? 1 : 0;
  }
  EXPECT_EQ(served, 400);
  EXPECT_TRUE(clients.front().is_closed_by_server());
  EXPECT_EQ(clients.back().ask(get("/")).status, 200);
  EXPECT_EQ(child.finish(), 0);
}

TEST(Limits, WithFewDescriptorsNewcomersAreRefusedPolitely) {
  Child child("Child.DISABLED_ServesWithFewDescriptors", {{"DESCRIPTORS", "200"}});
  const auto port = static_cast<std::uint16_t>(std::stoi(child.read_line()));
  std::vector<RawClient> clients;
  int served = 0;
  int refused = 0;
  for (int i = 0; i < 400; ++i) {
    clients.emplace_back(port);
    ASSERT_TRUE(clients.back().is_connected()) << i;
    const int status = clients.back().ask(get("/")).status;
    served += status == 200 ? 1 : 0;
    refused += status == 503 ? 1 : 0;
  }
  EXPECT_GT(served, 50);
  EXPECT_EQ(served + refused, 400);
  EXPECT_EQ(clients.front().ask(get("/")).status, 200);  // who is in, stays
  clients.erase(clients.begin() + 10, clients.end());
  EXPECT_TRUE(eventually([&] { return RawClient(port).ask(get("/")).status == 200; }));
  EXPECT_EQ(child.finish(), 0);
}

TEST(Limits, WithNoDescriptorLeftClientsAreToldAndNothingSpins) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the undefined-behaviour sanitizer needs a descriptor for its own check";
#endif
  Child child("Child.DISABLED_ServesWithFewDescriptors", {{"DESCRIPTORS", "200"}, {"TAKEN", "200"}});
  const auto port = static_cast<std::uint16_t>(std::stoi(child.read_line()));
  std::vector<RawClient> clients;
  int refused = 0;
  for (int i = 0; i < 100; ++i) {
    clients.emplace_back(port);
    ASSERT_TRUE(clients.back().is_connected());
    const int status = clients.back().ask(get("/")).status;
    EXPECT_TRUE(status == 200 || status == 503) << status;  // a few find a spare descriptor
    refused += status == 503 ? 1 : 0;
  }
  EXPECT_GT(refused, 80);
  EXPECT_EQ(child.finish(), 0);
}

}  // namespace
}  // namespace modhost::http::test
