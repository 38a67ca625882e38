// Coroutines against the fake host: what they make of answers, time, cancellation and the end of the instance.
#include <modhost/sdk/attempt.hpp>
#include <modhost/sdk/when_all.hpp>

#include "sdk_support.hpp"

namespace {

using namespace sdk_test;

TEST(Await, ACallsAnswer) {
  FakeHost host;
  host.answer("GET", "/a", Answer{.body = R"({"next": "b"})"});
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    const auto first = co_await event.api().get("/a");
    if (!first) co_return first.failure();
    co_return co_await event.api().post("/" + first->root()["next"].text(), object("x", 1));
  });
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[1].target, "/b");
  EXPECT_EQ(calls[1].body, R"({"x":1})");
}

TEST(Await, FailuresAndExceptionsEndTheEventWithTheirWords) {
  FakeHost host;
  host.answer("GET", "/busy", Answer{.status = 503, .body = R"({"error":{"message":"try later"}})"});
  const Ended failed_call = run(host, [](Event event) -> Async<Outcome> {
    const auto answer = co_await event.api().get("/busy?q=secret");
    if (!answer) co_return answer.failure();
    co_return Outcome();
  });
  EXPECT_EQ(failed_call.status, MODHOST_E_RETRY);
  EXPECT_EQ(failed_call.detail, "GET /busy: APIError 503: try later");
  const Ended thrown = run(host, [](Event event) -> Async<Outcome> {
    (co_await event.api().get("/busy")).value();
    co_return Outcome();
  });
  EXPECT_EQ(thrown.status, MODHOST_E_RETRY);
  const Ended before = run(host, [](Event) -> Async<Outcome> {
    throw std::runtime_error("before anything is awaited");
    co_return Outcome();
  });
  EXPECT_EQ(before.status, MODHOST_E_INTERNAL);
  EXPECT_EQ(before.detail, "before anything is awaited");
}

Async<int> doubled(int value) { co_return 2 * value; }
Async<int> summed(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await summed(depth - 1);
}

TEST(Await, CoroutinesAwaitEachOther) {
  FakeHost host;
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    event.log().info(std::to_string(co_await doubled(21)) + " " + std::to_string(co_await summed(10'000)));
    co_return Outcome();
  });
  EXPECT_EQ(ended.status, MODHOST_OK);
  EXPECT_EQ(host.logs().at(0).message, "42 10000");
}

Async<int> ends(Event event, std::string how) {
  co_await event.sleep(1s);
  if (how == "error") throw Error(retry("busy"));
  if (how == "exception") throw std::runtime_error("a bug");
  if (how == "cancelled") throw Cancelled{MODHOST_CANCEL_USER};
  co_return 7;
}
Async<Outcome> fails() { co_return failed("as it says"); }
Async<> nothing() { co_return; }

TEST(Attempt, GivesAnEndAsAResult) {
  FakeHost host;
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    const Result<int> value = co_await attempt(ends(event, ""));
    const Result<int> error = co_await attempt(ends(event, "error"));
    const Result<int> exception = co_await attempt(ends(event, "exception"));
    const Outcome same = co_await attempt(fails());
    const Outcome fine = co_await attempt(nothing());
    if (*value != 7 || error.failure().status != MODHOST_E_RETRY || exception.failure().detail != "a bug" || !fine)
      co_return failed("another end");
    event.log().info(same.failure().detail);
    static_cast<void>(co_await attempt(ends(event, "cancelled")));
    co_return failed("a cancelled event goes on");
  });
  EXPECT_EQ(ended.status, MODHOST_E_CANCELLED) << ended.detail;
  EXPECT_EQ(host.logs().at(0).message, "as it says");
}

TEST(Await, SleepTakesTimeAndNoThread) {
  FakeHost host;
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    co_await event.sleep(1h);
    static_cast<void>(co_await event.api().get("/after"));
    co_await event.sleep(0ms);
    co_return Outcome();
  });
  EXPECT_EQ(ended.status, MODHOST_OK);
  EXPECT_EQ(host.calls().size(), 1u);
}

