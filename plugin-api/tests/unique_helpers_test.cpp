// What is made around the calls: texts in parts, context and citations, filters, steps.
#include <modhost/unique/context.hpp>
#include <modhost/unique/message.hpp>
#include <modhost/unique/ql.hpp>
#include <modhost/unique/split_text.hpp>
#include <modhost/unique/step.hpp>

#include "unique_support.hpp"

namespace {

using namespace modhost::unique;
using namespace unique_test;
using Parts = std::vector<std::string_view>;

TEST(SplitText, PrefersTheEndsOfParagraphsLinesSentencesAndWords) {
  EXPECT_EQ(split_text("", 10), Parts{});
  EXPECT_EQ(split_text("short", 10), Parts{"short"});
  EXPECT_EQ(split_text("one two\n\nthree four", 14), (Parts{"one two\n\n", "three four"}));
  EXPECT_EQ(split_text("one two\nthree four", 14), (Parts{"one two\n", "three four"}));
  EXPECT_EQ(split_text("It is. So be it", 10), (Parts{"It is. ", "So be it"}));
  EXPECT_EQ(split_text("one two three", 9), (Parts{"one two ", "three"}));
  EXPECT_EQ(split_text("a\n\nbcdefgh ijk", 11), (Parts{"a\n\nbcdefgh ", "ijk"})) << "a tiny paragraph is no good end";
  EXPECT_EQ(split_text("a bcdefghijkl", 11), (Parts{"a ", "bcdefghijkl"})) << "better than within a word";
  EXPECT_EQ(split_text("abcdef", 4), (Parts{"abcd", "ef"}));
}

TEST(SplitText, NeverCutsACharacter) {
  EXPECT_EQ(split_text("äöü", 2), (Parts{"äö", "ü"}));
  EXPECT_EQ(count_characters("ä😀"), 3u) << "what JavaScript counts as two is two";
  EXPECT_EQ(split_text("😀😀😀", 4), (Parts{"😀😀", "😀"}));
  EXPECT_EQ(split_text("😀😀", 3), (Parts{"😀", "😀"}));
  EXPECT_EQ(split_text("😀a", 1), (Parts{"😀", "a"})) << "some progress, whatever the limit";
  EXPECT_EQ(split_text("ab", 0), (Parts{"a", "b"}));
  EXPECT_EQ(split_text("\xC3", 1), (Parts{"\xC3"})) << "half a character is one";
  EXPECT_EQ(count_characters("\xF0\x9F\x98\xC3\xA4\xFF"), 5u);
}

TEST(SplitText, LosesNothingAndKeepsTheLimit) {
  std::string text;
  for (unsigned i = 0; i < 4000; ++i) {
    const unsigned kind = i * 2654435761u >> 28;
    text += kind < 2 ? "\n" : kind < 3 ? "\n\n" : kind < 6 ? " " : kind < 8 ? "é" : kind < 9 ? "😀" : "w";
  }
  for (const std::size_t limit : {2u, 3u, 7u, 100u, 999u}) {
    std::string whole;
    for (const std::string_view part : split_text(text, limit)) {
      ASSERT_LE(count_characters(part), limit);
      ASSERT_FALSE(part.empty());
      whole += part;
    }
    EXPECT_EQ(whole, text);
  }
}

Chunk chunk(std::string title, std::string text, std::int64_t first = -1, std::int64_t last = -1) {
  Chunk made;
  made.id = "cont_" + title;
  made.chunk_id = "chunk_" + text;
  made.title = std::move(title);
  made.text = std::move(text);
  made.start_page = first;
  made.end_page = last;
  return made;
}

TEST(Context, NamesAndNumbersTheHits) {
  const std::vector<Chunk> chunks = {chunk("a.pdf", "alpha", 4, 5), chunk("b.txt", "beta"),
                                     chunk("c : 7", "gamma", 7, 7)};
  const Context all = join_chunks(chunks, 1000);
  EXPECT_EQ(all.text, "[source0] a.pdf : 4,5\nalpha\n---\n[source1] b.txt\nbeta\n---\n[source2] c : 7\ngamma");
  EXPECT_EQ(all.used, 3u);
  EXPECT_EQ(join_chunks(chunks, count_characters(all.text)).used, 3u);
  const Context two = join_chunks(chunks, count_characters(all.text) - 1);
  EXPECT_EQ(two.text, "[source0] a.pdf : 4,5\nalpha\n---\n[source1] b.txt\nbeta");
  EXPECT_EQ(join_chunks(chunks, 24).text, "[source0] a.pdf : 4,5\n")
      << "the beginning of the first, when it alone is too long";
  EXPECT_EQ(join_chunks(chunks, 0).used, 0u);
  EXPECT_EQ(join_chunks({}, 100).text, "");
  EXPECT_EQ(source_name_with_pages(chunk("x", "", 3, 1'000'000'000)), "x : 3");
}

std::string wire(const auto& rule) { return rule.text(); }

TEST(Ql, WritesWhatThePlatformReads) {
  const std::string_view two[] = {"a", "b"};
  EXPECT_EQ(wire(ql::equals("country", "CH")), R"({"operator":"equals","path":["country"],"value":"CH"})");
  EXPECT_EQ(wire(ql::equals(ql::Path({"meta", "year"}), 2024)),
            R"({"operator":"equals","path":["meta","year"],"value":2024})");
  EXPECT_EQ(wire(ql::equals("ok", true)), R"({"operator":"equals","path":["ok"],"value":true})");
  EXPECT_EQ(wire(ql::in("title", "a", "b")), wire(ql::in("title", two)));
  EXPECT_EQ(wire(ql::in("title", std::vector<std::string>{"a\""})),
            R"({"operator":"in","path":["title"],"value":["a\""]})");
  EXPECT_EQ(wire(ql::overlaps("tags", "x")), R"({"operator":"overlaps","path":["tags"],"value":["x"]})");
  EXPECT_EQ(wire(ql::is_null("a")), R"({"operator":"isNull","path":["a"],"value":null})");
  EXPECT_EQ(wire(!ql::is_empty("a")), R"({"operator":"isNotEmpty","path":["a"],"value":"not_empty"})");
  EXPECT_EQ(wire(ql::in_folder("scope_1")),
            R"({"operator":"contains","path":["folderIdPath"],"value":"uniquepathid://scope_1"})");
  EXPECT_EQ(wire(ql::nested("rows", ql::equals("a", 1))),
            R"({"operator":"nested","path":["rows"],"value":{"and":[{"operator":"equals","path":["a"],"value":1}]}})");
}

TEST(Ql, Composes) {
  const auto a = ql::equals("a", 1), b = ql::less_than("b", 2), c = ql::contains("c", "3");
  EXPECT_EQ(wire(a && b), R"({"and":[)" + a.text() + "," + b.text() + "]}");
  EXPECT_EQ(wire(a && b && c), wire(a && (b && c))) << "parts of one kind are one list";
  EXPECT_EQ(wire((a || b) && c), R"({"and":[{"or":[)" + a.text() + "," + b.text() + "]}," + c.text() + "]}");
  EXPECT_EQ(wire(!(a && b)), wire(!a || !b));
  EXPECT_EQ(wire(!((a || b) && c)), wire((!a && !b) || !c));
  EXPECT_EQ(wire(!!((a && b) || c)), wire((a && b) || c));
  EXPECT_EQ(wire(!b), R"({"operator":"greaterThanOrEqual","path":["b"],"value":2})");
  EXPECT_EQ(wire(!ql::at_most("b", 2)), wire(ql::greater_than("b", 2)));
  EXPECT_EQ(wire(!ql::in("t", "x")), R"({"operator":"notIn","path":["t"],"value":["x"]})");
}

TEST(Ql, TakesTheEventsFilterAlong) {
  const JsonDocument filter = JsonDocument::parse(R"({"f":{"path":["x"]},"none":{},"null":null})").value();
  const auto mine = ql::equals("a", 1);
  EXPECT_EQ(wire(ql::given(filter["f"]) && mine), R"({"and":[{"path":["x"]},)" + mine.text() + "]}");
  for (const char* nothing : {"none", "null", "absent"}) {
    EXPECT_EQ(wire(ql::given(filter[nothing]) && mine), mine.text());
    EXPECT_EQ(wire(mine && ql::given(filter[nothing])), mine.text());
    EXPECT_EQ(wire(ql::given(filter[nothing])), "");
  }
  FakeHost host;
  const Outcome ended = run_async(host, [&](Event event) -> Async<Outcome> {
    const auto rule = mine && ql::given(event.payload()["metadataFilter"]);
    co_return co_await Search::search(event, {.search_string = "q", .meta_data_filter = rule});
  });
  EXPECT_TRUE(ended);
  EXPECT_EQ(host.calls()[0].json()["metaDataFilter"].dump(), mine.text());
}
template <class T>
concept Negatable = requires(T rule) {
  !rule;
};
static_assert(Negatable<decltype(ql::equals("a", 1) || ql::in("b", "c"))>);
static_assert(!Negatable<decltype(ql::equals("a", 1) && ql::given(Json()))>, "UniqueQL has no opposite of these");
static_assert(!std::is_convertible_v<ql::Rule<true>, RawJson> && std::is_convertible_v<ql::Rule<true>&, RawJson>);

Answer log_answer() { return Answer{.body = R"({"id":"message_log_1"})"}; }
std::string status_of(const modhost::testing::Call& call) { return call.json()["status"].text(); }

TEST(Step, IsCompletedByItsOwner) {
  FakeHost host;
  host.answer("POST", "/message-log", log_answer());
  const Outcome ended = run_async(host, [](Event event) -> Async<Outcome> {
    auto step = (co_await Step::begin(event, {.text = "**Searching**"})).value();
    (co_await step.update({.text = "**Searching**\nharder"})).value();
    if (!step.is_open()) co_return failed("closed too early");
    (co_await step.complete("**Searched**")).value();
    co_return step.is_open() ? failed("still open") : Outcome();
  });
  EXPECT_TRUE(ended) << ended.failure().detail;
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 3u) << "nothing is sent of a completed step";
  EXPECT_EQ(status_of(calls[0]), "RUNNING");
  EXPECT_EQ(calls[1].target, "/message-log/message_log_1");
  EXPECT_EQ(status_of(calls[1]), "");
  EXPECT_EQ(calls[2].body, R"({"text":"**Searched**","status":"COMPLETED"})");
}

TEST(Step, DroppedOpenBecomesFailed) {
  FakeHost host;
  host.answer("POST", "/message-log", log_answer());
  const Outcome ended = run_async(host, [](Event event) -> Async<Outcome> {
    {
      auto step = (co_await Step::begin(event, {.text = "x"})).value();
      auto moved = std::move(step);
      const bool is_moved = !step.is_open() && moved.is_open();  // NOLINT(bugprone-use-after-move): what is asked
      if (!is_moved) co_return failed("a step has one owner");
    }
    co_await event.sleep(std::chrono::seconds(1));
    co_return Outcome();
  });
  EXPECT_TRUE(ended) << ended.failure().detail;
  ASSERT_EQ(host.calls().size(), 2u);
  EXPECT_EQ(host.calls()[1].method, "PATCH");
  EXPECT_EQ(status_of(host.calls()[1]), "FAILED");
}

TEST(Step, IsOpenUntilThePlatformHasTakenItsEnd) {
  FakeHost host;
  host.answer("POST", "/message-log", log_answer());
  host.answer("PATCH", "/message-log", Answer{.status = 503});
  const Outcome ended = run(host, [](const Event& event) -> Outcome {
    auto step = Step::begin(event, {.text = "x"}).get().value();
    const auto completed = step.complete().get();
    return !completed && step.is_open() ? Outcome() : failed("closed");
  });
  EXPECT_TRUE(ended) << ended.failure().detail;
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(status_of(calls[1]), "COMPLETED");
  EXPECT_EQ(status_of(calls[2]), "FAILED");
}

TEST(Step, OfACancelledEventIsLeftToTheHost) {
  FakeHost host;
  host.answer("POST", "/message-log", log_answer());
  host.answer("GET", "/openai/models", Answer{.is_held = true});
  static constexpr modhost_plugin kTable = modhost::detail::make_table<Awaits>("org.modhost.test", "1.0.0");
  Awaits::await = [](Event event) -> Async<Outcome> {
    auto step = (co_await Step::begin(event, {.text = "x"})).value();
    co_return co_await event.api().get("/openai/models");
  };
  PluginUnderTest plugin(host, kTable);
  const auto running = plugin.begin(FakeEvent::chat("hello"));
  host.await_calls(2);
  plugin.cancel(running, MODHOST_CANCEL_USER);
  EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED);
  EXPECT_EQ(host.calls().size(), 2u) << "the host closes the step, once";
}

TEST(Step, LeftOpenIsNotTouched) {
  FakeHost host;
  host.answer("POST", "/message-log", log_answer());
  const Outcome ended = run(host, [](const Event& event) -> Outcome {
    auto step = Step::begin(event, {.text = "x"}).get().value();
    step.leave_open();
    event.leave_turn_open();
    return {};
  });
  EXPECT_TRUE(ended);
  EXPECT_EQ(host.calls().size(), 1u);
}

TEST(Step, TheCallThatClosesItEndsWithTheEvent) {
  FakeHost host;
  host.answer("POST", "/message-log", log_answer());
  host.answer("PATCH", "/message-log", Answer{.is_held = true});
  static constexpr modhost_plugin kTable = modhost::detail::make_table<Awaits>("org.modhost.test", "1.0.0");
  Awaits::await = [](Event event) -> Async<Outcome> {
    auto step = (co_await Step::begin(event, {.text = "x"})).value();
    co_return Outcome();
  };
  PluginUnderTest plugin(host, kTable);
  EXPECT_EQ(plugin.run(FakeEvent::chat("hello")).status, MODHOST_OK);
  EXPECT_EQ(host.calls().size(), 2u);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (host.unfinished_calls() != 0 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  EXPECT_EQ(host.unfinished_calls(), 0u) << "as on a real host: await it, or leave it to the host";
}

}  // namespace
