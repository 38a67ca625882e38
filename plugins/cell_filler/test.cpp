#include <gtest/gtest.h>

#include <modhost/testing.hpp>

namespace {

using modhost::testing::Answer;
using modhost::testing::Ended;
using modhost::testing::FakeEvent;
using modhost::testing::FakeHost;
using modhost::testing::PluginUnderTest;

// The fake host calls the module TestModule.
FakeEvent changed(int row, int column, std::string_view data, const std::string& module = "TestModule") {
  return FakeEvent::from_body(R"({"id": "evt_1", "event": "unique.magic-table.update-cell", "userId": "u",
      "companyId": "c", "payload": {"name": ")" +
                              module + R"(", "chatId": "chat_1", "assistantId": "a", "metadataFilter": null,
      "sheetName": "Vendors", "action": "UpdateCell", "tableId": "sheet_1",
      "metadata": {"sheetType": "DEFAULT", "sourceFileIds": ["cont_a", "cont_b"], "context": "Answer as the vendor."},
      "columnOrder": )" + std::to_string(column) +
                              ", \"rowOrder\": " + std::to_string(row) +
                              ", \"data\": " + modhost::JsonText(data).text() + "}}");
}
void script(FakeHost& host, const std::string& state = "IDLE") {
  host.answer("GET", "/magic-table/sheet_1", Answer{.body = R"({"state": ")" + state + "\"}"});
  host.answer("POST", "/search/search", Answer{.body = R"([{"text": "AES-256 everywhere."}])"});
  host.answer("POST", "/openai/chat/completions",
              Answer{.body = R"({"choices": [{"message": {"content": "Yes, AES-256."}}]})"});
}

// What happened to the table, in order: its states, its activities, its cells.
std::vector<std::string> steps(const FakeHost& host) {
  std::vector<std::string> seen;
  for (const auto& call : host.calls()) {
    if (call.method != "POST" || !call.target.starts_with("/magic-table/sheet_1")) continue;
    const auto body = call.json();
    if (call.target.ends_with("/cell"))
      seen.push_back("cell " + body["text"].text());
    else if (call.target.ends_with("/activity"))
      seen.push_back(body["activity"].text() + " " + body["status"].text());
    else
      seen.push_back(body["state"].text());
  }
  return seen;
}
using Steps = std::vector<std::string>;

TEST(CellFiller, FillsTheAnswerOfAQuestion) {
  FakeHost host;
  script(host);
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const Ended ended = plugin.run(changed(7, 1, "Is data encrypted?"));
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 8u);
  EXPECT_EQ(calls[0].target, "/magic-table/sheet_1?tableId=sheet_1&includeCells=False");
  EXPECT_EQ(calls[2].body, R"({"tableId":"sheet_1","activity":"UpdateCell","status":"IN_PROGRESS",)"
                           R"("text":"Looking for an answer"})");
  EXPECT_EQ(calls[3].body, R"({"searchString":"Is data encrypted?","searchType":"COMBINED","limit":5,)"
                           R"("contentIds":["cont_a","cont_b"]})");
  EXPECT_TRUE(calls[4].json()["messages"][0]["content"].text().ends_with(
      "Context:\nAnswer as the vendor.\n---\nAES-256 everywhere."));
  EXPECT_EQ(calls[5].target, "/magic-table/sheet_1/cell");
  EXPECT_EQ(calls[5].body, R"({"tableId":"sheet_1","rowOrder":7,"columnOrder":2,"text":"Yes, AES-256."})");
  EXPECT_EQ(steps(host),
            (Steps{"PROCESSING", "UpdateCell IN_PROGRESS", "cell Yes, AES-256.", "UpdateCell COMPLETED", "IDLE"}));
  EXPECT_TRUE(host.key_values().empty()) << "no mark is left";
}

TEST(CellFiller, LeavesTablesOfOtherModulesAlone) {
  FakeHost host;
  PluginUnderTest plugin(host, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(changed(7, 1, "Is data encrypted?", "rfp_agent")).status, MODHOST_OK);
  EXPECT_EQ(plugin.run(changed(7, 1, "Is data encrypted?", "")).status, MODHOST_OK);
  EXPECT_TRUE(host.calls().empty()) << "not even a look at it";

  FakeHost named(R"({"names": ["rfp_agent", "dd_agent"]})");
  script(named);
  PluginUnderTest agent(named, PLUGIN_FILE);
  EXPECT_EQ(agent.run(changed(7, 1, "Is data encrypted?")).status, MODHOST_OK) << "its own name is not among them";
  EXPECT_TRUE(named.calls().empty());
  EXPECT_EQ(agent.run(changed(7, 1, "Is data encrypted?", "rfp_agent")).status, MODHOST_OK);
  EXPECT_EQ(steps(named).back(), "IDLE");
}

TEST(CellFiller, ATableThatIsNotIdleIsLocked) {
  const std::pair<std::string, int> states[] = {{"PROCESSING", MODHOST_E_RETRY},
                                                {"STOPPED_BY_USER", MODHOST_E_INTERNAL}};
  for (const auto& [state, status] : states) {
    FakeHost host;
    script(host, state);
    PluginUnderTest plugin(host, PLUGIN_FILE);
    const Ended ended = plugin.run(changed(7, 1, "Is data encrypted?"));
    EXPECT_EQ(ended.status, status) << state;
    EXPECT_EQ(ended.detail, "table sheet_1 is locked: " + state);
    EXPECT_EQ(host.calls().size(), 1u) << "it was only looked at";
  }
}

