// What a module awaits, a module that blocks waits for: the same calls, with get().
#include <modhost/sdk/when_all.hpp>
#include <modhost/unique/chat.hpp>
#include <modhost/unique/chat_stream.hpp>
#include <modhost/unique/elicitation.hpp>
#include <modhost/unique/live_answer.hpp>
#include <modhost/unique/upload.hpp>
#include <thread>

#include "sdk_support.hpp"

namespace {

using namespace sdk_test;

Async<std::string> title_of(Event event, std::string id, std::chrono::seconds rest = 3s) {
  const auto answer = co_await event.api().get("/content/" + id);
  if (rest > 0s) co_await event.sleep(rest);
  co_return answer ? answer->root()["title"].text() : answer.failure().detail;
}

TEST(Blocking, WaitsForEveryCoroutine) {
  FakeHost host;
  host.answer("POST", "/content/upsert", Answer{.body = R"({"id": "cont_1", "writeUrl": "https://blob/w",
      "readUrl": "https://blob/r"})"});
  host.answer("GET", "/elicitation/e_1", Answer{.body = R"({"id": "e_1", "status": "PENDING"})"});
  host.answer("GET", "/elicitation/e_1", Answer{.status = 503});
  host.answer("GET", "/elicitation/e_1", Answer{.body = R"({"id": "e_1", "status": "ACCEPTED"})"});
  host.answer("GET", "/space/chat_2", Answer{.body = R"({"role": "USER"})"});
  host.answer("GET", "/space/chat_2",
              Answer{.body = R"({"role": "ASSISTANT", "text": "42", "completedAt": "2025-10-09T08:53:20.000Z"})"});
  host.answer("GET", "/content/a", Answer{.body = R"({"title": "first"})"});
  host.answer("GET", "/content/b", Answer{.body = R"({"title": "second"})"});
  std::thread::id ran_on;
  const auto handler = [&](const Event& event) -> Outcome {
    ran_on = std::this_thread::get_id();
    const auto file = unique::upload(event, {.key = "a.txt", .mime_type = "text/plain"}, "bytes").get();
    if (!file || file->id != "cont_1") return failed("upload");
    const auto asked = unique::Elicitation::await_answer(event, "e_1").get();
    if (!asked || !asked->is_accepted()) return failed("elicitation");
    const auto said = unique::Chat::await_answer(event, "chat_2").get();
    if (!said || said->text != "42") return failed("chat");
    const auto [first, second] = when_all(title_of(event, "a"), title_of(event, "b")).get();
    if (first != "first" || second != "second") return failed("when_all: " + first + second);
    return event.sleep(5s).get();
  };
  const Ended ended = run(host, handler);
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  EXPECT_EQ(ran_on, std::this_thread::get_id());
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 10u);
  EXPECT_EQ(calls[1].target, "https://blob/w");
  EXPECT_EQ(calls[5].time, 2s) << "asked three times, a second between them";
  EXPECT_EQ(calls[7].time, 3s);
  EXPECT_EQ(calls[9].time, 6s) << "one after the other: there is one thread";
}

TEST(Blocking, ShowsAnAnswerThatGrows) {
  FakeHost host;
  host.answer("POST", "/openai-proxy/chat/completions",
              Answer{.headers = "content-type: text/event-stream\n",
                     .pieces = {"data: {\"choices\":[{\"delta\":{\"content\":\"Once \"}}]}\n\n",
                                "data: {\"choices\":[{\"delta\":{\"content\":\"upon\"}}]}\n\n", "data: [DONE]\n\n"}});
  const Ended ended = run(host, [](const Event& event) -> Outcome {
    const unique::ChatCompletion::Turn turn{"user", "a story"};
    unique::ChatStream model(event, {.model = "M", .messages = {&turn, 1}});
    unique::LiveAnswer answer(event, {.interval = std::chrono::hours(1)});
    while (const auto delta = model.next().get()) answer.write(delta->text);
    return answer.finish().get();
  });
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_EQ(calls[1].method + " " + calls[1].target, "PATCH /messages/msg_assistant");
  EXPECT_EQ(calls[2].target, "/messages/msg_assistant/event");
  EXPECT_EQ(calls[2].json()["text"].text(), "Once ");
  EXPECT_EQ(calls[3].json()["text"].text(), "Once upon") << "the interval is not over, so it is not shown before";
  EXPECT_EQ(host.unfinished_calls(), 0u);
}

TEST(Blocking, EndsEarlyWhenTheResultIsNotWanted) {
  FakeHost host;
  host.answer("GET", "/elicitation/e_1", Answer{.body = R"({"id": "e_1", "status": "PENDING"})"});
  Lines seen;
  const auto handler = [&](const Event& event) -> Outcome {
    host.cancel(MODHOST_CANCEL_USER);
    const auto slept = event.sleep(1h).get();
    seen.push_back(slept ? "slept" : std::to_string(slept.failure().status));
    const auto asked = unique::Elicitation::await_answer(event, "e_1").get();  // a Result: its Failure says so
    seen.push_back(asked ? "answered" : std::to_string(asked.failure().status));
    static_cast<void>(title_of(event, "a").get());  // none: throws
    seen.push_back("not cancelled");
    return {};
  };
  EXPECT_EQ(run(host, handler).status, MODHOST_E_CANCELLED);
  EXPECT_EQ(seen, (Lines{"-6", "-6"}));
}

TEST(Blocking, WaitsAlsoForWhatGoesOnOnOtherThreads) {
  FakeHost host;
  host.answer("GET", "/content/a", Answer{.body = R"({"title": "first"})"});
  const Ended ended = run(host, [](Event event) -> Async<Outcome> {
    const std::string title = title_of(event, "a", 0s).get();
    co_return title == "first" ? Outcome() : Outcome(failed(title));
  });
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
}

// Without a clock of its own, as every host but the fake one.
struct PlainHost {
  PlainHost() {
    raw.get_service = [](const modhost_host*, const char*) noexcept -> const void* { return nullptr; };
  }
  modhost_host raw{};
};

TEST(Blocking, ACancelWakesWhoSleeps) {
  const PlainHost host;
  detail::Services services;
  services.host = &host.raw;
  detail::Scopes scopes;
  const auto scope = scopes.open(services, 7, detail::Style::kBlocks);
  EXPECT_EQ(scope->block_for(1ms), MODHOST_OK);
  std::thread sleeper([&] { EXPECT_EQ(scope->block_for(1h), MODHOST_E_CANCELLED); });
  scopes.cancel(7, MODHOST_CANCEL_DEADLINE);
  sleeper.join();
  EXPECT_EQ(scope->reason(), MODHOST_CANCEL_DEADLINE);
  EXPECT_FALSE(Sleep(scope, 1h).get());
}

TEST(Blocking, AScopeIsKnownAsLongAsSomebodyHoldsIt) {
  const PlainHost host;
  detail::Services services;
  services.host = &host.raw;
  std::shared_ptr<detail::Scope> kept;
  {
    detail::Scopes scopes;
    kept = scopes.open(services, 1, detail::Style::kBlocks);
    scopes.open(services, 2, detail::Style::kBlocks).reset();
    scopes.cancel(2, MODHOST_CANCEL_USER);  // gone: nobody hears it
    scopes.cancel(1, MODHOST_CANCEL_USER);
  }
  EXPECT_EQ(kept->reason(), MODHOST_CANCEL_USER) << "and outlives its instance";
}

}  // namespace
