#include <gtest/gtest.h>

#include <modhost/testing.hpp>

namespace {

using namespace std::chrono_literals;
using modhost::testing::Answer;
using modhost::testing::Call;
using modhost::testing::Ended;
using modhost::testing::FakeEvent;
using modhost::testing::FakeHost;
using modhost::testing::PluginUnderTest;

constexpr const char* kFound = R"([
  {"id": "cont_a", "chunkId": "chunk_1", "title": "lease.pdf", "text": "Six months' notice.", "startPage": 4, "endPage": 4},
  {"id": "cont_b", "chunkId": "chunk_2", "title": "rent.pdf", "text": "The rent is due monthly."}])";

std::string delta(std::string_view text, std::string_view reason = "null") {
  return "data: {\"choices\":[{\"delta\":{\"content\":\"" + std::string(text) +
         "\"},\"finish_reason\":" + std::string(reason) + "}]}\n\n";
}
Answer model(std::vector<std::string> pieces) {
  return {.headers = "content-type: text/event-stream\n", .pieces = std::move(pieces), .every = 100ms};
}
const std::vector<std::string> kAnswer = {delta("Six months"), delta(" [sou"), delta("rce0]."), delta("", "\"stop\""),
                                          "data: [DONE]\n\n"};

// A platform that answers everything, unless told otherwise before.
void script(FakeHost& host) {
  host.answer("POST", "/message-log", Answer{.status = 201, .body = R"({"id": "log_1"})"});
  host.answer("POST", "/message-log", Answer{.status = 201, .body = R"({"id": "log_2"})"});
  host.answer("POST", "/search/search", Answer{.body = kFound});
  host.answer("POST", "/openai-proxy/chat/completions", model(kAnswer));
}

struct Seen {
  Ended ended;
  std::vector<Call> calls;
  // Those calls, oldest first.
  [[nodiscard]] std::vector<Call> to(std::string_view method, std::string_view target) const {
    std::vector<Call> found;
    for (const Call& call : calls)
      if (call.method == method && call.target == target) found.push_back(call);
    return found;
  }
};
Seen run(FakeHost& host, const FakeEvent& event = FakeEvent::chat("What is the notice period?")) {
  script(host);
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const Ended ended = plugin.run(event);
  return {ended, host.calls()};
}

TEST(KnowledgeAssistant, AnswersFromTheKnowledgeBaseWithSources) {
  FakeHost host;
  const Seen seen = run(host);
  EXPECT_EQ(seen.ended.status, MODHOST_OK) << seen.ended.detail;
  EXPECT_EQ(seen.to("POST", "/search/search").at(0).body,
            R"({"searchString":"What is the notice period?","searchType":"COMBINED","limit":3})");
  const auto asked = seen.to("POST", "/openai-proxy/chat/completions").at(0).json();
  EXPECT_EQ(asked["model"].text(), "AZURE_GPT_4o_2024_0513");
  EXPECT_EQ(asked["temperature"].number(), 0.3);
  EXPECT_TRUE(asked["stream"].is_true());
  EXPECT_TRUE(asked["stream"].is_true());
  ASSERT_EQ(asked["messages"].size(), 2u);
  EXPECT_EQ(asked["messages"][0]["role"].text(), "system");
  EXPECT_TRUE(asked["messages"][0]["content"].text().ends_with(
      "\n\nContext:\n[source0] Six months' notice.\n---\n[source1] The rent is due monthly."));
  EXPECT_EQ(asked["messages"][1]["role"].text(), "user");
  EXPECT_EQ(asked["messages"][1]["content"].text(), "What is the notice period?");
  const auto stored = seen.to("PATCH", "/messages/msg_assistant").back().json();
  EXPECT_EQ(stored["text"].text(), "Six months <sup>1</sup>.");
  EXPECT_EQ(stored["originalText"].text(), "Six months [source0].");
  EXPECT_TRUE(stored["completedAt"]);
  ASSERT_EQ(stored["references"].size(), 1u);
  EXPECT_EQ(stored["references"][0]["name"].text(), "lease.pdf : 4");
  EXPECT_EQ(stored["references"][0]["sequenceNumber"].integer(), 1);
  EXPECT_EQ(stored["references"][0]["url"].text(), "unique://content/cont_a");
  const auto shown = seen.to("POST", "/messages/msg_assistant/event");
  ASSERT_FALSE(shown.empty());
  EXPECT_EQ(shown.at(0).json()["text"].text(), "Six months");
}

