// Framing over real sockets: every hostile or odd request gets its answer and its close, never a second request parsed
// out of the rest, and a good client is served before and after.
#include <gtest/gtest.h>

#include <array>

#include "unit/http/echo_server.hpp"
#include "unit/http/raw_client.hpp"

namespace modhost::http::test {
namespace {

ServerOptions small() {
  ServerOptions options;
  options.body_bytes_max = 100'000;
  return options;
}

class Framing : public testing::Test {
 protected:
  // Answered with `status` and closed, although a complete request follows.
  void expect_refused(const std::string& bytes, int status) {
    SCOPED_TRACE(bytes.substr(0, 120));
    RawClient client(server_->port());
    const Answer answer = client.ask(bytes + get("/smuggled"));
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.field("Connection"), "close");
    EXPECT_TRUE(client.is_closed_by_server());
    EXPECT_EQ(good_.ask(get("/good")).body, "GET /good\n");
  }

  EchoServer server_{small()};
  RawClient good_{server_->port()};
};

std::string with(std::string_view fields, std::string_view rest = "") {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(rest);
}

TEST_F(Framing, RefusesBothLengthAndCoding) {
  expect_refused(with("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400);
}

TEST_F(Framing, RefusesDoubtfulLengths) {
  expect_refused(with("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 400);
  expect_refused(with("Content-Length: abc\r\n"), 400);
  expect_refused(with("Content-Length: +5\r\n", "hello"), 400);
  expect_refused(with("Content-Length: 5x\r\n", "hello"), 400);
  expect_refused(with("Content-Length: -1\r\n"), 400);
}

TEST_F(Framing, RefusesLargeBodiesAtOnce) {
  for (const char* length : {"100001", "8589934592", "107374182400", "99999999999999999999999"}) {
    expect_refused(with("Content-Length: " + std::string(length) + "\r\n"), 413);
  }
  expect_refused(with("Transfer-Encoding: chunked\r\n", "186a1\r\n"), 413);
  EXPECT_EQ(server_->counters().too_large, 5U);
}

TEST_F(Framing, RefusesCodingsItDoesNotKnow) {
  expect_refused(with("Transfer-Encoding: ch\r\n", "0\r\n\r\n"), 501);
  expect_refused(with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501);
}

TEST_F(Framing, RefusesBadHeads) {
  const std::string nul("X: a\0b\r\n", 8);
  expect_refused("GET / HTTP/1.1\r\n\r\n", 400);
  expect_refused(with("X : a\r\n"), 400);
  expect_refused(with("no colon\r\n"), 400);
  expect_refused(with(nul), 400);
  expect_refused("GET / HTTP/1.1\nHost: a\n\n", 400);
  expect_refused("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400);
  expect_refused("GET / HT\r\nHost: a\r\n\r\n", 400);
  expect_refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
  expect_refused(with("X: " + std::string(17'000, 'x') + "\r\n"), 431);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X: y\r\n";
  expect_refused(with(many), 431);
  expect_refused(with("Expect: tea\r\n"), 417);
  EXPECT_EQ(server_->counters().bad_requests, 11U);
}

TEST_F(Framing, PassesLegalButUnusualHeadersToTheHandler) {
  for (const char* field : {"Accept: text/html,", "Accept: text/html, image/gif, *; q=.2, */*; q=.2", "Cookie: theme",
                            "Cache-Control: stale-if-error", "Content-Type: x", "Transfer-Encoding: chunked"}) {
    EXPECT_EQ(good_.ask(with(std::string(field) + "\r\n", field[0] == 'T' ? "0\r\n\r\n" : "")).body, "POST /\n")
        << field;
  }
  EXPECT_EQ(good_.ask("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n").status, 200);
}

TEST_F(Framing, DecodesChunksHoweverTheyAreCut) {
  const std::string request =
      with("Transfer-Encoding: chunked\r\n", "5;x=y\r\nhello\r\n6\r\n\r\nworl\r\n0\r\nTrailer: t\r\n\r\n");
  const std::size_t body = request.find("5;x");
  for (std::size_t cut = body; cut < request.size(); ++cut) {
    RawClient client(server_->port());
    client.send(request.substr(0, cut));
    // The server has read the first part when it has answered another client behind it, or nearly always.
    EXPECT_EQ(good_.ask(get("/between")).status, 200);
    client.send(request.substr(cut));
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.body, "POST /\nhello\r\nworl") << cut;
  }
}

TEST_F(Framing, TakesAHeadByteByByte) {
  const std::string request = post("/drip", "drop");
  for (const char c : request) ASSERT_TRUE(good_.send(std::string_view(&c, 1)));
  EXPECT_EQ(good_.read_answer().body, "POST /drip\ndrop");
}

TEST_F(Framing, AnswersAllPipelinedRequestsBeforeTheBadOne) {
  RawClient client(server_->port());
  std::string bytes;
  for (int i = 0; i < 200; ++i) bytes += post("/" + std::to_string(i), std::to_string(i));
  client.send(bytes + "nonsense\r\n\r\n" + get("/smuggled"));
  for (int i = 0; i < 200; ++i) {
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.body, "POST /" + std::to_string(i) + "\n" + std::to_string(i));
  }
  EXPECT_EQ(client.read_answer().status, 400);
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(Framing, ClosesWhenAskedTo) {
  RawClient client(server_->port());
  const Answer answer = client.ask(get("/", "Connection: close\r\n") + get("/late"));
  EXPECT_EQ(answer.body, "GET /\n");
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_TRUE(client.is_closed_by_server());
}

TEST_F(Framing, SpeaksHttp10) {
  RawClient leaves(server_->port());
  const Answer last = leaves.ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(last.body, "GET /\n");
  EXPECT_EQ(last.field("Connection"), "close");
  EXPECT_TRUE(leaves.is_closed_by_server());
  RawClient stays(server_->port());
  for (int i = 0; i < 2; ++i) {
    const Answer answer = stays.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(answer.body, "GET /\n");
    EXPECT_EQ(answer.field("Connection"), "keep-alive");
  }
}

TEST_F(Framing, GivesNoBodyToHead) {
  const Answer head = good_.ask("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Content-Length"), "8");
  EXPECT_EQ(good_.ask(get("/next")).body, "GET /next\n");
}

TEST_F(Framing, SaysContinueBeforeTheBody) {
  RawClient client(server_->port());
  EXPECT_EQ(client.ask(with("Expect: 100-continue\r\nContent-Length: 5\r\n")).status, 100);
  EXPECT_EQ(client.ask("hello").body, "POST /\nhello");
  // Whose body comes along has not waited.
  EXPECT_EQ(client.ask(with("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello")).status, 200);
  // Whose body is refused must not be told to send it.
  EXPECT_EQ(client.ask(with("Expect: 100-continue\r\nContent-Length: 500000\r\n")).status, 413);
}

TEST_F(Framing, SaysContinueInItsTurn) {
  std::vector<Responder> held;
  std::mutex mutex;
  EchoServer server({}, [&](Request request, Responder responder) {
    if (request.target != "/held") return responder.respond(EchoServer::echo(request));
    const std::lock_guard lock(mutex);
    held.push_back(std::move(responder));
  });
  RawClient client(server->port());
  client.send(get("/held") + with("Expect: 100-continue\r\nContent-Length: 5\r\n"));
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return held.size() == 1;
  }));
  Response first;
  first.body = "first";
  held.front().respond(first);
  EXPECT_EQ(client.read_answer().body, "first");
  EXPECT_EQ(client.read_answer().status, 100);
  EXPECT_EQ(client.ask("hello").body, "POST /\nhello");
}

TEST_F(Framing, ReducesAnAbsoluteTarget) {
  EXPECT_EQ(good_.ask("GET http://b/x?y HTTP/1.1\r\nHost: a\r\n\r\n").body, "GET /x?y\n");
  EXPECT_EQ(good_.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").body, "OPTIONS *\n");
}

TEST_F(Framing, CarriesBinaryBodies) {
  std::string bytes(256, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i);
  EXPECT_EQ(good_.ask(post("/", bytes)).body, "POST /\n" + bytes);
}

TEST_F(Framing, AnswersATlsHandshakeAtOnce) {
  RawClient client(server_->port());
  client.send(std::string("\x16\x03\x01\x02\x00\x01\x00", 7));
  EXPECT_EQ(client.read_answer().status, 400);
}

}  // namespace
}  // namespace modhost::http::test
