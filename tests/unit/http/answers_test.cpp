// Answers: who gives them, when, from where, and what becomes of those that nobody waits for.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "unit/http/echo_server.hpp"
#include "unit/http/raw_client.hpp"

namespace modhost::http::test {
namespace {

TEST(Answers, LeaveInTheOrderOfTheRequests) {
  HoldingServer server;
  RawClient client(server.port());
  client.send(get("/1") + get("/2") + get("/3") + get("/4"));
  ASSERT_TRUE(server.wait_for(4));
  server.answer(3, "four");
  server.answer(1, "two");
  server.answer(0, "one");
  EXPECT_EQ(client.read_answer().body, "one");
  EXPECT_EQ(client.read_answer().body, "two");
  server.answer(0, "three", true);
  EXPECT_EQ(client.read_answer().body, "three");
  EXPECT_TRUE(client.is_closed_by_server());  // the answer before asked for it: the fourth has no place
}

TEST(Answers, UnansweredIs503) {
  HoldingServer server;
  RawClient client(server.port());
  client.send(get("/"));
  ASSERT_TRUE(server.wait_for(1));
  { const auto dropped = server.take(0); }
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("Retry-After"), "1");
  EXPECT_EQ(answer.field("Connection"), "");
}

TEST(Answers, AssigningOverAPendingResponderAnswersIt) {
  HoldingServer server;
  RawClient client(server.port());
  client.send(get("/1") + get("/2"));
  ASSERT_TRUE(server.wait_for(2));
  Responder responder = server.take(0).second;
  responder = server.take(0).second;
  EXPECT_EQ(client.read_answer().status, 503);
  EXPECT_TRUE(responder.is_pending());
  responder.respond({});
  EXPECT_FALSE(responder.is_pending());
  responder.respond({});  // once is enough: the second does nothing
  EXPECT_EQ(client.read_answer().status, 200);
}

TEST(Answers, AHandlersExceptionIs503WithoutItsText) {
  EchoServer server({}, [](Request request, const Responder&) {
    if (request.target == "/int") throw 5;  // NOLINT(hicpp-exception-baseclass): what a stranger may throw
    throw std::runtime_error("inner secret");
  });
  RawClient client(server->port());
  for (const char* path : {"/text", "/int"}) {
    const Answer answer = client.ask(get(path));
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  }
}

TEST(Answers, HeadCheckRejectsBeforeTheBody) {
  EchoServer server({}, EchoServer::From::kHttpThread, [](const Request& head) {
    HeadVerdict verdict;
    if (head.path() == "/none") verdict.reject = refusal(404);
    if (head.path() == "/small") verdict.body_bytes_max = 3;
    if (head.path() == "/throws") throw std::runtime_error("x");
    return verdict;
  });
  RawClient client(server->port());
  EXPECT_EQ(client.ask(get("/none")).status, 404);
  EXPECT_EQ(client.ask("HEAD /none HTTP/1.1\r\nHost: a\r\n\r\n", true).status, 404);
  EXPECT_EQ(client.ask(post("/small", "abc")).status, 200);
  EXPECT_EQ(client.ask(get("/none") + get("/next")).status, 404);
  EXPECT_EQ(client.read_answer().body, "GET /next\n");
  EXPECT_EQ(client.ask(get("/throws")).status, 503);
  EXPECT_EQ(client.ask(post("/small", "abcd")).status, 413);
  RawClient waits(server->port());
  EXPECT_EQ(waits.ask("POST /none HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n").status,
            404);
  EXPECT_TRUE(waits.is_closed_by_server());
}

TEST(Answers, SurviveTheServer) {
  Responder late;
  Responder unanswered;
  {
    HoldingServer server;
    RawClient client(server.port());
    client.send(get("/1") + get("/2"));
    ASSERT_TRUE(server.wait_for(2));
    late = server.take(0).second;
    unanswered = server.take(0).second;
    server->stop();
    EXPECT_TRUE(client.is_closed_by_server());
  }
  late.respond({});
  EXPECT_FALSE(late.is_pending());
}

TEST(Answers, GoNowhereWhenTheClientHasGone) {
  HoldingServer server;
  {
    RawClient client(server.port());
    client.send(get("/1"));
    ASSERT_TRUE(server.wait_for(1));
    client.reset();
  }
  ASSERT_TRUE(eventually([&] { return server->counters().connections_open == 0; }));
  RawClient next(server.port());  // gets the descriptor's number
  next.send(get("/2"));
  ASSERT_TRUE(server.wait_for(2));
  server.answer(0, "not yours");
  server.answer(0, "yours");
  EXPECT_EQ(next.read_answer().body, "yours");
  EXPECT_TRUE(eventually([&] { return server->counters().requests_in_flight == 0; }));
}

TEST(Answers, CarryTheirHeadersButNeverFraming) {
  EchoServer server({}, [](Request, Responder responder) {
    Response response;
    response.status = 405;
    response.headers = {{"Allow", "POST"}, {"Content-Length", "99"},         {"X-Split", "a\r\nInjected: b"},
                        {"Bad Name", "x"}, {"Transfer-Encoding", "chunked"}, {"Connection", "upgrade"}};
    response.content_type = "text/plain\r\nInjected: b";
    response.body = "no";
    responder.respond(response);
  });
  RawClient client(server->port());
  const Answer answer = client.ask(get("/"));
  EXPECT_EQ(answer.head, "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 2\r\nAllow: POST");
}

TEST(Answers, WithoutBodyHaveNoLength) {
  EchoServer server({}, [](Request request, Responder responder) {
    Response response;
    response.status = request.target == "/204" ? 204 : 304;
    response.body = "never sent";
    responder.respond(response);
  });
  RawClient client(server->port());
  EXPECT_EQ(client.ask(get("/204")).head, "HTTP/1.1 204 No Content");
  EXPECT_EQ(client.ask(get("/304")).head, "HTTP/1.1 304 Not Modified");
}

TEST(Answers, StreamInChunks) {
  HoldingServer server;
  RawClient client(server.port());
  client.send(get("/stream") + get("/next"));
  ASSERT_TRUE(server.wait_for(2));
  Responder stream = server.take(0).second;
  server.answer(0, "after");
  Response head;
  head.content_type = "text/event-stream";
  head.body = "data: 0\n\n";
  stream.begin_stream(head);
  EXPECT_TRUE(stream.write("data: 1\n\n"));
  EXPECT_TRUE(stream.write(""));  // is no end
  EXPECT_TRUE(stream.write("data: 2\n\n"));
  stream.end_stream();
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.field("Content-Type"), "text/event-stream");
  EXPECT_EQ(answer.body, "data: 0\n\ndata: 1\n\ndata: 2\n\n");
  EXPECT_EQ(client.read_answer().body, "after");
}