TEST(WhenAll, GivesAllValuesInTheirOrder) {
  FakeHost host;
  for (int i = 0; i < 20; ++i)
    host.answer("GET", "/" + std::to_string(i) + "!", Answer{.body = "{\"n\": " + std::to_string(i) + "}"});
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    std::vector<Call<JsonDocument>> calls;
    for (int i = 0; i < 20; ++i) calls.push_back(event.api().get("/" + std::to_string(i) + "!"));
    const auto answers = co_await when_all(std::move(calls));
    for (int i = 0; i < 20; ++i)
      if (!answers[static_cast<std::size_t>(i)] || answers[static_cast<std::size_t>(i)]->root()["n"].integer() != i)
        co_return failed("answer " + std::to_string(i) + " is another's");
    const auto [answer, number, nothing] = co_await when_all(event.api().get("/3!"), doubled(4), event.sleep(5s));
    event.log().info(std::to_string(answer->root()["n"].integer()) + " " + std::to_string(number));
    static_cast<void>(nothing);
    co_return Outcome();
  });
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  EXPECT_EQ(host.logs().at(0).message, "3 8");
}

Async<int> thrower(Event event, bool is_late) {
  const Guard guard;
  if (is_late) co_await event.sleep(1s);
  throw std::runtime_error(is_late ? "late" : "early");
}

TEST(WhenAll, WaitsForAllBeforeAnExceptionGoesOn) {
  FakeHost host;
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    std::vector<Async<int>> work;
    work.push_back(thrower(event, true));
    work.push_back(thrower(event, false));
    const auto none = co_await when_all(std::move(work));
    co_return Outcome();
  });
  EXPECT_EQ(ended.detail, "late") << "the first in order";
  EXPECT_EQ(Guard::alive, 0);
  EXPECT_EQ(run(host,
                [](Event) -> Async<Outcome> {
                  const auto none = co_await when_all(std::vector<Async<int>>());
                  co_return none.empty() ? Outcome() : failed("something in it");
                })
                .status,
            MODHOST_OK);
}

// A plugin with four await points of every kind; each is held up in turn.
struct FourPoints {
  Async<Outcome> operator()(Event event) {
    const Guard guard;
    static_cast<void>(co_await event.api().get("/1"));
    const auto inner = [](Event of) -> Async<int> {
      const Guard inner_guard;
      static_cast<void>(co_await of.api().get("/2"));
      co_return 1;
    };
    co_await inner(event);
    co_await event.sleep(1h);
    std::vector<Call<JsonDocument>> calls;
    calls.push_back(event.api().get("/3"));
    calls.push_back(event.api().get("/4"));
    static_cast<void>(co_await when_all(std::move(calls)));
    co_return Outcome();
  }
};

TEST(Cancel, UnwindsFromEveryAwaitPoint) {
  for (const char* held : {"/1", "/2", "/3", "/4"}) {
    FakeHost host;
    host.answer("GET", held, Answer{.is_held = true});
    PluginUnderTest plugin(host, plugin_of(FourPoints{}));
    const auto running = plugin.begin(FakeEvent::chat("hello"));
    const int reached = held[1] - '0';
    if (reached >= 3) {
      host.await_calls(2);
      while (host.calls().size() < static_cast<std::size_t>(reached)) host.advance(1h);
    }
    host.await_calls(static_cast<std::size_t>(reached));
    plugin.cancel(running, MODHOST_CANCEL_USER);
    EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED) << held;
    EXPECT_EQ(Guard::alive, 0) << held;
    EXPECT_LE(host.calls().size(), reached >= 3 ? 4u : static_cast<std::size_t>(reached)) << "it went on";
  }
}

TEST(Cancel, EndsASleep) {
  FakeHost host;
  PluginUnderTest plugin(host, plugin_of(FourPoints{}));
  const auto running = plugin.begin(FakeEvent::chat("hello"));
  host.await_calls(2);
  plugin.cancel(running, MODHOST_CANCEL_SUPERSEDED);
  EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED);
  EXPECT_EQ(Guard::alive, 0);
}

