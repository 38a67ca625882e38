// Who is too slow, in either direction, and what becomes of it. The clock moves only when told to.
#include <gtest/gtest.h>

#include "support/fake_clock.hpp"
#include "unit/http/echo_server.hpp"
#include "unit/http/raw_client.hpp"

namespace modhost::http::test {
namespace {

using modhost::test::FakeClock;
using namespace std::chrono_literals;

class Deadlines : public testing::Test {
 protected:
  // Deadlines are looked at in real time, an eighth of the shortest timeout apart: the one not under test is short.
  static ServerOptions watchful() {
    ServerOptions options;
    options.write_timeout = 40ms;
    return options;
  }

  // Lets time pass until the condition holds; how much passed.
  template <class Condition>
  SteadyTime::duration pass_until(Condition condition, std::chrono::milliseconds step = 250ms) {
    const SteadyTime start = clock_.steady_now();
    EXPECT_TRUE(eventually([&] {
      if (condition()) return true;
      clock_.advance(step);
      return false;
    }));
    return clock_.steady_now() - start;
  }

  FakeClock clock_;
  EchoServer server_{watchful(), clock_,
                     [](Request request, Responder responder) { responder.respond(EchoServer::echo(request)); }};
};

TEST_F(Deadlines, ASlowHeadIs503) {
  RawClient slow(server_.port());
  slow.send("GET / HTTP/1.1\r\nHo");
  EXPECT_GT(pass_until([&] { return server_->counters().timeouts == 1; }), limits::kHeadTimeout);
  const Answer answer = slow.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_TRUE(slow.is_closed_by_server());
  RawClient good(server_.port());
  EXPECT_EQ(good.ask(get("/")).status, 200);
}

TEST_F(Deadlines, DrippingDoesNotProlongTheHeadsTime) {
  RawClient slow(server_.port());
  slow.send("GET / HTTP/1.1\r\n");
  const auto passed = pass_until([&] {
    slow.send("X: y\r\n");
    return server_->counters().timeouts == 1;
  });
  EXPECT_GT(passed, limits::kHeadTimeout);
  EXPECT_EQ(slow.read_answer().status, 503);
}

TEST_F(Deadlines, ASlowBodyIs503) {
  RawClient slow(server_.port());
  slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
  EXPECT_GT(pass_until([&] { return server_->counters().timeouts == 1; }), limits::kBodyTimeout);
  const Answer answer = slow.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_TRUE(slow.is_closed_by_server());
}

TEST_F(Deadlines, BytesSentAtOnceBuyNoLaterSilence) {
  RawClient silent(server_.port());
  constexpr std::size_t kAtOnce = 900 * 1024;
  silent.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + std::string(kAtOnce, 'x'));
  const auto passed = pass_until([&] { return server_->counters().timeouts == 1; });
  EXPECT_LE(passed, 4 * limits::kBodyTimeout);
  EXPECT_EQ(silent.read_answer().status, 503);
  EXPECT_TRUE(silent.is_closed_by_server());
}

TEST_F(Deadlines, ABodyOfOneKilobyteASecondMayTakeItsTime) {
  RawClient steady(server_.port());
  constexpr std::size_t kSeconds = 60;
  const std::string piece(limits::kBodyRateMin, 'x');
  steady.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kSeconds * piece.size()) + "\r\n\r\n");
  RawClient other(server_.port());
  for (std::size_t second = 0; second < kSeconds; ++second) {
    ASSERT_TRUE(steady.send(piece));
    ASSERT_EQ(other.ask(get("/")).status, 200);  // gives the server the time to read
    clock_.advance(1s);
  }
  EXPECT_EQ(steady.read_answer().body.size(), kSeconds * piece.size() + 7);
}

TEST_F(Deadlines, AnIdleConnectionIsClosedWithoutAWord) {
  RawClient fresh(server_.port());
  RawClient used(server_.port());
  EXPECT_EQ(used.ask(get("/")).status, 200);
  EXPECT_GT(pass_until([&] { return server_->counters().connections_open == 0; }), limits::kKeepAliveTimeout);
  EXPECT_TRUE(fresh.is_closed_by_server());
  EXPECT_TRUE(used.is_closed_by_server());
  EXPECT_EQ(server_->counters().timeouts, 0U);
}

TEST_F(Deadlines, AConnectionThatWaitsForItsAnswerIsNotIdle) {
  HoldingServer holding(watchful(), clock_);
  RawClient waits(holding.port());
  waits.send(get("/"));
  ASSERT_TRUE(holding.wait_for(1));
  RawClient idle(holding.port());
  ASSERT_TRUE(eventually([&] { return holding->counters().connections_open == 2; }));
  pass_until([&] { return holding->counters().connections_open == 1; });
  holding.answer(0, "at last");
  EXPECT_EQ(waits.read_answer().body, "at last");
}

TEST_F(Deadlines, AnOverdueAnswerIs503AndTheLateOneGoesNowhere) {
  ServerOptions options = watchful();
  options.answer_timeout = 5s;
  HoldingServer holding(options, clock_);
  RawClient client(holding.port());
  client.send(get("/1") + get("/2"));
  ASSERT_TRUE(holding.wait_for(2));
  EXPECT_GT(pass_until([&] { return holding->counters().timeouts == 1; }), 5s);
  EXPECT_EQ(client.read_answer().status, 503);
  holding.answer(0, "late");
  holding.answer(0, "later");
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(Deadlines, AStreamIsNotOverdue) {
  ServerOptions options = watchful();
  options.answer_timeout = 5s;
  HoldingServer holding(options, clock_);
  RawClient client(holding.port());
  client.send(get("/"));
  ASSERT_TRUE(holding.wait_for(1));
  Responder stream = holding.take(0).second;
  stream.begin_stream({});
  RawClient idle(holding.port());
  ASSERT_TRUE(eventually([&] { return holding->counters().connections_open == 2; }));
  pass_until([&] { return holding->counters().connections_open == 1; });
  EXPECT_TRUE(stream.write("x"));
  stream.end_stream();
  EXPECT_EQ(client.read_answer().body, "x");
}

TEST_F(Deadlines, WhoReadsNothingIsCutOff) {
  ServerOptions options;
  options.keep_alive_timeout = 24h;
  options.body_timeout = 40ms;
  EchoServer server(options, clock_, [](Request, Responder responder) {
    Response response;
    response.body = std::string(4 * limits::kUnsentBytesMax, 'x');
    responder.respond(response);
  });
  RawClient deaf(server.port());
  deaf.send(get("/"));
  ASSERT_TRUE(eventually([&] { return server->counters().requests_total == 1; }));
  EXPECT_GT(pass_until([&] { return server->counters().connections_open == 0; }), limits::kWriteTimeout);
  EXPECT_EQ(server->counters().timeouts, 1U);
}

TEST_F(Deadlines, TheClosingAnswerIsWaitedForOnlyBriefly) {
  RawClient lingers(server_.port());
  EXPECT_EQ(lingers.ask("nonsense\r\n\r\n").status, 400);
  pass_until([&] { return server_->counters().connections_open == 0; });
}

}  // namespace
}  // namespace modhost::http::test
