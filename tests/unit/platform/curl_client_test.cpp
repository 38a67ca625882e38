// Calls that go well, and what the wire looks like.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "client_fixture.hpp"

namespace modhost::platform::test {
namespace {

TEST_F(CurlClientTest, DeliversHeadBodyAndEndOnce) {
  ScriptedServer server;
  server.enqueue({.status = 201, .body = "hello", .headers = {{"Request-Id", "r1"}, {"X-Empty", ""}}});
  const auto [outcome, recorder] = call(request("POST", server.url("/messages?a=b"), "{\"text\":1}"));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(recorder->heads(), 1);
  EXPECT_EQ(recorder->done(), 1);
  EXPECT_EQ(recorder->response().status, 201);
  EXPECT_EQ(recorder->response().body, "hello");
  const HeaderList headers = recorder->response().headers;
  EXPECT_EQ(headers.front(), (std::pair<std::string, std::string>("Request-Id", "r1")));
  EXPECT_EQ(headers.at(1), (std::pair<std::string, std::string>("X-Empty", "")));
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/messages?a=b");
  EXPECT_EQ(seen.body, "{\"text\":1}");
}

TEST_F(CurlClientTest, SendsExactlyTheGivenHeaders) {
  ScriptedServer server;
  HttpRequest post = request("POST", server.url("/x"), "{}");
  post.headers = {{"X-One", "1"}, {"X-None", ""}, {"Content-Type", "application/json"}};
  ASSERT_TRUE(call(post).first);
  ASSERT_TRUE(call(request("PUT", server.url("/x"))).first);
  const auto seen = server.requests();
  EXPECT_EQ(seen.at(0).header("x-one"), "1");
  EXPECT_EQ(seen.at(0).header("content-type"), "application/json");
  EXPECT_EQ(seen.at(0).headers.size(), 6u);  // Host, Accept, X-One, X-None, Content-Type, Content-Length
  EXPECT_EQ(seen.at(1).header("content-type"), "");
  EXPECT_EQ(seen.at(1).header("content-length"), "0");
  EXPECT_EQ(seen.at(1).header("expect"), "");
}

TEST_F(CurlClientTest, SendsEveryMethodOnReusedHandles) {
  ScriptedServer server;
  for (int round = 0; round < 2; ++round)
    for (const std::string method : {"POST", "GET", "PATCH", "HEAD", "DELETE", "PUT"}) {
      const std::string body = method == "GET" || method == "HEAD" || method == "DELETE" ? "" : "{\"m\":1}";
      const auto [outcome, recorder] = call(request(method, server.url("/" + method), body));
      ASSERT_TRUE(outcome) << method << ": " << outcome.error().message;
      EXPECT_EQ(server.requests().back().method, method);
      EXPECT_EQ(server.requests().back().body, body);
      EXPECT_EQ(recorder->response().body, method == "HEAD" ? "" : "{}");
    }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlClientTest, SendsLargeBodiesWithoutWaiting) {
  ScriptedServer server;
  const std::string body(3 * 1024 * 1024, 'x');
  ASSERT_TRUE(call(request("POST", server.url("/x"), body)).first);
  EXPECT_EQ(server.requests().at(0).body, body);
  EXPECT_EQ(server.requests().at(0).header("Expect"), "");
}

TEST_F(CurlClientTest, ReusesConnections) {
  ScriptedServer server;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(call(request(i % 2 ? "GET" : "POST", server.url("/x"), "")).first);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(client_->stats().connections, 1u);
  EXPECT_EQ(client_->stats().calls, 20u);
  EXPECT_EQ(client_->stats().attempts, 20u);
  EXPECT_EQ(client_->stats().in_flight, 0u);
}

TEST_F(CurlClientTest, ConnectionsAreNotInheritedByChildren) {
  ScriptedServer server;
  ASSERT_TRUE(call(request("GET", server.url("/x"))).first);
  int found = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || ntohs(peer.sin_port) != server.port())
      continue;
    ++found;
    EXPECT_EQ(::fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  }
  EXPECT_EQ(found, 1);
}

TEST_F(CurlClientTest, ReadsChunkedAndUnboundedAnswers) {
  ScriptedServer server;
  const std::string body(100'000, 'y');
  for (const Way way : {Way::kChunked, Way::kUntilClose}) {
    server.enqueue({.body = body, .way = way});
    const auto [outcome, recorder] = call(request("GET", server.url("/x")));
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(recorder->response().body, body);
  }
}

TEST_F(CurlClientTest, SkipsInformationalAnswersAndTrailers) {
  ScriptedServer server;
  server.enqueue({.body = "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
                          "HTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "2\r\n{}\r\n0\r\nX-Trailer: t\r\n\r\n",
                  .way = Way::kRaw});
  const auto [outcome, recorder] = call(request("GET", server.url("/x")));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(recorder->heads(), 1);
  EXPECT_EQ(recorder->response().body, "{}");
  EXPECT_EQ(recorder->response().headers, (HeaderList{{"X-Folded", "one two"}, {"Transfer-Encoding", "chunked"}}));
}

TEST_F(CurlClientTest, FollowsNoRedirect) {
  ScriptedServer server;
  server.enqueue({.status = 302, .body = "", .headers = {{"Location", "/elsewhere"}}});
  const auto [outcome, recorder] = call(request("GET", server.url("/x")));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(recorder->response().status, 302);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(CurlClientTest, SendsPathsAsTheyAre) {
  ScriptedServer server;
  ASSERT_TRUE(call(request("GET", server.url("/a/%2e%2e/b?x[0]=1&y=%20"))).first);
  EXPECT_EQ(server.requests().at(0).target, "/a/%2e%2e/b?x[0]=1&y=%20");
}

TEST_F(CurlClientTest, CollectHandsOverTheWholeAnswer) {
  ScriptedServer server;
  server.enqueue({.status = 404, .body = "{\"error\":\"x\"}"});
  auto recorder = std::make_shared<Recorder>();
  ASSERT_TRUE(client_->start(request("GET", server.url("/x")), collect([recorder](Result<HttpResponse> response) {
                               ASSERT_TRUE(response);
                               EXPECT_EQ(response->status, 404);
                               EXPECT_EQ(response->body, "{\"error\":\"x\"}");
                               recorder->on_done({});
                             })));
  EXPECT_TRUE(recorder->wait());
}

TEST_F(CurlClientTest, RefusesWhatCanNotBeSent) {
  const auto refused = [&](HttpRequest what) {
    auto recorder = std::make_shared<Recorder>();
    const auto id = client_->start(std::move(what), recorder);
    return !id && id.error().code == Code::kInvalid;
  };
  for (const std::string url : {"", "ftp://x/", "127.0.0.1/x", "http://127.0.0.1/a b", "http://127.0.0.1/a\r\nX: y",
                                "http://user:word@127.0.0.1/", "http://127.0.0.1/\xc3\xbc"})
    EXPECT_TRUE(refused(request("GET", url))) << url;
  EXPECT_TRUE(refused(request("GET", "http://127.0.0.1/" + std::string(70'000, 'a'))));
  EXPECT_TRUE(refused(request("G ET", "http://127.0.0.1/")));
  for (const auto& [name, value] : HeaderList{{"X y", "1"},
                                              {"X", "a\r\nY: 1"},
                                              {"Content-Length", "3"},
                                              {"transfer-encoding", "chunked"},
                                              {"", "x"},
                                              {"Expect", "100-continue"}}) {
    HttpRequest bad = request("GET", "http://127.0.0.1/");
    bad.headers = {{name, value}};
    EXPECT_TRUE(refused(bad)) << name;
  }
  EXPECT_EQ(client_->stats().calls, 0u);
}

TEST_F(CurlClientTest, WaitsForAFreeConnection) {
  open({.http = {.connections = 2}});
  ScriptedServer server;
  std::vector<std::shared_ptr<Recorder>> recorders;
  for (int i = 0; i < 50; ++i) recorders.push_back(start(request("GET", server.url("/" + std::to_string(i)))).second);
  for (const auto& recorder : recorders) ASSERT_TRUE(recorder->wait());
  EXPECT_LE(server.connections(), 2);
  EXPECT_EQ(server.requests().size(), 50u);
}

TEST_F(CurlClientTest, ThousandsOfSlowCallsToOneOriginRunAtOnce) {
  constexpr std::size_t kCalls = 1200;   // more than one multi handle takes
  constexpr rlim_t kDescriptors = 3000;  // both ends of each connection
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_max < kDescriptors) GTEST_SKIP() << "the hard limit of open files is " << limit.rlim_max;
  limit.rlim_cur = std::max(limit.rlim_cur, kDescriptors);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  open();
  std::mutex mutex;
  std::condition_variable all_here;
  std::size_t here = 0;
  ScriptedServer server([&](const ScriptedRequest& asked) {
    std::unique_lock lock(mutex);
    if (++here == kCalls) all_here.notify_all();
    all_here.wait_for(lock, std::chrono::seconds(20), [&] { return here >= kCalls; });
    return ScriptedAnswer{.body = asked.target};
  });
  std::vector<std::shared_ptr<Recorder>> recorders;
  for (std::size_t i = 0; i < kCalls; ++i)
    recorders.push_back(start(request("POST", server.url("/" + std::to_string(i)))).second);
  for (std::size_t i = 0; i < kCalls; ++i) {
    ASSERT_TRUE(recorders[i]->wait()) << i;
    EXPECT_EQ(recorders[i]->response().body, "/" + std::to_string(i));
  }
  EXPECT_EQ(here, kCalls);
}

TEST_F(CurlClientTest, BoundsTheCallsInFlight) {
  open({.calls_max = 3});
  ScriptedServer server([](const ScriptedRequest&) { return ScriptedAnswer{.way = Way::kNever}; });
  for (int i = 0; i < 3; ++i) start(request("GET", server.url("/x")));
  const auto fourth = client_->start(request("GET", server.url("/x")), std::make_shared<Recorder>());
  ASSERT_FALSE(fourth);
  EXPECT_EQ(fourth.error().code, Code::kFull);
}

}  // namespace
}  // namespace modhost::platform::test
