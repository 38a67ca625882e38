#include <gtest/gtest.h>

#include <modhost/testing.hpp>

namespace {

using modhost::testing::Answer;
using modhost::testing::Ended;
using modhost::testing::FakeEvent;
using modhost::testing::FakeHost;
using modhost::testing::PluginUnderTest;

const std::string kExecution = "/message-execution";

FakeEvent chosen(const std::string& execution) {
  return FakeEvent::from_body(R"({"id": "evt_)" + execution + R"(", "event": "unique.chat.external-module.chosen",
      "userId": "u", "companyId": "c", "payload": {"name": "QueuedReport", "chatId": "chat_1", "assistantId": "a",
      "userMessage": {"id": "m1", "text": "The lease"}, "assistantMessage": {"id": "msg_1"},
      "messageExecutionId": )" +
                              (execution.empty() ? "null" : "\"" + execution + "\"") + "}}");
}
Answer section(const std::string& text) {
  return Answer{.body = R"({"choices": [{"message": {"content": ")" + text + R"("}}]})"};
}
// What the progress bar was told: "33% Findings", "COMPLETED".
std::vector<std::string> progress(const FakeHost& host) {
  std::vector<std::string> seen;
  for (const auto& call : host.calls()) {
    if (call.method != "PATCH" || call.target != kExecution) continue;
    const auto body = call.json();
    EXPECT_EQ(body["messageId"].text(), "msg_1");
    seen.push_back(body["status"]
                       ? body["status"].text()
                       : std::to_string(body["percentageCompleted"].integer()) + "% " + body["progressTitle"].text());
  }
  return seen;
}
using Lines = std::vector<std::string>;

TEST(QueuedReport, FirstAsksForTheJobAndLeavesTheTurnOpen) {
  FakeHost host;
  host.answer("POST", kExecution, Answer{.status = 201, .body = R"({"id": "exec_1"})"});
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const Ended ended = plugin.run(chosen(""));
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  EXPECT_TRUE(ended.left_turn_open);
  ASSERT_EQ(host.calls().size(), 1u);
  const auto asked = host.calls()[0].json();
  EXPECT_EQ(asked["messageId"].text(), "msg_1");
  EXPECT_TRUE(asked["isQueueable"].is_true());
}

TEST(QueuedReport, AsksOnceHoweverOftenItRuns) {
  for (const auto& [body, calls] : {std::pair<const char*, std::size_t>{R"({"id": "exec_1"})", 1}, {"{}", 2}}) {
    FakeHost host;
    host.answer("GET", kExecution, Answer{.body = body});
    host.answer("POST", kExecution, Answer{.status = 201, .body = R"({"id": "exec_1"})"});
    PluginUnderTest plugin(host, PLUGIN_FILE);
    auto event = chosen("");
    event.flags = MODHOST_EVENT_PRIOR_RUN;
    const Ended ended = plugin.run(event);
    EXPECT_EQ(ended.status, MODHOST_OK);
    EXPECT_TRUE(ended.left_turn_open);
    EXPECT_EQ(host.calls().size(), calls) << body;
  }
}

TEST(QueuedReport, ThenWritesUnderAProgressBar) {
  FakeHost host(R"({"sections": ["Background", "Findings", "Advice"]})");
  for (const char* text : {"old", "damp", "leave"}) host.answer("POST", "/openai", section(text));
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const Ended ended = plugin.run(chosen("exec_1"));
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  EXPECT_FALSE(ended.left_turn_open) << "the host completes the turn now";
  EXPECT_EQ(progress(host), (Lines{"0% Background", "33% Findings", "66% Advice", "COMPLETED"}));
  const auto calls = host.calls();
  const auto& stored = calls.at(calls.size() - 2);
  EXPECT_EQ(stored.target, "/messages/msg_1");
  EXPECT_EQ(stored.json()["text"].text(), "## Background\n\nold\n\n## Findings\n\ndamp\n\n## Advice\n\nleave\n\n");
}

TEST(QueuedReport, GoesOnWithTheSectionThatIsMissing) {
  FakeHost host(R"({"sections": ["Background", "Findings"]})");
  host.answer("POST", "/openai", section("old"));
  host.answer("POST", "/openai", Answer{.status = 503});
  host.answer("POST", "/openai", section("damp"));
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const auto first = plugin.begin(chosen("exec_1"));
  EXPECT_EQ(plugin.await(first).status, MODHOST_E_RETRY);
  EXPECT_EQ(progress(host), (Lines{"0% Background", "50% Findings"})) << "the job goes on";
  auto again = chosen("exec_1");
  again.attempt = 2;
  again.checkpoint = host.checkpoint(first.event);
  EXPECT_EQ(plugin.run(again).status, MODHOST_OK);
  EXPECT_EQ(progress(host), (Lines{"0% Background", "50% Findings", "50% Findings", "COMPLETED"}));
  EXPECT_EQ(host.calls().at(host.calls().size() - 2).json()["text"].text(),
            "## Background\n\nold\n\n## Findings\n\ndamp\n\n");
}

TEST(QueuedReport, EndsTheJobWhenNothingFollows) {
  for (const auto& [status, attempt] : {std::pair{503, 4u}, {400, 1u}}) {
    FakeHost host;
    host.answer("POST", "/openai", Answer{.status = status});
    PluginUnderTest plugin(host, PLUGIN_FILE);
    auto event = chosen("exec_1");
    event.attempt = attempt;
    EXPECT_NE(plugin.run(event).status, MODHOST_OK);
    EXPECT_EQ(progress(host).back(), "FAILED") << status;
  }
}

TEST(QueuedReport, ABarThatStandsStillIsNoReasonToStop) {
  FakeHost host;
  host.answer("PATCH", kExecution, Answer{.status = 500});
  host.answer("POST", "/openai", section("text"));
  PluginUnderTest plugin(host, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(chosen("exec_1")).status, MODHOST_OK);
  EXPECT_EQ(host.logs().at(0).message, "the progress is not shown");
}

TEST(QueuedReport, StopsWhereverItIs) {
  for (const std::string target : {"/message-execution", "/openai", "/messages/"}) {
    FakeHost host;
    host.answer(target == "/openai" ? "POST" : "PATCH", target, Answer{.is_held = true});
    host.answer("POST", "/openai", section("text"));
    PluginUnderTest plugin(host, PLUGIN_FILE);
    const auto running = plugin.begin(chosen("exec_1"));
    while (host.calls().empty() || !host.calls().back().target.starts_with(target))
      host.advance(std::chrono::seconds(1));
    plugin.cancel(running, MODHOST_CANCEL_USER);
    EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED) << target;
  }
}

}  // namespace
