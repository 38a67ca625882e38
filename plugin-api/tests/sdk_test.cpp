// The SDK against the fake host: what plugin code does on one side, what the host sees on the other.
#include <modhost/unique/message.hpp>
#include <thread>

#include "sdk_support.hpp"

namespace {

using namespace sdk_test;
using sdk_test::run;

template <class Handler>
Ended run(Handler handler) {
  FakeHost host;
  return run(host, std::move(handler));
}

TEST(Outcomes, BecomeStatusesWithTheirWords) {
  EXPECT_EQ(run([](const Event&) { return Outcome(); }).status, MODHOST_OK);
  const Ended dead = run([](const Event&) -> Outcome { return failed("no index"); });
  EXPECT_EQ(dead.status, MODHOST_E_INTERNAL);
  EXPECT_EQ(dead.detail, "no index");
  const Ended again = run([](const Event&) -> Outcome { return retry("busy", std::chrono::seconds(7)); });
  EXPECT_EQ(again.status, MODHOST_E_RETRY);
  EXPECT_EQ(again.detail, "busy");
  EXPECT_EQ(again.retry_after_ms, 7000);
  const Ended later = run([](const Event&) -> Outcome { return snooze(std::chrono::minutes(1)); });
  EXPECT_EQ(later.status, MODHOST_E_SNOOZE);
  EXPECT_EQ(later.retry_after_ms, 60'000);
  EXPECT_EQ(run([](const Event&) -> Outcome { return cancelled(); }).status, MODHOST_E_CANCELLED);
}

TEST(Barrier, NothingThrownGetsThrough) {
  const Ended error = run([](const Event&) -> Outcome { throw Error(retry("thrown", std::chrono::seconds(3))); });
  EXPECT_EQ(error.status, MODHOST_E_RETRY);
  EXPECT_EQ(error.detail, "thrown");
  EXPECT_EQ(error.retry_after_ms, 3000);
  const Ended standard = run([](const Event&) -> Outcome { throw std::runtime_error("standard"); });
  EXPECT_EQ(standard.status, MODHOST_E_INTERNAL);
  EXPECT_EQ(standard.detail, "standard");
  const Ended odd = run([](const Event&) -> Outcome { throw 42; });
  EXPECT_EQ(odd.status, MODHOST_E_INTERNAL);
  EXPECT_EQ(odd.detail, "something other than a std::exception was thrown");
  const Ended opened = run([](const Event&) -> Outcome {
    Result<int> none = failed("nothing in it");
    static_cast<void>(std::move(none).value());
    return {};
  });
  EXPECT_EQ(opened.detail, "nothing in it");
}

struct Talkative {
  explicit Talkative(Host given) : host(given) { host.log().info("made"); }
  Outcome start() {
    host.log().info("started");
    return {};
  }
  Outcome on_event(const Event& event) {
    event.log().warn("seen", {{"attempt", std::to_string(event.attempt())}});
    return {};
  }
  void on_cancel(modhost_event_id, std::int32_t reason) { host.log().info("cancel " + std::to_string(reason)); }
  void stop(std::chrono::steady_clock::time_point deadline) {
    host.log().info(deadline > std::chrono::steady_clock::now() ? "stopped in time" : "stopped too late");
  }
  ~Talkative() { host.log().info("gone"); }
  Host host;
};

TEST(Lifecycle, CallsWhatTheClassHasInOrder) {
  static constexpr modhost_plugin kTable = detail::make_table<Talkative>("org.modhost.test", "1.0.0", "talks", "{}");
  EXPECT_EQ(kTable.threads_max, 1u);
  FakeHost host;
  {
    PluginUnderTest plugin(host, kTable);
    plugin.run(FakeEvent::chat("hi"));
    kTable.on_cancel(plugin.instance(), 1, MODHOST_CANCEL_USER);
  }
  std::vector<std::string> lines;
  for (const auto& line : host.logs()) lines.push_back(line.message);
  EXPECT_EQ(lines, (std::vector<std::string>{"made", "started", "seen", "cancel 1", "stopped in time", "gone"}));
  EXPECT_EQ(host.logs()[2].fields.at("attempt"), "1");
  EXPECT_EQ(host.logs()[2].level, MODHOST_LOG_WARN);
  EXPECT_NE(host.logs()[2].event, 0u);
  EXPECT_EQ(host.logs()[0].event, 0u);
}

struct Bare {
  static constexpr unsigned kThreadsMax = kAnyThreads;
  Outcome on_event(const Event&) { return {}; }
};

TEST(Lifecycle, WhatTheClassLacksIsNull) {
  constexpr modhost_plugin kTable = detail::make_table<Bare>("org.modhost.test", "1.0.0");
  EXPECT_EQ(kTable.start, nullptr);
  EXPECT_EQ(kTable.stop, nullptr);
  EXPECT_EQ(kTable.threads_max, 0u);
  EXPECT_NE(kTable.create, nullptr);
}

struct Configured {
  explicit Configured(Host host) {
    const Config config = host.config();
    host.log().info(config.text("/name", "nobody") + " " + std::to_string(config.integer("/count", 3)) + " " +
                    std::to_string(config.number("/share", 0.5)) +
                    (config.flag("/loud", false) ? " loud " : " quiet ") + config.json("/list")[1].text("no list") +
                    " " + config.required_text("/name") + " " + host.config().secret("token"));
  }
  Outcome on_event(const Event&) { return {}; }
};

std::string configured(std::string_view config, bool with_secret = true) {
  static constexpr modhost_plugin kTable = detail::make_table<Configured>("org.modhost.test", "1.0.0");
  FakeHost host(config);
  if (with_secret) host.secret("token", "s3cret");
  try {
    const PluginUnderTest plugin(host, kTable);
    return host.logs().at(0).message;
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST(Configuration, IsTypedAndHasDefaults) {
  EXPECT_EQ(configured(R"({"name": "Zoë"})"), "Zoë 3 0.500000 quiet no list Zoë s3cret");
  EXPECT_EQ(configured(R"({"name": "A", "count": -7, "share": 2, "loud": true, "list": ["a", "b"]})"),
            "A -7 2.000000 loud b A s3cret");
  EXPECT_EQ(configured("{}"), "create failed with -4: config /name is missing");
  EXPECT_EQ(configured(R"({"name": 1})"), "create failed with -4: config /name is not a string");
  EXPECT_EQ(configured(R"({"name": "A", "count": "x"})"), "create failed with -4: config /count is not an integer");
  EXPECT_EQ(configured(R"({"name": "A", "share": "x"})"), "create failed with -4: config /share is not a number");
  EXPECT_EQ(configured(R"({"name": "A", "loud": 1})"), "create failed with -4: config /loud is not true or false");
  EXPECT_EQ(configured(R"({"name": "A"})", false), "create failed with -4: secret token is missing");
}

TEST(Events, ShowWhatTheHostKnows) {
  FakeHost host;
  FakeEvent event = FakeEvent::chat("hällo");
  event.attempt = 4;
  event.flags = MODHOST_EVENT_PRIOR_RUN | MODHOST_EVENT_REPLAY;
  event.checkpoint = "step 2";
  event.deadline_mono_ns = 5'000'000'000;
  const Ended ended = run(
      host,
      [](const Event& seen) -> Outcome {
        if (!seen.is_last_attempt() || !seen.has_prior_run() || !seen.is_replay()) return failed("flags");
        if (seen.deadline().time_since_epoch() != std::chrono::seconds(5)) return failed("deadline");
        return failed(std::string(seen.id()) + " " + std::string(seen.user_id()) + " " +
                      std::string(seen.company_id()) + " " + std::string(seen.chat_id()) + " " +
                      std::string(seen.assistant_message_id()) + " " + std::string(seen.checkpoint()) + " " +
                      seen.payload()["userMessage"]["text"].text());
      },
      event);
  EXPECT_EQ(ended.detail, "evt_test user_1 company_1 chat_1 msg_assistant step 2 hällo");
  EXPECT_EQ(run([](const Event& seen) -> Outcome { return seen.extend(std::chrono::minutes(1)); }).detail,
            "no more time is granted");
  host.cancel(MODHOST_CANCEL_USER);
  EXPECT_EQ(run(host, [](const Event& seen) { return seen.is_cancelled() ? Outcome(cancelled()) : Outcome(); }).status,
            MODHOST_E_CANCELLED);
  EXPECT_TRUE(run([](const Event& seen) {
                seen.leave_turn_open();
                return Outcome();
              }).left_turn_open);
}

struct Deferring {
  Outcome on_event(Event event) {
    thread = std::thread([event, done = event.later()]() mutable {
      done.finish(event.payload()["userMessage"]["text"].text() == "drop" ? Outcome(failed("on purpose")) : Outcome());
    });
    return failed("does not count");
  }
  ~Deferring() {
    if (thread.joinable()) thread.join();
  }
  std::thread thread;
};

TEST(Completions, FinishAnEventFromAnyThread) {
  static constexpr modhost_plugin kTable = detail::make_table<Deferring>("org.modhost.test", "1.0.0");
  FakeHost host;
  EXPECT_EQ(PluginUnderTest(host, kTable).run(FakeEvent::chat("go")).status, MODHOST_OK);
  EXPECT_EQ(PluginUnderTest(host, kTable).run(FakeEvent::chat("drop")).detail, "on purpose");
}

TEST(Completions, DroppedOnesFailTheEventAndSecondOnesAreTold) {
  const Ended dropped = run([](Event event) {
    static_cast<void>(event.later());
    return Outcome();
  });
  EXPECT_EQ(dropped.status, MODHOST_E_INTERNAL);
  EXPECT_EQ(dropped.detail, "the plugin dropped the event");
  static bool second = true;
  run([](Event event) {
    Completion first = event.later();
    Completion other = event.later();
    first.finish({});
    second = other.finish({});
    return Outcome();
  });
  EXPECT_FALSE(second);
}

TEST(Calls, CarryWhatWasAsked) {
  FakeHost host;
  host.answer("GET", "/messages", Answer{.body = R"({"data": []})", .headers = "request-id: r-1\nx-a: b\n"});
  const Ended ended = run(host, [](const Event& event) -> Outcome {
    HttpRequest request;
    request.target = "/messages?chatId=" + url_encode("a b/ü");
    request.headers = {{"x-trace", "1"}};
    const auto answer = event.http().send(request).get();
    if (!answer) return answer.failure();
    if (answer->header("request-id") != "r-1" || answer->header("x-a") != "b" || !answer->header("x").empty())
      return failed("headers");
    auto put = event.api().put("/a", object({{"n", 1}, {"b", true}, {"d", 0.5}, {"z", nullptr}})).get();
    auto removed = event.api().remove("/b").get();
    return put && removed ? Outcome() : Outcome(failed("calls"));
  });
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].target, "/messages?chatId=a%20b%2F%C3%BC");
  EXPECT_EQ(calls[0].headers.at(0).first, "x-trace");
  EXPECT_EQ(calls[1].body, R"({"n":1,"b":true,"d":0.5,"z":null})");
  EXPECT_EQ(calls[2].method, "DELETE");
  EXPECT_TRUE(calls[2].body.empty());
}

struct Trouble {
  Answer answer;
  modhost_status status;
  const char* detail;
  std::int64_t retry_after_ms = 0;
};

TEST(Calls, TroubleBecomesTheRightKindOfFailure) {
  const Trouble troubles[] = {
      {{.status = 500, .body = R"({"error":{"message":"oops"}})"}, MODHOST_E_RETRY, "POST /x: APIError 500: oops"},
      {{.status = 403, .body = R"({"error":{"message":"no"}})"},
       MODHOST_E_INTERNAL,
       "POST /x: PermissionError 403: no"},
      {{.status = 429, .body = "{}", .headers = "retry-after: 7\n"}, MODHOST_E_RETRY, "POST /x: APIError 429", 7000},
      {{.status = 429, .body = "{}", .headers = "retry-after: Fri, 01 Jan\n"},
       MODHOST_E_RETRY,
       "POST /x: APIError 429"},
      {{.status = 403, .body = "{}", .headers = "retry-after: 7\n"},
       MODHOST_E_INTERNAL,
       "POST /x: PermissionError 403"},
      {{.result = MODHOST_E_NETWORK, .detail = "refused"}, MODHOST_E_RETRY, "POST /x: refused"},
      {{.result = MODHOST_E_TIMEOUT, .detail = "slow"}, MODHOST_E_RETRY, "POST /x: slow"},
      {{.result = MODHOST_E_CANCELLED, .detail = "stop"}, MODHOST_E_CANCELLED, "POST /x: stop"},
      {{.result = MODHOST_E_DENIED, .detail = "grants"}, MODHOST_E_DENIED, "POST /x: grants"}};
  for (const Trouble& trouble : troubles) {
    FakeHost host;
    host.answer("POST", "/x", trouble.answer);
    const Ended ended =
        run(host, [](const Event& event) -> Outcome { return event.api().post("/x?secret=1", object({})).get(); });
    EXPECT_EQ(ended.status, trouble.status);
    EXPECT_EQ(ended.detail, trouble.detail);
    EXPECT_EQ(ended.retry_after_ms, trouble.retry_after_ms);
  }
}

TEST(Calls, AnAnswerThatIsNoJsonIsAFailure) {
  FakeHost host;
  host.answer("GET", "/x", Answer{.body = "<html>"});
  EXPECT_NE(run(host, [](const Event& event) -> Outcome { return event.api().get("/x").get(); }).status, MODHOST_OK);
}

TEST(Messages, AreCreatedAndModified) {
  FakeHost host;
  host.answer("POST", "/messages",
              Answer{.status = 201, .body = R"({"id":"msg_9","chatId":"chat_1","role":"ASSISTANT"})"});
  const Ended ended = run(host, [](const Event& event) -> Outcome {
    const auto made = unique::Message::create(event, {.text = "one"}).get();
    if (!made) return made.failure();
    const auto changed =
        unique::Message::modify(event, made->id, {.text = "two", .completed_at = "2026-01-01T00:00:00Z"}).get();
    if (!changed) return changed.failure();
    return unique::Message::modify_answer(event, {.original_text = "three"}).get();
  });
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].body, R"({"chatId":"chat_1","assistantId":"assistant_1","role":"ASSISTANT","text":"one"})");
  EXPECT_EQ(calls[1].method + " " + calls[1].target, "PATCH /messages/msg_9");
  EXPECT_EQ(calls[1].body, R"({"chatId":"chat_1","text":"two","completedAt":"2026-01-01T00:00:00Z"})");
  EXPECT_EQ(calls[2].target, "/messages/msg_assistant");
  EXPECT_EQ(calls[2].body, R"({"chatId":"chat_1","originalText":"three"})");
}