TEST(Answers, StreamBehindAnAwaitedAnswer) {
  HoldingServer server;
  RawClient client(server.port());
  client.send(get("/1") + get("/stream"));
  ASSERT_TRUE(server.wait_for(2));
  Responder stream = server.take(1).second;
  stream.begin_stream({});
  EXPECT_TRUE(stream.write("early"));
  server.answer(0, "one");
  EXPECT_TRUE(stream.write(", late"));
  { const Responder ended = std::move(stream); }
  EXPECT_EQ(client.read_answer().body, "one");
  EXPECT_EQ(client.read_answer().body, "early, late");
}

TEST(Answers, StreamToHttp10UntilTheEnd) {
  HoldingServer server;
  RawClient client(server.port());
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  ASSERT_TRUE(server.wait_for(1));
  Responder stream = server.take(0).second;
  stream.begin_stream({});
  EXPECT_TRUE(stream.write("text"));
  stream.end_stream();
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_EQ(answer.body, "text");
}

TEST(Answers, AStreamKnowsThatItsReaderHasGone) {
  HoldingServer server;
  RawClient client(server.port());
  client.send(get("/"));
  ASSERT_TRUE(server.wait_for(1));
  Responder stream = server.take(0).second;
  stream.begin_stream({});
  client.reset();
  EXPECT_TRUE(eventually([&] { return !stream.write("x"); }));
}

TEST(Answers, AStreamNobodyReadsIsCutOffAndBounded) {
  HoldingServer server;
  RawClient client(server.port());
  client.shrink_receive_buffer();
  client.send(get("/"));
  ASSERT_TRUE(server.wait_for(1));
  Responder stream = server.take(0).second;
  stream.begin_stream({});
  const std::string chunk(64 * 1024, 'x');
  std::size_t written = 0;
  while (stream.write(chunk) && written < 64 * limits::kUnsentBytesMax) written += chunk.size();
  EXPECT_LT(written, 4 * limits::kUnsentBytesMax);  // what the kernel holds comes on top
  EXPECT_TRUE(eventually([&] { return server->counters().connections_open == 0; }));
}

TEST(Answers, OfAnySizeArriveAtASlowReader) {
  const std::string large(3 * limits::kUnsentBytesMax, 'x');
  EchoServer server({}, [&large](Request, Responder responder) {
    Response response;
    response.body = large;
    responder.respond(response);
  });
  RawClient client(server->port());
  client.send(get("/1") + get("/2"));
  EXPECT_EQ(client.read_answer().body.size(), large.size());
  EXPECT_EQ(client.read_answer().body, large);
}

TEST(Answers, ManyThreadsAtOnceEachToItsOwn) {
  std::vector<std::unique_ptr<Answerer>> answerers;
  for (int i = 0; i < 3; ++i) answerers.push_back(std::make_unique<Answerer>());
  std::atomic<std::size_t> next{0};
  EchoServer server({}, [&](Request request, Responder responder) {
    auto pair = std::make_shared<std::pair<Request, Responder>>(std::move(request), std::move(responder));
    answerers[next++ % answerers.size()]->post([pair] { pair->second.respond(EchoServer::echo(pair->first)); });
  });
  std::vector<std::thread> clients;
  std::atomic<int> right{0};
  for (int c = 0; c < 4; ++c) {
    clients.emplace_back([&, c] {
      RawClient client(server->port());
      for (int round = 0; round < 20; ++round) {
        std::string requests;
        for (int i = 0; i < 10; ++i) requests += post("/" + std::to_string(c), std::to_string(round * 10 + i));
        client.send(requests);
        for (int i = 0; i < 10; ++i) {
          const Answer answer = client.read_answer();
          const std::string expected = "POST /" + std::to_string(c) + "\n" + std::to_string(round * 10 + i);
          right += answer.body == expected ? 1 : 0;
        }
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(right, 4 * 200);
}

}  // namespace
}  // namespace modhost::http::test
