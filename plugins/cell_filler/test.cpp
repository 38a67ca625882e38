#include <gtest/gtest.h>

#include <modhost/testing.hpp>

namespace {

using modhost::testing::Answer;
using modhost::testing::Ended;
using modhost::testing::FakeEvent;
using modhost::testing::FakeHost;
using modhost::testing::PluginUnderTest;

FakeEvent changed(int row, int column, std::string_view data) {
  return FakeEvent::from_body(R"({"id": "evt_1", "event": "unique.magic-table.update-cell", "userId": "u",
      "companyId": "c", "payload": {"name": "rfp_agent", "chatId": "chat_1", "assistantId": "a", "metadataFilter": null,
      "sheetName": "Vendors", "action": "UpdateCell", "tableId": "sheet_1",
      "metadata": {"sheetType": "DEFAULT", "sourceFileIds": ["cont_a", "cont_b"], "context": "Answer as the vendor."},
      "columnOrder": )" + std::to_string(column) +
                              ", \"rowOrder\": " + std::to_string(row) +
                              ", \"data\": " + modhost::JsonText(data).text() + "}}");
}
void script(FakeHost& host) {
  host.answer("POST", "/search/search", Answer{.body = R"([{"text": "AES-256 everywhere."}])"});
  host.answer("POST", "/openai/chat/completions",
              Answer{.body = R"({"choices": [{"message": {"content": "Yes, AES-256."}}]})"});
}

TEST(CellFiller, FillsTheAnswerOfAQuestion) {
  FakeHost host;
  script(host);
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const Ended ended = plugin.run(changed(7, 1, "Is data encrypted?"));
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  const auto calls = host.calls();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].body, R"({"searchString":"Is data encrypted?","searchType":"COMBINED","limit":5,)"
                           R"("contentIds":["cont_a","cont_b"]})");
  EXPECT_TRUE(calls[1].json()["messages"][0]["content"].text().ends_with(
      "Context:\nAnswer as the vendor.\n---\nAES-256 everywhere."));
  EXPECT_EQ(calls[2].target, "/magic-table/sheet_1/cell");
  EXPECT_EQ(calls[2].body, R"({"tableId":"sheet_1","rowOrder":7,"columnOrder":2,"text":"Yes, AES-256."})");
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
    EXPECT_FALSE(host.calls().back().target.starts_with("/magic-table"));
    event.attempt = event.max_attempts;
    EXPECT_EQ(plugin.run(event).status, MODHOST_E_RETRY);
    EXPECT_EQ(host.calls().back().json()["text"].text(), "The answer could not be found out.");
  }
  FakeHost refused;
  refused.answer("POST", "/search/search", Answer{.status = 400});
  PluginUnderTest plugin(refused, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(changed(7, 1, "?")).status, MODHOST_E_INTERNAL);
  EXPECT_EQ(refused.calls().back().json()["text"].text(), "The answer could not be found out.");
}

TEST(CellFiller, StopsWhereverItIs) {
  for (const char* target : {"/search/search", "/openai/chat/completions", "/magic-table/"}) {
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