TEST(CellFiller, OneEventOfATableAtATime) {
  FakeHost host;
  host.answer("POST", "/search/search", Answer{.is_held = true});
  script(host);
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const auto first = plugin.begin(changed(7, 1, "one?"));
  host.await_calls(4);
  const Ended second = plugin.run(changed(8, 1, "two?"));
  EXPECT_EQ(second.status, MODHOST_E_RETRY);
  EXPECT_EQ(second.detail, "table sheet_1 is locked by another event");
  host.release();
  EXPECT_EQ(plugin.await(first).status, MODHOST_OK);
}

// A cancelled event can make no call any more: the next one finds the table as it was left, and knows whose it was.
TEST(CellFiller, TakesOverWhatItLeftBehind) {
  FakeHost host;
  host.answer("POST", "/search/search", Answer{.is_held = true});
  host.answer("POST", "/search/search", Answer{.body = "[]"});
  host.answer("GET", "/magic-table/sheet_1", Answer{.body = R"({"state": "IDLE"})"});
  script(host, "PROCESSING");
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const auto cut_off = plugin.begin(changed(7, 1, "one?"));
  host.await_calls(4);
  plugin.cancel(cut_off, MODHOST_CANCEL_DEADLINE);
  EXPECT_EQ(plugin.await(cut_off).status, MODHOST_E_CANCELLED);
  EXPECT_EQ(steps(host).back(), "UpdateCell IN_PROGRESS");
  EXPECT_EQ(host.key_values().at("processing:sheet_1"), "evt_1");
  host.cancel(0);
  EXPECT_EQ(plugin.run(changed(7, 1, "one?")).status, MODHOST_OK);
  EXPECT_EQ(steps(host).back(), "IDLE");
  EXPECT_TRUE(host.key_values().empty());
}

TEST(CellFiller, GivesTheTableBackWhateverFails) {
  for (const std::string target : {"/magic-table/sheet_1/activity", "/magic-table/sheet_1/cell"}) {
    FakeHost host;
    host.answer("POST", target, Answer{.status = 400});
    script(host);
    PluginUnderTest plugin(host, PLUGIN_FILE);
    const bool is_cell = target.ends_with("/cell");
    EXPECT_EQ(plugin.run(changed(7, 1, "?")).status, is_cell ? MODHOST_E_INTERNAL : MODHOST_OK) << target;
    EXPECT_EQ(steps(host).at(3), is_cell ? "UpdateCell FAILED" : "UpdateCell COMPLETED");
    EXPECT_EQ(steps(host).back(), "IDLE") << target;
    EXPECT_TRUE(host.key_values().empty());
  }
}

TEST(CellFiller, LeavesOtherCellsAlone) {
  FakeHost host;
  PluginUnderTest plugin(host, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(changed(7, 2, "its own answer")).status, MODHOST_OK);
  EXPECT_EQ(plugin.run(changed(0, 1, "the name of the column")).status, MODHOST_OK);
  EXPECT_EQ(plugin.run(changed(7, 1, "")).status, MODHOST_OK);
  EXPECT_EQ(plugin.run(FakeEvent::chat("hello")).status, MODHOST_OK);
  EXPECT_TRUE(host.calls().empty());
}

TEST(CellFiller, TriesAgainAndSaysSoAtTheEnd) {
  for (const char* target : {"/search/search", "/openai/chat/completions"}) {
    FakeHost host;
    host.answer("POST", target, Answer{.status = 503});
    host.answer("POST", target, Answer{.status = 503});
    script(host);
    PluginUnderTest plugin(host, PLUGIN_FILE);
    auto event = changed(7, 1, "Is data encrypted?");
    EXPECT_EQ(plugin.run(event).status, MODHOST_E_RETRY);
    EXPECT_EQ(steps(host), (Steps{"PROCESSING", "UpdateCell IN_PROGRESS", "UpdateCell FAILED", "IDLE"}));
    event.attempt = event.max_attempts;
    EXPECT_EQ(plugin.run(event).status, MODHOST_E_RETRY);
    EXPECT_EQ(steps(host).at(6), "cell The answer could not be found out.");
    EXPECT_EQ(steps(host).back(), "IDLE");
  }
  FakeHost refused;
  refused.answer("POST", "/search/search", Answer{.status = 400});
  script(refused);
  PluginUnderTest plugin(refused, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(changed(7, 1, "?")).status, MODHOST_E_INTERNAL);
  EXPECT_EQ(steps(refused).at(2), "cell The answer could not be found out.");
  EXPECT_EQ(steps(refused).back(), "IDLE");
}

TEST(CellFiller, StopsWhereverItIs) {
  for (const char* target :
       {"/search/search", "/openai/chat/completions", "/magic-table/sheet_1/cell", "/magic-table/sheet_1/activity"}) {
    FakeHost host;
    host.answer("POST", target, Answer{.is_held = true});
    script(host);
    PluginUnderTest plugin(host, PLUGIN_FILE);
    const auto running = plugin.begin(changed(7, 1, "?"));
    while (host.calls().empty() || !host.calls().back().target.starts_with(target))
      host.advance(std::chrono::seconds(1));
    plugin.cancel(running, MODHOST_CANCEL_SUPERSEDED);
    EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED) << target;
  }
}

TEST(CellFiller, RefusesToAskItself) {
  FakeHost host(R"({"question_column": 3, "answer_column": 3})");
  EXPECT_THROW(PluginUnderTest(host, PLUGIN_FILE), std::runtime_error);
}

}  // namespace
