#include <gtest/gtest.h>

#include <modhost/testing.hpp>

namespace {

using modhost::testing::Answer;
using modhost::testing::Call;
using modhost::testing::Ended;
using modhost::testing::FakeEvent;
using modhost::testing::FakeHost;
using modhost::testing::PluginUnderTest;

constexpr const char* kFiles = R"([
  {"id": "cont_a", "title": "lease.pdf", "mimeType": "application/pdf",
   "chunks": [{"order": 2, "text": "ends"}, {"order": 1, "text": "begins"}]},
  {"id": "cont_b", "key": "note.txt", "mimeType": "text/plain", "chunks": []},
  {"id": "cont_c", "title": "scan.pdf", "mimeType": "application/pdf", "chunks": []}])";

FakeEvent question(std::string_view parameters = "null") {
  return FakeEvent::from_body(R"({"id": "evt_1", "event": "unique.chat.external-module.chosen", "userId": "u",
      "companyId": "c", "payload": {"name": "FileSummary", "chatId": "chat_1", "assistantId": "a",
      "userMessage": {"id": "m1", "text": "Sum up"}, "assistantMessage": {"id": "msg_1"},
      "additionalParameters": )" +
                              std::string(parameters) + "}}");
}
void script(FakeHost& host) {
  host.answer("POST", "/content/search", Answer{.body = kFiles});
  host.answer("GET", "/content/cont_b/file", Answer{.pieces = {"a no", "te ää"}});
  host.answer(
      "POST", "/openai-proxy/chat/completions",
      Answer{.headers = "content-type: text/event-stream\n",
             .pieces = {"data: {\"choices\":[{\"delta\":{\"content\":\"In short\"}}]}\n\n", "data: [DONE]\n\n"}});
}
std::vector<Call> calls_to(const FakeHost& host, std::string_view target) {
  std::vector<Call> found;
  for (const Call& call : host.calls())
    if (call.target.starts_with(target)) found.push_back(call);
  return found;
}
std::string asked(const FakeHost& host) {
  return calls_to(host, "/openai").at(0).json()["messages"][1]["content"].text();
}

TEST(FileSummary, SumsUpTheFilesOfTheChat) {
  FakeHost host;
  script(host);
  PluginUnderTest plugin(host, PLUGIN_FILE);
  const Ended ended = plugin.run(question());
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  EXPECT_EQ(host.calls().at(0).body, R"({"where":{"ownerId":{"equals":"chat_1"}},"chatId":"chat_1"})");
  EXPECT_EQ(asked(host), "Sum up\n\n# lease.pdf\nbegins\nends\n\n\n# note.txt\na note ää");
  EXPECT_EQ(calls_to(host, "/content/cont_b").at(0).target, "/content/cont_b/file?chatId=chat_1");
  const Call stored = host.calls().back();
  EXPECT_EQ(stored.target, "/messages/msg_1");
  EXPECT_EQ(stored.json()["text"].text(), "In short");
  EXPECT_TRUE(stored.json()["completedAt"]);
}

TEST(FileSummary, TakesTheFilesThatWerePicked) {
  FakeHost host;
  script(host);
  PluginUnderTest plugin(host, PLUGIN_FILE);
  EXPECT_EQ(
      plugin.run(question(R"({"uploadedFiles": [{"id": "cont_a"}], "selectedUploadedFiles": [{"id": "cont_b"}]})"))
          .status,
      MODHOST_OK);
  EXPECT_EQ(asked(host), "Sum up\n\n# note.txt\na note ää");
}

TEST(FileSummary, StopsADownloadThatIsTooLong) {
  FakeHost host(R"({"bytes_max": 8})");
  script(host);
  {
    PluginUnderTest plugin(host, PLUGIN_FILE);
    EXPECT_EQ(plugin.run(question(R"({"uploadedFiles": [{"id": "cont_b"}]})")).status, MODHOST_OK);
  }
  EXPECT_EQ(asked(host), "Sum up\n\n# note.txt\na note ") << "no half of a character";
  EXPECT_EQ(host.unfinished_calls(), 0u);
}

TEST(FileSummary, SaysThatThereIsNothingToRead) {
  FakeHost host;
  host.answer("POST", "/content/search", Answer{.body = "[]"});
  PluginUnderTest plugin(host, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(question()).status, MODHOST_OK);
  EXPECT_EQ(host.calls().back().json()["text"].text(),
            "There is no file in this chat that can be read yet. Upload one, or ask again in a moment.");
  EXPECT_TRUE(calls_to(host, "/openai").empty());
}

TEST(FileSummary, FailsWithWhatItCalls) {
  for (const char* target : {"/content/search", "/content/cont_b/file", "/openai-proxy/chat/completions"}) {
    FakeHost host;
    host.answer(std::string_view(target).ends_with("file") ? "GET" : "POST", target, Answer{.status = 503});
    script(host);
    PluginUnderTest plugin(host, PLUGIN_FILE);
    EXPECT_EQ(plugin.run(question()).status, MODHOST_E_RETRY) << target;
  }
  FakeHost gone;
  gone.answer("GET", "/content/cont_b/file", Answer{.status = 404});
  script(gone);
  PluginUnderTest plugin(gone, PLUGIN_FILE);
  EXPECT_EQ(plugin.run(question()).detail, "the download of a file answers 404");
}

TEST(FileSummary, StopsWhereverItIs) {
  for (const char* target : {"/content/search", "/content/cont_b/file", "/openai-proxy/chat/completions"}) {
    FakeHost host;
    host.answer(std::string_view(target).ends_with("file") ? "GET" : "POST", target,
                Answer{.pieces = {"x", "y"}, .held_at = 1});
    script(host);
    PluginUnderTest plugin(host, PLUGIN_FILE);
    const auto running = plugin.begin(question());
    while (calls_to(host, target).empty()) host.advance(std::chrono::seconds(1));
    plugin.cancel(running, MODHOST_CANCEL_USER);
    EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED) << target;
  }
}

}  // namespace
