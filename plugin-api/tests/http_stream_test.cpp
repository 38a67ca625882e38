// Answers taken piece by piece, against the fake host.
#include <modhost/sdk/sse_stream.hpp>
#include <modhost/sdk/when_all.hpp>

#include "sdk_support.hpp"

namespace {

using namespace sdk_test;

HttpRequest to(std::string target) {
  HttpRequest request;
  request.target = std::move(target);
  return request;
}

// Reads /x to its end and logs what came: the status, then each piece.
struct Reader {
  Async<Outcome> operator()(Event event) {
    const Guard guard;
    HttpStream stream = event.http().stream(to("/x"));
    const auto head = co_await stream.head();
    if (!head) co_return head.failure();
    event.log().info(std::to_string(head->status) + " " + head->header("content-type"));
    while (auto piece = co_await stream.next()) event.log().info(*piece);
    co_return Outcome();
  }
};

TEST(HttpStream, GivesHeadAndPieces) {
  FakeHost host;
  host.answer(
      "GET", "/x",
      Answer{.status = 404, .headers = "content-type: text/plain\n", .pieces = {"one", "", "two"}, .every = 1h});
  const Ended ended = run(host, Reader{});
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  EXPECT_EQ(logged(host), (Lines{"404 text/plain", "one", "two"}));
}

TEST(HttpStream, GivesWhatHasComeMeanwhileAsOne) {
  FakeHost host;
  host.answer("GET", "/x", Answer{.pieces = {"a", "b", "c"}, .every = 1s});
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    HttpStream stream = event.http().stream(to("/x"));
    const auto first = co_await stream.next();
    co_await event.sleep(1min);
    const auto second = co_await stream.next();
    const auto last = co_await stream.next();
    const auto after = co_await stream.next();
    co_return *first == "a" && *second == "bc" && !last && !after ? Outcome() : failed("other pieces");
  });
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
}

TEST(HttpStream, OneThatIsAwaitedCanNotBeTakenByBlocking) {
  FakeHost host;
  host.answer("GET", "/x", Answer{.pieces = {"a", "b"}, .every = 1s});
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    HttpStream stream = event.http().stream(to("/x"));
    static_cast<void>(co_await stream.next());
    try {
      static_cast<void>(stream.next().get());
    } catch (const Error&) {
      co_return Outcome();
    }
    co_return failed("half an answer was taken for a whole one");
  });
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
}

TEST(HttpStream, HasAnEmptyBodyToo) {
  FakeHost host;
  host.answer("GET", "/x", Answer{.status = 204, .body = ""});
  EXPECT_EQ(run(host, Reader{}).status, MODHOST_OK);
  EXPECT_EQ(logged(host), Lines{"204 "});
}

TEST(HttpStream, NoAnswerFailsTheHeadAndABrokenOneThrows) {
  FakeHost none;
  none.answer("GET", "/x", Answer{.result = MODHOST_E_NETWORK, .detail = "refused"});
  const Ended refused = run(none, Reader{});
  EXPECT_EQ(refused.status, MODHOST_E_RETRY);
  EXPECT_EQ(refused.detail, "GET /x: refused");
  EXPECT_TRUE(logged(none).empty());
  FakeHost broken;
  broken.answer("GET", "/x", Answer{.result = MODHOST_E_NETWORK, .detail = "reset", .pieces = {"half"}});
  const Ended reset = run(broken, Reader{});
  EXPECT_EQ(reset.status, MODHOST_E_RETRY);
  EXPECT_EQ(reset.detail, "GET /x: reset");
  EXPECT_EQ(logged(broken), (Lines{"200 ", "half"})) << "what came is given first";
  EXPECT_EQ(Guard::alive, 0);
}

TEST(HttpStream, WhatTheHostRefusesIsAFailure) {
  FakeHost host;
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    HttpStream stream = event.http().stream(to("https://not.a.platform.path"));
    const auto head = co_await stream.head();
    co_return head ? Outcome() : head.failure();
  });
  EXPECT_EQ(ended.status, MODHOST_E_INVALID);
}

TEST(HttpStream, BlocksWithGet) {
  FakeHost host;
  host.answer("GET", "/x", Answer{.headers = "a: b\n", .pieces = {"one", "two"}});
  host.answer("GET", "/none", Answer{.result = MODHOST_E_TIMEOUT, .detail = "late"});
  const Ended ended = run(host, [](const Event& event) -> Outcome {
    HttpStream stream = event.http().stream(to("/x"));
    if (stream.head().get().value().header("a") != "b") return failed("head");
    if (stream.next().get() != "onetwo" || stream.next().get()) return failed("body");
    HttpStream none = event.http().stream(to("/none"));
    if (none.head().get()) return failed("a head");
    static_cast<void>(none.next().get());
    return failed("a piece");
  });
  EXPECT_EQ(ended.status, MODHOST_E_RETRY);
  EXPECT_EQ(ended.detail, "GET /none: late");
}

// The peer sends 1 MiB while nobody takes: the host is asked to wait, and nothing is lost.
TEST(HttpStream, HoldsThePeerBack) {
  FakeHost host;
  Answer answer;
  for (int i = 0; i < 256; ++i) answer.pieces.emplace_back(4096, static_cast<char>('a' + i % 26));
  host.answer("GET", "/x", answer);
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    HttpStream stream = event.http().stream(to("/x"));
    std::string all;
    std::size_t largest = 0;
    for (;;) {
      co_await event.sleep(1s);  // time passes only when nothing else is left to do: the peer is paused
      const auto piece = co_await stream.next();
      if (!piece) break;
      largest = std::max(largest, piece->size());
      all += *piece;
    }
    for (std::size_t i = 0; i < all.size(); ++i)
      if (all[i] != static_cast<char>('a' + i / 4096 % 26)) co_return failed("another byte at " + std::to_string(i));
    event.log().info(std::to_string(all.size()) + " " + std::to_string(largest));
    co_return Outcome();
  });
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  EXPECT_EQ(logged(host), Lines{"1048576 69632"}) << "64 KiB and a piece";
}

