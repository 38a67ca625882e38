#include <gtest/gtest.h>

#include <modhost/testing.hpp>

namespace {

using modhost::testing::Answer;
using modhost::testing::Call;
using modhost::testing::Ended;
using modhost::testing::FakeEvent;
using modhost::testing::FakeHost;
using modhost::testing::PluginUnderTest;

// The user answers so after two looks.
void script(FakeHost& host, const std::string& answer) {
  host.answer("POST", "/message-log", Answer{.status = 201, .body = R"({"id": "log_1"})"});
  host.answer("POST", "/elicitation", Answer{.status = 201, .body = R"({"id": "e_1", "status": "PENDING"})"});
  host.answer("GET", "/elicitation/e_1", Answer{.body = R"({"id": "e_1", "status": "PENDING"})"});
  host.answer("GET", "/elicitation/e_1", Answer{.body = R"({"id": "e_1", "status": "PENDING"})"});
  host.answer("GET", "/elicitation/e_1", Answer{.body = answer});
  host.answer("POST", "/openai/chat/completions",
              Answer{.body = R"({"choices": [{"message": {"content": "Dear board, ..."}}]})"});
}
const Call& last(const std::vector<Call>& calls, std::string_view method, std::string_view target) {
  for (auto call = calls.rbegin(); call != calls.rend(); ++call)
    if (call->method == method && call->target.starts_with(target)) return *call;
  throw std::runtime_error("no " + std::string(method) + " " + std::string(target));
}

TEST(AskUser, AnswersWithWhatWasChosen) {
  FakeHost host;
  script(host, R"({"id": "e_1", "status": "ACCEPTED", "responseContent": {"audience": "the board"}})");
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const Ended ended = plugin.run(FakeEvent::chat("Write about the lease"));
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  const auto calls = host.calls();
  const auto asked = last(calls, "POST", "/elicitation").json();
  EXPECT_EQ(asked["mode"].text(), "FORM");
  EXPECT_EQ(asked["metadata"]["messageLogId"].text(), "log_1") << "or the chat does not show it";
  EXPECT_EQ(asked["schema"]["required"][0].text(), "audience");
  EXPECT_EQ(asked["expiresInSeconds"].integer(), 60);
  EXPECT_EQ(last(calls, "GET", "/elicitation/e_1").time, std::chrono::seconds(2)) << "a second between two looks";
  EXPECT_EQ(last(calls, "PATCH", "/message-log/log_1").json()["status"].text(), "COMPLETED");
  const auto prompt = last(calls, "POST", "/openai").json();
  EXPECT_EQ(prompt["messages"][0]["content"].text(), R"(The reader chose: {"audience":"the board"})");
  EXPECT_EQ(prompt["messages"][1]["content"].text(), "Write about the lease");
  EXPECT_EQ(last(calls, "PATCH", "/messages/msg_assistant").json()["text"].text(), "Dear board, ...");
}

TEST(AskUser, TakesNoForAnAnswer) {
  for (const std::string status : {"DECLINED", "CANCELLED", "EXPIRED"}) {
    FakeHost host;
    script(host, R"({"id": "e_1", "status": ")" + status + "\"}");
    PluginUnderTest plugin(host, PLUGIN_FILE);
    EXPECT_EQ(plugin.run(FakeEvent::chat("Write about the lease")).status, MODHOST_OK) << status;
    const auto calls = host.calls();
    EXPECT_THROW(last(calls, "POST", "/openai"), std::runtime_error) << "the model is not asked";
    EXPECT_TRUE(last(calls, "PATCH", "/message-log/log_1").json()["text"].text().ends_with(status));
    EXPECT_TRUE(last(calls, "PATCH", "/messages/msg_assistant").json()["text"].text().starts_with("All right"));
  }
}

TEST(AskUser, AsksWhatIsConfigured) {
  FakeHost host(R"({"question": "Which year?", "seconds": 5, "schema": {"type": "object", "properties": {}}})");
  script(host, R"({"id": "e_1", "status": "EXPIRED"})");
  PluginUnderTest plugin(host, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(FakeEvent::chat("Write")).status, MODHOST_OK);
  const auto asked = last(host.calls(), "POST", "/elicitation").json();
  EXPECT_EQ(asked["message"].text(), "Which year?");
  EXPECT_EQ(asked["expiresInSeconds"].integer(), 5);
  EXPECT_EQ(asked["schema"].dump(), R"({"type":"object","properties":{}})");
}

TEST(AskUser, WhatFailsFailsTheStepToo) {
  FakeHost host;
  host.answer("POST", "/elicitation", Answer{.status = 403, .body = R"({"error": {"message": "not here"}})"});
  script(host, "{}");
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const Ended ended = plugin.run(FakeEvent::chat("Write"));
  EXPECT_EQ(ended.status, MODHOST_E_INTERNAL);
  EXPECT_NE(ended.detail.find("not here"), std::string::npos);
  EXPECT_EQ(last(host.calls(), "PATCH", "/message-log/log_1").json()["status"].text(), "FAILED");
}

TEST(AskUser, StopsWhereverItIs) {
  for (const char* target : {"/message-log", "/elicitation", "/elicitation/e_1", "/openai", "/messages/"}) {
    FakeHost host;
    const std::string_view place = target;
    const char* method = place == "/elicitation/e_1" ? "GET" : place == "/messages/" ? "PATCH" : "POST";
    host.answer(method, target, Answer{.is_held = true});
    script(host, R"({"id": "e_1", "status": "ACCEPTED", "responseContent": {}})");
    PluginUnderTest plugin(host, PLUGIN_FILE);
    const auto running = plugin.begin(FakeEvent::chat("Write"));
    while (host.calls().empty() || !host.calls().back().target.starts_with(place) ||
           host.calls().back().method != method)
      host.advance(std::chrono::seconds(1));
    plugin.cancel(running, MODHOST_CANCEL_USER);
    EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED) << target;
  }
}

}  // namespace
