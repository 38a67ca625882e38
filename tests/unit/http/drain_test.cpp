// The graceful end: what is in flight is answered, nobody is refused, nobody can hold it up beyond the deadline.
#include <gtest/gtest.h>

#include "unit/http/echo_server.hpp"
#include "unit/http/raw_client.hpp"

namespace modhost::http::test {
namespace {

using namespace std::chrono_literals;

class Drain : public testing::Test {
 protected:
  Deadline in(std::chrono::milliseconds delay) { return Deadline::after(clock_, delay); }

  SystemClock clock_;
  std::vector<Responder> never_;
  HoldingServer server_;
};

TEST_F(Drain, AnswersWhatIsInFlightAndClosesTheRest) {
  RawClient idle(server_.port());
  idle.send(get("/"));
  ASSERT_TRUE(server_.wait_for(1));
  server_.answer(0, "before");
  EXPECT_EQ(idle.read_answer().field("Connection"), "");
  RawClient busy(server_.port());
  busy.send(get("/1") + get("/2"));
  ASSERT_TRUE(server_.wait_for(2));
  std::thread drain([&] { server_->drain(in(10s)); });
  EXPECT_TRUE(idle.is_closed_by_server());  // so it has begun
  RawClient late(server_.port());
  EXPECT_TRUE(late.is_connected());
  late.send(get("/late"));
  ASSERT_TRUE(server_.wait_for(3));
  server_.answer(2, "late");
  const Answer last = late.read_answer();
  EXPECT_EQ(last.body, "late");
  EXPECT_EQ(last.field("Connection"), "close");
  server_.answer(0, "one");
  EXPECT_EQ(busy.read_answer().body, "one");
  EXPECT_TRUE(busy.is_closed_by_server());  // the first answer said so; the second request is the client's to repeat
  drain.join();
  EXPECT_FALSE(RawClient(server_.port()).is_connected());
  EXPECT_EQ(server_->counters().connections_open, 0U);
}

TEST_F(Drain, LetsARequestInReceptionComeToItsEnd) {
  RawClient client(server_.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
  RawClient idle(server_.port());
  idle.send(get("/"));
  ASSERT_TRUE(server_.wait_for(1));
  server_.answer(0, "before");
  EXPECT_EQ(idle.read_answer().status, 200);
  std::thread drain([&] { server_->drain(in(10s)); });
  EXPECT_TRUE(idle.is_closed_by_server());
  client.send("llo");
  ASSERT_TRUE(server_.wait_for(1));
  server_.answer(0, "whole");
  EXPECT_EQ(client.read_answer().body, "whole");
  drain.join();
}

TEST_F(Drain, EndsAtItsDeadlineWhoeverDoesNotAnswerOrRead) {
  RawClient waits(server_.port());
  waits.send(get("/never"));
  RawClient deaf(server_.port());
  deaf.send(get("/large"));
  ASSERT_TRUE(server_.wait_for(2));
  const std::string large(32 * 1024 * 1024, 'x');
  for (std::size_t i = 2; i-- > 0;) {
    auto [request, responder] = server_.take(i);
    if (request.target == "/large") {
      Response response;
      response.body = large;
      responder.respond(response);
    } else {
      never_.push_back(std::move(responder));
    }
  }
  server_->drain(in(100ms));
  EXPECT_TRUE(waits.is_closed_by_server());
}

TEST_F(Drain, EndsStreams) {
  RawClient client(server_.port());
  client.send(get("/"));
  ASSERT_TRUE(server_.wait_for(1));
  Responder stream = server_.take(0).second;
  stream.begin_stream({});
  EXPECT_TRUE(stream.write("x"));
  server_->drain(in(10s));
  EXPECT_FALSE(stream.write("y"));
}

TEST_F(Drain, OfAnUnusedServerIsQuick) {
  server_->drain(Deadline::never());
  server_->drain(Deadline::never());
  server_->stop();
}

TEST(DrainUnstarted, IsQuickToo) {
  SystemClock clock;
  Server server({}, clock, [](Request, Responder) {});
  ASSERT_TRUE(server.bind().has_value());
  RawClient queues(server.port());
  EXPECT_TRUE(queues.is_connected());
  server.drain(Deadline::never());
}

}  // namespace
}  // namespace modhost::http::test