struct Stubborn {
  Async<Outcome> operator()(Event event) {
    bool was_cancelled = false;
    try {
      co_await event.sleep(1h);
    } catch (const std::exception&) {
      event.log().error("an end is no error");
    } catch (const Cancelled& cancelled) {
      was_cancelled = cancelled.reason == MODHOST_CANCEL_USER;
    }
    event.log().info(was_cancelled ? "told" : "not told");
    co_return Outcome();
  }
};

TEST(Cancel, IsNoErrorAndMayBeCaught) {
  FakeHost host;
  PluginUnderTest plugin(host, plugin_of(Stubborn{}));
  const auto running = plugin.begin(FakeEvent::chat("hello"));
  plugin.cancel(running, MODHOST_CANCEL_USER);
  EXPECT_EQ(plugin.await(running).status, MODHOST_OK);
  EXPECT_EQ(host.logs().at(0).message, "told");
}

TEST(Stop, EndsEverythingThatIsAwaitedAndLeaksNothing) {
  FakeHost host;
  host.answer("GET", "/1", Answer{.is_held = true});
  {
    PluginUnderTest plugin(host, plugin_of(FourPoints{}));
    for (int i = 0; i < 50; ++i) plugin.begin(FakeEvent::chat("hello"));
    EXPECT_EQ(Guard::alive, 50);
  }
  EXPECT_EQ(Guard::alive, 0);
}

TEST(Await, ThousandsShareAThread) {
  FakeHost host;
  host.answer("GET", "/1", Answer{.is_held = true});
  PluginUnderTest plugin(host, plugin_of(FourPoints{}));
  std::vector<PluginUnderTest::Running> running;
  for (int i = 0; i < 5000; ++i) running.push_back(plugin.begin(FakeEvent::chat("hello")));
  EXPECT_EQ(Guard::alive, 5000);
  host.release();
  for (const auto& one : running) EXPECT_EQ(plugin.await(one).status, MODHOST_OK);
  EXPECT_EQ(Guard::alive, 0);
  EXPECT_EQ(host.calls().size(), 20'000u);
}

struct Keeper {
  explicit Keeper(Host given) : host(given), answers(host.counter("answers_total", "Answers given", {"kind"})) {}
  Outcome on_event(const Event& event) {
    const auto first = host.kv().put("seen", "1", {.expected_version = MODHOST_KV_ABSENT});
    if (!first) {
      const auto seen = host.kv().get("seen").value();
      const auto gone = host.kv().get("nothing").value();
      if (!seen || gone) return failed("kv");
      static_cast<void>(host.kv().put("seen", seen->bytes + "1").value());
      if (host.kv().list("se").value().size() != 1) return failed("list");
      if (host.kv().remove("nothing").value()) return failed("remove");
    }
    answers.add(2, {"short"});
    return event.save_checkpoint("part 2");
  }
  Host host;
  Metric answers;
};

TEST(State, IsKeptBetweenEvents) {
  static constexpr modhost_plugin kKeeper = detail::make_table<Keeper>("org.modhost.test", "1.0.0");
  FakeHost host;
  PluginUnderTest plugin(host, kKeeper);
  const auto running = plugin.begin(FakeEvent::chat("hello"));
  EXPECT_EQ(plugin.await(running).status, MODHOST_OK);
  EXPECT_EQ(plugin.run(FakeEvent::chat("hello")).status, MODHOST_OK);
  EXPECT_EQ(host.key_values().at("seen"), "11");
  EXPECT_EQ(host.checkpoint(running.event), "part 2");
  const auto updates = host.metrics();
  ASSERT_EQ(updates.size(), 2u);
  EXPECT_EQ(updates[0].name, "answers_total");
  EXPECT_EQ(updates[0].value, 2);
  EXPECT_EQ(updates[0].labels.at("kind"), "short");
}

}  // namespace
