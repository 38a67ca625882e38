// Crowds: aborting clients, ten thousand idle ones, a thousand slow ones, many that never read. Good clients are served
// meanwhile, nobody gets another's answer, nothing spins.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <random>

#include "unit/http/child.hpp"
#include "unit/http/echo_server.hpp"
#include "unit/http/raw_client.hpp"

namespace modhost::http::test {
namespace {

using namespace std::chrono_literals;

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Asks with a token of its own each time; how many answers were another's, or missing.
int wrong_answers(std::uint16_t port, int client_number, int requests) {
  int wrong = 0;
  RawClient client(port);
  for (int i = 0; i < requests; ++i) {
    const std::string token = std::to_string(client_number) + "-" + std::to_string(i);
    wrong += client.ask(post("/" + token, token)).body == "POST /" + token + "\n" + token ? 0 : 1;
  }
  return wrong;
}

TEST(Storm, AbortingClientsNeverLeaveTheirAnswersToOthers) {
  EchoServer server;  // answers from another thread: late, when many of the askers have gone
  constexpr int kAborters = 3;
  constexpr int kAborts = 700;
  constexpr int kGoodClients = 3;
  std::atomic<int> wrong{0};
  std::atomic<int> strange{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kAborters; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int i = 0; i < kAborts; ++i) {
        RawClient client(server.port());
        const std::string token = "abort-" + std::to_string(t) + "-" + std::to_string(i);
        const std::string request = post("/" + token, token);
        switch (random() % 5) {
          case 0:
            client.send(request);
            break;  // and FIN with the answer unread
          case 1:
            client.send(request.substr(0, random() % request.size()));
            break;
          case 2:
            client.send(request + request + request);
            break;
          case 3:
            client.send(request);
            strange += client.read_answer().body == "POST /" + token + "\n" + token ? 0 : 1;
            break;
          default:
            client.send(request);
            client.reset();
        }
      }
    });
  }
  for (int g = 0; g < kGoodClients; ++g) {
    threads.emplace_back([&, g] { wrong += wrong_answers(server.port(), g, 1500); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(strange, 0);
  EXPECT_TRUE(eventually([&] { return server->counters().connections_open == 0; }));
  EXPECT_TRUE(eventually([&] { return server->counters().requests_in_flight == 0; }));
}

// The other end of many connections: says nothing, or the beginning of a request.
TEST(Child, DISABLED_HoldsConnections) {
  raise_descriptor_limit();
  const int count = Child::number("CONNECTIONS");
  const auto port = static_cast<std::uint16_t>(Child::number("PORT"));
  std::vector<RawClient> clients;
  clients.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    clients.emplace_back(port);
    ASSERT_TRUE(clients.back().is_connected()) << i;
    if (Child::number("SPEAKS") != 0) clients.back().send("POST / HTTP/1.1\r\nHost: a\r\nX-Slow");
  }
  Child::tell("connected");
  if (Child::number("SPEAKS") != 0) {
    int told = 0;
    for (auto& client : clients) told += client.read_answer().status == 503 ? 1 : 0;
    Child::tell(std::to_string(told));
  }
  Child::wait_for_end();
}

TEST(Storm, TenThousandIdleConnectionsCostLittleAndHinderNobody) {
  const std::size_t limit = raise_descriptor_limit();
  const std::size_t count = std::min<std::size_t>(10'000, limit - limit / 8 - 600);
  EchoServer server;
  Child crowd("Child.DISABLED_HoldsConnections",
              {{"CONNECTIONS", std::to_string(count)}, {"PORT", std::to_string(server.port())}});
  ASSERT_EQ(crowd.read_line(), "connected");
  ASSERT_TRUE(eventually([&] { return server->counters().connections_open == count; }));
  const double before = cpu_seconds();
  EXPECT_EQ(wrong_answers(server.port(), 0, 500), 0);
  EXPECT_LT(cpu_seconds() - before, 1.5);
  EXPECT_GE(server->counters().connections_open, count);
  EXPECT_EQ(crowd.finish(), 0);
  EXPECT_TRUE(eventually([&] { return server->counters().connections_open <= 1; }));
}

TEST(Storm, AThousandSlowClientsGet503AndHinderNobody) {
  ServerOptions options;
  options.head_timeout = 1500ms;
  EchoServer server(options);
  Child crowd("Child.DISABLED_HoldsConnections",
              {{"CONNECTIONS", "1000"}, {"PORT", std::to_string(server.port())}, {"SPEAKS", "1"}});
  ASSERT_EQ(crowd.read_line(), "connected");
  EXPECT_EQ(wrong_answers(server.port(), 0, 500), 0);
  EXPECT_EQ(crowd.read_line(), "1000");
  EXPECT_EQ(crowd.finish(), 0);
  EXPECT_EQ(server->counters().timeouts, 1000U);
}

TEST(Storm, ClientsThatNeverReadAreCutOffAndHinderNobody) {
  ServerOptions options;
  options.write_timeout = 400ms;
  const std::string large(8 * 1024 * 1024, 'x');
  EchoServer server(options, [&large](Request request, Responder responder) {
    Response response = EchoServer::echo(request);
    if (request.target == "/large") response.body = large;
    responder.respond(response);
  });
  std::vector<RawClient> deaf;
  for (int i = 0; i < 20; ++i) {
    deaf.emplace_back(server.port());
    deaf.back().shrink_receive_buffer();
    deaf.back().send(get("/large") + get("/large") + get("/large"));
  }
  ASSERT_TRUE(eventually([&] { return server->counters().requests_total >= deaf.size(); }));
  const double before = cpu_seconds();
  EXPECT_EQ(wrong_answers(server.port(), 0, 500), 0);
  EXPECT_TRUE(eventually([&] { return server->counters().timeouts == deaf.size(); }));
  EXPECT_LT(cpu_seconds() - before, 1.5);
  EXPECT_EQ(server->counters().requests_total, deaf.size() + 500);  // nothing more was asked of who does not read
}

}  // namespace
}  // namespace modhost::http::test
