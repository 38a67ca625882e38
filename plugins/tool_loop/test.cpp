#include <gtest/gtest.h>

#include <modhost/testing.hpp>

namespace {

using modhost::testing::Answer;
using modhost::testing::Call;
using modhost::testing::Ended;
using modhost::testing::FakeEvent;
using modhost::testing::FakeHost;
using modhost::testing::PluginUnderTest;

const std::string kModel = "/openai/chat/completions";

// The model wants these tools called, {"id": "search", "arguments": "{...}"}.
Answer calls(const std::vector<std::pair<std::string, std::string>>& wanted) {
  std::vector<modhost::JsonText> all;
  for (const auto& [name, arguments] : wanted)
    all.push_back(
        modhost::object("id", "call_" + name, "function", modhost::object("name", name, "arguments", arguments)));
  const auto message = modhost::object("content", nullptr, "toolCalls", modhost::array(all));
  return Answer{.body = modhost::object("choices", modhost::array({modhost::object("message", message)})).text()};
}
Answer says(const std::string& text) {
  return Answer{.body = R"({"choices": [{"message": {"content": ")" + text + R"("}}]})"};
}
void script(FakeHost& host) {
  host.answer("POST", "/message-log", Answer{.status = 201, .body = R"({"id": "log_1"})"});
  host.answer("POST", "/search/search", Answer{.body = R"([{"title": "lease.pdf", "text": "six months"}])"});
}
std::vector<Call> calls_to(const FakeHost& host, const std::string& method, const std::string& target) {
  std::vector<Call> found;
  for (const Call& call : host.calls())
    if (call.method == method && call.target.starts_with(target)) found.push_back(call);
  return found;
}
std::string stored(const FakeHost& host) {
  return calls_to(host, "PATCH", "/messages/msg_assistant").at(0).json()["text"].text();
}

TEST(ToolLoop, CallsWhatTheModelWantsAndThenAnswers) {
  FakeHost host;
  script(host);
  host.answer("POST", kModel, calls({{"search", R"({"query": "notice period"})"}, {"today", ""}}));
  host.answer("POST", kModel, says("Six months."));
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const Ended ended = plugin.run(FakeEvent::chat("How long is the notice period?"));
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  EXPECT_EQ(stored(host), "Six months.");
  EXPECT_EQ(calls_to(host, "POST", "/search/search").at(0).json()["searchString"].text(), "notice period");
  const auto asked = calls_to(host, "POST", kModel);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[0].json()["options"]["tools"].size(), 2u);
  const auto again = asked[1].json();
  ASSERT_EQ(again["messages"].size(), 5u);
  EXPECT_EQ(again["messages"][2]["tool_calls"][0]["function"]["name"].text(), "search");
  EXPECT_EQ(again["messages"][3]["role"].text(), "tool");
  EXPECT_EQ(again["messages"][3]["tool_call_id"].text(), "call_search");
  EXPECT_NE(again["messages"][3]["content"].text().find("six months"), std::string::npos);
  EXPECT_EQ(again["messages"][4]["content"].text().size(), std::string("2025-10-09").size());
  const auto kept = calls_to(host, "POST", "/messages/tools").at(0).json();
  ASSERT_EQ(kept["tools"].size(), 2u);
  EXPECT_EQ(kept["tools"][0]["functionName"].text(), "search");
  EXPECT_EQ(kept["tools"][1]["sequenceIndex"].integer(), 1);
  for (const Call& step : calls_to(host, "PATCH", "/message-log")) EXPECT_EQ(step.json()["status"].text(), "COMPLETED");
}

TEST(ToolLoop, HasToAnswerInTheLastRound) {
  FakeHost host(R"({"rounds": 2})");
  script(host);
  host.answer("POST", kModel, calls({{"today", "{}"}}));
  host.answer("POST", kModel, calls({{"today", "{}"}}));
  host.answer("POST", kModel, says("I give up."));
  PluginUnderTest plugin(host, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(FakeEvent::chat("What day is it?")).status, MODHOST_OK);
  const auto asked = calls_to(host, "POST", kModel);
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_FALSE(asked[2].json()["options"]) << "no tools any more";
  EXPECT_EQ(stored(host), "I give up.");
}

TEST(ToolLoop, AFailedToolIsTheModelsToKnow) {
  FakeHost host;
  host.answer("POST", "/search/search", Answer{.status = 400});
  script(host);
  host.answer("POST", kModel, calls({{"search", R"({"query": "x"})"}, {"fly", "{}"}, {"search", "no JSON"}}));
  host.answer("POST", kModel, says("I do not know."));
  PluginUnderTest plugin(host, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(FakeEvent::chat("?")).status, MODHOST_OK);
  const auto again = calls_to(host, "POST", kModel).at(1).json();
  for (const std::size_t i : {3, 4, 5}) EXPECT_EQ(again["messages"][i]["content"].text(), "The tool failed.") << i;
  EXPECT_EQ(calls_to(host, "PATCH", "/message-log").at(0).json()["status"].text(), "FAILED");
  EXPECT_EQ(host.logs().size(), 3u);
  EXPECT_EQ(stored(host), "I do not know.");
}

TEST(ToolLoop, FailsWithTheModel) {
  for (const auto& [status, expected] : {std::pair{503, MODHOST_E_RETRY}, {400, MODHOST_E_INTERNAL}}) {
    FakeHost host;
    host.answer("POST", kModel, Answer{.status = status});
    PluginUnderTest plugin(host, PLUGIN_FILE);
    EXPECT_EQ(plugin.run(FakeEvent::chat("?")).status, expected);
  }
  FakeHost silent;
  silent.answer("POST", kModel, says(""));
  PluginUnderTest plugin(silent, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(FakeEvent::chat("?")).detail, "the model said nothing");
}

TEST(ToolLoop, StopsWhereverItIs) {
  for (const std::string target : {"/openai", "/message-log", "/search/search", "/messages/tools"}) {
    FakeHost host;
    host.answer("POST", target, Answer{.is_held = true});
    script(host);
    host.answer("POST", kModel, calls({{"search", R"({"query": "x"})"}}));
    host.answer("POST", kModel, says("Yes."));
    PluginUnderTest plugin(host, PLUGIN_FILE);
    const auto running = plugin.begin(FakeEvent::chat("?"));
    while (host.calls().empty() || !host.calls().back().target.starts_with(target))
      host.advance(std::chrono::seconds(1));
    plugin.cancel(running, MODHOST_CANCEL_USER);
    EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED) << target;
  }
}

}  // namespace