TEST(JsonTexts, AreMadeEitherWay) {
  EXPECT_EQ(object({{"n", 1}, {"s", "a\"b"}}).text(), R"({"n":1,"s":"a\"b"})");
  EXPECT_EQ(object("n", 1, "s", "a\"b", "list", array({1, true, nullptr})).text(),
            R"({"n":1,"s":"a\"b","list":[1,true,null]})");
  EXPECT_EQ(object("only", object("inner", 0.5)).text(), R"({"only":{"inner":0.5}})");
}

TEST(JsonViews, NeverThrowOnWhatIsMissing) {
  const JsonDocument document =
      JsonDocument::parse(R"({"a": {"b": [1, "two", 3.5, true, null]}, "k": 1, "k": 2})").value();
  EXPECT_EQ(document["a"]["b"][0].integer(), 1);
  EXPECT_EQ(document["a"]["b"][1].text(), "two");
  EXPECT_EQ(document["a"]["b"][2].number(), 3.5);
  EXPECT_TRUE(document["a"]["b"][3].is_true());
  EXPECT_FALSE(document["a"]["b"][4]);
  EXPECT_EQ(document["a"]["b"].size(), 5u);
  EXPECT_EQ(document["x"]["y"][7].text("none"), "none");
  EXPECT_EQ(document["a"].text("not a string"), "not a string");
  EXPECT_EQ(document["k"].integer(), 2);
  EXPECT_EQ(document["a"].dump(), R"({"b":[1,"two",3.5,true,null]})");
  EXPECT_EQ(document["x"].dump(), "null");
  EXPECT_EQ(JsonDocument()["x"].size(), 0u);
  EXPECT_FALSE(JsonDocument::parse("{\"a\": \"\xff\"}"));
  EXPECT_FALSE(JsonDocument::parse(std::string(1 << 20, '[')));
}

TEST(JsonTexts, AreBuiltFromValues) {
  const std::optional<std::string> none;
  EXPECT_EQ(object({{"s", "a\"\n"}, {"v", std::string_view()}, {"o", none}, {"l", array({1, "x", object({})})}}).text(),
            R"({"s":"a\"\n","v":"","o":null,"l":[1,"x",{}]})");
  EXPECT_EQ(object({{"big", std::int64_t{-9'007'199'254'740'993}}, {"u", ~std::uint64_t{0}}}).text(),
            R"({"big":-9007199254740993,"u":18446744073709551615})");
}

}  // namespace
