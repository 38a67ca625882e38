// An answer that fills the bubble while it is written, on the fake host's clock.
#include <modhost/unique/live_answer.hpp>

#include "sdk_support.hpp"

namespace {

using namespace sdk_test;
using modhost::testing::Call;
using unique::Chunk;
using unique::LiveAnswer;

const std::string kMessage = "/messages/msg_assistant";

// Writes a word every 90 ms, ten of them, then finishes.
struct Writer {
  Async<Outcome> operator()(Event event) {
    LiveAnswer answer(event);
    for (int i = 0; i < 10; ++i) {
      answer.write("w" + std::to_string(i) + " ");
      co_await event.sleep(90ms);
    }
    event.log().info("written");
    const auto finished = co_await answer.finish();
    event.log().info(std::to_string(answer.failures()));
    co_return finished;
  }
};

std::vector<Call> snapshots(const FakeHost& host) {
  std::vector<Call> all;
  for (const Call& call : host.calls())
    if (call.method == "POST" && call.target == kMessage + "/event") all.push_back(call);
  return all;
}

TEST(LiveAnswer, ShowsTheFirstTextAtOnceAndThenFourTimesASecond) {
  FakeHost host;
  const Ended ended = run(host, Writer{});
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  const auto calls = host.calls();
  EXPECT_EQ(calls.at(0).method, "PATCH");
  EXPECT_EQ(calls.at(0).target, kMessage);
  const auto started = calls.at(0).json();
  EXPECT_EQ(started["chatId"].text(), "chat_1");
  EXPECT_EQ(started["startedStreamingAt"].text().size(), std::string("2025-10-09T08:53:20.000Z").size());
  EXPECT_EQ(started["references"].dump(), "[]");
  const auto shown = snapshots(host);
  ASSERT_EQ(shown.size(), 4u);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    EXPECT_EQ(shown[i].time, 250ms * static_cast<int>(i));
    const std::string whole = "w0 w1 w2 w3 w4 w5 w6 w7 w8 ";
    const std::size_t words = std::array<std::size_t, 4>{1, 3, 6, 9}.at(i);
    EXPECT_EQ(shown[i].json()["text"].text(), whole.substr(0, 3 * words));
    EXPECT_EQ(shown[i].json()["chatId"].text(), "chat_1");
  }
  const auto& last = calls.back();
  EXPECT_EQ(last.method, "PATCH");
  EXPECT_EQ(last.time, 900ms);
  const auto stored = last.json();
  EXPECT_EQ(stored["text"].text(), "w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 ");
  EXPECT_EQ(stored["originalText"].text(), stored["text"].text());
  EXPECT_TRUE(stored["completedAt"]);
  EXPECT_EQ(stored["stoppedStreamingAt"].text(), stored["completedAt"].text());
  EXPECT_EQ(calls.size(), 6u);
}

TEST(LiveAnswer, NeverHasTwoSnapshotsOnTheirWay) {
  FakeHost host;
  host.answer("POST", kMessage, Answer{.is_held = true});
  host.answer("POST", kMessage, Answer{});
  PluginUnderTest plugin(host, plugin_of(Writer{}));
  const auto running = plugin.begin(FakeEvent::chat("hello"));
  host.await_calls(2);
  // All ten words are written meanwhile; finish() waits for the one on its way.
  while (host.logs().empty()) host.advance(100ms);
  EXPECT_EQ(host.calls().size(), 2u);
  host.release();
  EXPECT_EQ(plugin.await(running).status, MODHOST_OK);
  EXPECT_LE(snapshots(host).size(), 2u);
  EXPECT_EQ(host.calls().back().json()["text"].text(), "w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 ");
}

TEST(LiveAnswer, TheLatestTextWins) {
  FakeHost host;
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    LiveAnswer answer(event, {.interval = 10s});
    for (int i = 0; i < 100; ++i) answer.write("x");
    co_await event.sleep(1s);
    for (int i = 0; i < 100; ++i) answer.write("y");
    co_await event.sleep(1min);
    co_await event.sleep(1min);  // nothing new: nothing is shown again
    co_return co_await answer.finish();
  });
  EXPECT_EQ(ended.status, MODHOST_OK);
  const auto shown = snapshots(host);
  ASSERT_EQ(shown.size(), 2u);
  EXPECT_EQ(shown[1].time, 10s);
  EXPECT_EQ(shown[1].json()["text"].text(), std::string(100, 'x') + std::string(100, 'y'));
}

TEST(LiveAnswer, CountsWhatDoesNotArriveAndGoesOn) {
  FakeHost host;
  host.answer("PATCH", kMessage, Answer{.status = 500});
  host.answer("PATCH", kMessage, Answer{});
  host.answer("POST", kMessage, Answer{.result = MODHOST_E_NETWORK});
  host.answer("POST", kMessage, Answer{.status = 404});
  host.answer("POST", kMessage, Answer{});
  const Ended ended = run(host, Writer{});
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  EXPECT_EQ(host.logs().at(1).message, "3");
  EXPECT_EQ(snapshots(host).size(), 4u);
}