TEST(KnowledgeAssistant, ShowsTwoSteps) {
  FakeHost host;
  const Seen seen = run(host);
  const auto begun = seen.to("POST", "/message-log");
  ASSERT_EQ(begun.size(), 2u);
  EXPECT_EQ(begun[0].body,
            R"({"messageId":"msg_assistant","text":"Searching knowledge base...","status":"RUNNING","order":1})");
  EXPECT_EQ(begun[1].body,
            R"({"messageId":"msg_assistant","text":"Generating response...","status":"RUNNING","order":2})");
  EXPECT_EQ(seen.to("PATCH", "/message-log/log_1").at(0).body,
            R"({"text":"Found 2 relevant documents","status":"COMPLETED"})");
  EXPECT_EQ(seen.to("PATCH", "/message-log/log_2").at(0).body, R"({"text":"Response generated","status":"COMPLETED"})");
}

TEST(KnowledgeAssistant, SaysSoWhenNothingIsFound) {
  FakeHost host;
  host.answer("POST", "/search/search", Answer{.body = "[]"});
  const Seen seen = run(host);
  EXPECT_EQ(seen.ended.status, MODHOST_OK);
  EXPECT_EQ(seen.to("PATCH", "/message-log/log_1").at(0).json()["text"].text(), "Found 0 relevant documents");
  const auto asked = seen.to("POST", "/openai-proxy/chat/completions").at(0).json();
  EXPECT_TRUE(asked["messages"][0]["content"].text().ends_with("\n\nContext:\nNo relevant documents found."));
  const auto stored = seen.to("PATCH", "/messages/msg_assistant").back().json();
  EXPECT_EQ(stored["text"].text(), "Six months.") << "there is no such source";
  EXPECT_EQ(stored["references"].dump(), "[]");
}

TEST(KnowledgeAssistant, TakesItsConfiguration) {
  FakeHost host(R"({"model": "M", "search": "VECTOR", "limit": 7, "temperature": 1, "document_characters": 4,
                    "prompts": {"system": "Be brief.", "citations": ""}})");
  host.answer("POST", "/search/search", Answer{.body = R"([{"text": "ää🙂x"}, {"text": "b"}])"});
  const Seen seen = run(host);
  EXPECT_EQ(seen.ended.status, MODHOST_OK) << seen.ended.detail;
  const auto searched = seen.to("POST", "/search/search").at(0).json();
  EXPECT_EQ(searched["searchType"].text(), "VECTOR");
  EXPECT_EQ(searched["limit"].integer(), 7);
  const auto asked = seen.to("POST", "/openai-proxy/chat/completions").at(0).json();
  EXPECT_EQ(asked["model"].text(), "M");
  EXPECT_EQ(asked["temperature"].number(), 1.0);
  EXPECT_EQ(asked["messages"][0]["content"].text(), "Be brief.\n\n\nContext:\nää🙂\n---\nb");
}

TEST(KnowledgeAssistant, SearchesWhereTheSpaceAllows) {
  FakeHost host;
  auto event = FakeEvent::from_body(R"({"id": "evt_1", "event": "unique.chat.external-module.chosen", "userId": "u",
      "companyId": "c", "payload": {"name": "KnowledgeAssistant", "chatid": "chat_1", "assistantId": "a",
      "userMessage": {"id": "m1", "text": "why?"}, "assistantMessage": {"id": "msg_assistant"},
      "metadataFilter": {"path": ["country"], "operator": "equals", "value": "CH"}}})");
  const Seen seen = run(host, event);
  EXPECT_EQ(seen.ended.status, MODHOST_OK);
  EXPECT_EQ(seen.to("POST", "/search/search").at(0).json()["metaDataFilter"]["value"].text(), "CH");
}

// The host writes the apology; the plugin says that it failed, and closes its step.
TEST(KnowledgeAssistant, AFailingSearchFailsTheStepAndTheEvent) {
  FakeHost host;
  host.answer("POST", "/search/search", Answer{.status = 400, .body = R"({"error":{"message":"no index"}})"});
  const Seen seen = run(host);
  EXPECT_EQ(seen.ended.status, MODHOST_E_INTERNAL);
  EXPECT_EQ(seen.ended.detail, "POST /search/search: InvalidRequestError 400: no index");
  EXPECT_EQ(seen.to("PATCH", "/message-log/log_1").at(0).body, R"({"status":"FAILED"})");
  EXPECT_TRUE(seen.to("PATCH", "/messages/msg_assistant").empty());
  EXPECT_EQ(seen.calls.size(), 3u);
}