TEST(HttpStream, DroppedCancelsTheCall) {
  FakeHost host;
  host.answer("GET", "/x", Answer{.pieces = {"a", "b"}, .held_at = 1});
  host.answer("GET", "/y", Answer{.is_held = true});
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    {
      HttpStream stream = event.http().stream(to("/x"));
      static_cast<void>(co_await stream.next());
      HttpStream never_asked = event.http().stream(to("/z"));
      stream = event.http().stream(to("/x"));  // the first one goes
      static_cast<void>(co_await stream.head());
    }
    co_await event.sleep(1s);
    co_return Outcome();
  });
  EXPECT_EQ(ended.status, MODHOST_OK);
  EXPECT_EQ(host.calls().size(), 2u);
  EXPECT_EQ(host.unfinished_calls(), 0u);
}

// Held before the head, before each piece, and before the end.
TEST(HttpStream, CancelUnwindsFromEveryAwaitPoint) {
  for (int point = 0; point <= 3; ++point) {
    FakeHost host;
    Answer answer{.pieces = {"a", "b"}, .every = 1h};
    answer.is_held = point == 0;
    if (point > 0) answer.held_at = static_cast<std::size_t>(point - 1);
    host.answer("GET", "/x", answer);
    PluginUnderTest plugin(host, plugin_of(Reader{}));
    const auto running = plugin.begin(FakeEvent::chat("hello"));
    if (point > 0) host.await_logs(1);
    while (host.logs().size() < static_cast<std::size_t>(point)) host.advance(1h);
    plugin.cancel(running, MODHOST_CANCEL_USER);
    EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED) << point;
    EXPECT_EQ(Guard::alive, 0) << point;
    EXPECT_EQ(host.logs().size(), static_cast<std::size_t>(point));
  }
}

TEST(HttpStream, CancelledWhileItSleepsItEndsToo) {
  FakeHost host;
  Answer answer;
  answer.pieces.assign(100, std::string(4096, 'x'));
  host.answer("GET", "/x", answer);
  const auto sleeper = [](Event event) -> Async<Outcome> {
    const Guard guard;
    HttpStream stream = event.http().stream(to("/x"));
    static_cast<void>(co_await stream.head());
    event.log().info("asleep");
    co_await event.sleep(1h);
    co_return Outcome();
  };
  PluginUnderTest plugin(host, plugin_of(sleeper));
  const auto running = plugin.begin(FakeEvent::chat("hello"));
  host.await_logs(1);
  plugin.cancel(running, MODHOST_CANCEL_DEADLINE);
  EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED);
  EXPECT_EQ(Guard::alive, 0);
}

TEST(HttpStream, StopEndsStreamsInEveryState) {
  for (int point = 0; point <= 3; ++point) {
    FakeHost host;
    Answer answer{.pieces = {"a", "b"}, .every = 1h};
    answer.is_held = point == 0;
    if (point > 0) answer.held_at = static_cast<std::size_t>(point - 1);
    host.answer("GET", "/x", answer);
    {
      PluginUnderTest plugin(host, plugin_of(Reader{}));
      for (int i = 0; i < 20; ++i) plugin.begin(FakeEvent::chat("hello"));
    }
    EXPECT_EQ(Guard::alive, 0);
  }
}

TEST(HttpStream, ManyShareAThread) {
  FakeHost host;
  host.answer("GET", "/x", Answer{.pieces = {"a", "b", "c"}, .every = 10ms});
  PluginUnderTest plugin(host, plugin_of(Reader{}));
  std::vector<PluginUnderTest::Running> running;
  for (int i = 0; i < 500; ++i) running.push_back(plugin.begin(FakeEvent::chat("hello")));
  for (const auto& one : running) EXPECT_EQ(plugin.await(one).status, MODHOST_OK);
  EXPECT_EQ(host.logs().size(), 2000u);
  EXPECT_EQ(Guard::alive, 0);
}

TEST(SseStream, GivesEventsAsTheyCome) {
  FakeHost host;
  host.answer("GET", "/x", Answer{.pieces = {"data: 1\n\ndata: ", "2\n", "\ndata: 3\n\ndata: lost\n"}, .every = 1s});
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    SseStream stream(event.http().stream(to("/x")));
    if ((co_await stream.head()).value().status != 200) co_return failed("status");
    while (const auto said = co_await stream.next()) event.log().info(said->data);
    co_return Outcome();
  });
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  EXPECT_EQ(logged(host), (Lines{"1", "2", "3"}));
  FakeHost blocking;
  blocking.answer("GET", "/x", Answer{.body = "data: 1\n\ndata: 2\n\n"});
  const Ended blocked = run(blocking, [](const Event& event) -> Outcome {
    SseStream stream(event.http().stream(to("/x")));
    while (const auto said = stream.get_next()) event.log().info(said->data);
    return {};
  });
  EXPECT_EQ(blocked.status, MODHOST_OK);
  EXPECT_EQ(logged(blocking), (Lines{"1", "2"}));
}

TEST(SseStream, TooLongALineEndsTheEvent) {
  FakeHost host;
  host.answer("GET", "/x", Answer{.pieces = {"data: 0123456789\n\n"}});
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    SseStream stream(event.http().stream(to("/x")), SseParser(8));
    while (co_await stream.next()) {
    }
    co_return Outcome();
  });
  EXPECT_EQ(ended.detail, "an event stream with a line of more than 8 bytes");
}

}  // namespace