TEST(LiveAnswer, FailsWhenItCannotBeStored) {
  FakeHost host;
  host.answer("PATCH", kMessage, Answer{});
  host.answer("PATCH", kMessage, Answer{.status = 503, .body = R"({"error":{"message":"try later"}})"});
  const Ended ended = run(host, Writer{});
  EXPECT_EQ(ended.status, MODHOST_E_RETRY);
  EXPECT_EQ(ended.detail, "PATCH " + kMessage + ": APIError 503: try later");
}

TEST(LiveAnswer, CarriesTheReferencesThatItCites) {
  FakeHost host;
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    const JsonDocument found =
        JsonDocument::parse(R"({"id": "cont_a", "chunkId": "chunk_1", "title": "lease.pdf"})").value();
    const std::vector<Chunk> chunks = {Chunk::read({found, found.root()})};
    LiveAnswer answer(event, {.sources = chunks, .message_id = "msg_other", .is_last = false});
    answer.write("Six months [sour");
    co_await event.sleep(1s);
    answer.write("ce0]. More");
    co_await event.sleep(1s);
    co_return co_await answer.finish();
  });
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_EQ(calls[1].target, "/messages/msg_other/event");
  EXPECT_EQ(calls[1].json()["text"].text(), "Six months ");
  EXPECT_EQ(calls[1].json()["references"].dump(), "[]");
  const std::string reference =
      R"([{"name":"lease.pdf","url":"unique://content/cont_a","sequenceNumber":1,"originalIndex":[0],)"
      R"("sourceId":"cont_a_chunk_1","source":"node-ingestion-chunks"}])";
  for (const Call& call : {calls[2], calls[3]}) {
    EXPECT_EQ(call.json()["text"].text(), "Six months <sup>1</sup>. More");
    EXPECT_EQ(call.json()["originalText"].text(), "Six months [source0]. More");
    EXPECT_EQ(call.json()["references"].dump(), reference);
  }
  EXPECT_FALSE(calls[3].json()["completedAt"]) << "the turn goes on";
  EXPECT_TRUE(calls[3].json()["stoppedStreamingAt"]);
}

TEST(LiveAnswer, WithoutTextOnlyEndsTheTurn) {
  FakeHost host;
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    LiveAnswer answer(event);
    answer.write("");
    co_return co_await answer.finish();
  });
  EXPECT_EQ(ended.status, MODHOST_OK);
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_TRUE(calls[0].json()["completedAt"]);
  EXPECT_FALSE(calls[0].json()["text"]);
  EXPECT_FALSE(calls[0].json()["stoppedStreamingAt"]);
}

// Held at the start, at a snapshot, and at the final call: whatever is awaited unwinds, and nothing is shown after it.
TEST(LiveAnswer, CancelUnwindsFromEveryAwaitPoint) {
  for (int point = 0; point < 3; ++point) {
    FakeHost host;
    host.answer("PATCH", kMessage, Answer{.is_held = point == 0});
    host.answer("PATCH", kMessage, Answer{.is_held = point == 2});
    host.answer("POST", kMessage, Answer{.is_held = point == 1});
    PluginUnderTest plugin(host, plugin_of(Writer{}));
    const auto running = plugin.begin(FakeEvent::chat("hello"));
    const std::size_t reached = static_cast<std::size_t>(point) + 1;
    const auto is_there = [&] {
      const auto calls = host.calls();
      return point == 2 ? calls.size() > 2 && calls.back().method == "PATCH" : calls.size() == reached;
    };
    while (!is_there()) host.advance(100ms);
    const std::size_t calls = host.calls().size();
    plugin.cancel(running, MODHOST_CANCEL_USER);
    EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED) << point;
    EXPECT_EQ(host.calls().size(), calls) << point;
  }
}

TEST(LiveAnswer, CancelWhileNothingIsOnItsWay) {
  FakeHost host;
  const auto idle = [](Event event) -> Async<Outcome> {
    LiveAnswer answer(event);
    answer.write("x");
    co_await event.sleep(1h);
    co_return Outcome();
  };
  PluginUnderTest plugin(host, plugin_of(idle));
  const auto running = plugin.begin(FakeEvent::chat("hello"));
  host.await_calls(2);
  plugin.cancel(running, MODHOST_CANCEL_DEADLINE);
  EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED);
}

// Dropped unfinished by an exception: the event ends, and the coroutine that shows ends by itself.
TEST(LiveAnswer, DroppedItStoresNothing) {
  FakeHost host;
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    LiveAnswer answer(event);
    answer.write("x");
    co_await event.sleep(300ms);
    answer.write("y");
    throw std::runtime_error("the model is gone");
  });
  EXPECT_EQ(ended.detail, "the model is gone");
  for (const Call& call : host.calls()) EXPECT_FALSE(call.json()["completedAt"]);
}

TEST(LiveAnswer, StopEndsItInEveryState) {
  for (int held = 0; held < 3; ++held) {
    FakeHost host;
    host.answer(held == 0 ? "PATCH" : "POST", kMessage, Answer{.is_held = held < 2});
    {
      PluginUnderTest plugin(host, plugin_of(Writer{}));
      for (int i = 0; i < 20; ++i) plugin.begin(FakeEvent::chat("hello"));
      host.await_calls(20);
    }
    EXPECT_EQ(host.unfinished_calls(), 0u);
  }
}

}  // namespace