TEST(KnowledgeAssistant, AModelThatFailsMidAnswerFailsTheStepAndTheEvent) {
  const std::vector<Answer> answers = {
      {.status = 500, .body = R"({"error":{"message":"down"}})"},
      model({kAnswer[0], "data: {\"error\":{\"message\":\"overloaded\"}}\n\n"}),
      model({kAnswer[0]}),
      {.result = MODHOST_E_NETWORK, .detail = "reset"},
      model({"data: [DONE]\n\n"}),
  };
  for (std::size_t i = 0; i < answers.size(); ++i) {
    FakeHost host;
    host.answer("POST", "/openai-proxy/chat/completions", answers[i]);
    const Seen seen = run(host);
    EXPECT_EQ(seen.ended.status, i == 4 ? MODHOST_E_INTERNAL : MODHOST_E_RETRY) << seen.ended.detail;
    EXPECT_EQ(seen.to("PATCH", "/message-log/log_2").at(0).body, R"({"status":"FAILED"})");
    for (const Call& call : seen.to("PATCH", "/messages/msg_assistant")) EXPECT_FALSE(call.json()["text"]) << i;
  }
}

TEST(KnowledgeAssistant, AStepThatCannotBeWrittenStopsNothing) {
  FakeHost host;
  host.answer("POST", "/message-log", Answer{.status = 404});
  host.answer("POST", "/search/search", Answer{.body = kFound});
  host.answer("POST", "/openai-proxy/chat/completions", model(kAnswer));
  PluginUnderTest plugin(host, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(FakeEvent::chat("why?")).status, MODHOST_OK);
  for (const Call& call : host.calls()) EXPECT_NE(call.target.substr(0, 13), "/message-log/");
}

// Every call is held up in turn, and the answer after its first piece; the user presses stop.
TEST(KnowledgeAssistant, StopsWhereverItIs) {
  struct Point {
    const char *method, *target;
  };
  for (const Point& point :
       {Point{"POST", "/message-log"}, Point{"POST", "/search/search"}, Point{"PATCH", "/message-log/log_1"},
        Point{"POST", "/openai-proxy/chat/completions"}, Point{"PATCH", "/message-log/log_2"},
        Point{"PATCH", "/messages/"}, Point{"POST", "/messages/"}}) {
    FakeHost host;
    host.answer(point.method, point.target, Answer{.is_held = true});
    script(host);
    PluginUnderTest plugin(host, PLUGIN_FILE);
    const auto running = plugin.begin(FakeEvent::chat("why?"));
    const auto is_there = [&] {
      for (const Call& call : host.calls())
        if (call.method == point.method && call.target.starts_with(point.target)) return true;
      return false;
    };
    while (!is_there()) host.advance(100ms);
    plugin.cancel(running, MODHOST_CANCEL_USER);
    EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED) << point.target;
    for (const Call& call : host.calls())
      EXPECT_FALSE(call.target == "/messages/msg_assistant" && call.json()["completedAt"]) << point.target;
  }
}

TEST(KnowledgeAssistant, StopsWhileTheModelWrites) {
  FakeHost host;
  Answer answer = model(kAnswer);
  answer.held_at = 2;
  host.answer("POST", "/openai-proxy/chat/completions", answer);
  script(host);
  {
    PluginUnderTest plugin(host, PLUGIN_FILE);
    const auto running = plugin.begin(FakeEvent::chat("why?"));
    const auto shown = [&] {
      return !host.calls().empty() && host.calls().back().target == "/messages/msg_assistant/event";
    };
    while (!shown()) host.advance(100ms);
    plugin.cancel(running, MODHOST_CANCEL_USER);
    EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED);
  }
  EXPECT_EQ(host.unfinished_calls(), 0u) << "the model is told to stop too";
}

TEST(KnowledgeAssistant, LeavesOtherEventsAlone) {
  FakeHost host;
  auto event = FakeEvent::chat("hello");
  event.name = "unique.chat.user-message.created";
  EXPECT_EQ(run(host, event).calls.size(), 0u);
}

TEST(KnowledgeAssistant, RefusesAWrongConfiguration) {
  FakeHost host(R"({"limit": "three"})");
  EXPECT_THROW(PluginUnderTest(host, PLUGIN_FILE), std::runtime_error);
}

}  // namespace
