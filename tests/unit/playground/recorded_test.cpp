// The recorded traffic of the real client against the stand-in: every call is taken, those about things that were never
// made get the platform's "not found", and answers have exactly the members of the published examples.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "support/temp_dir.hpp"
#include "unit/playground/api_client.hpp"

namespace modhost::playground::test {
namespace {

using modhost::test::fixture;

// What the recording made elsewhere and this stand-in does not have.
const std::set<std::string, std::less<>> kAboutNothing = {"Content.version_download_url",
                                                          "Content.restore_version",
                                                          "Module.retrieve",
                                                          "Module.modify",
                                                          "Module.delete",
                                                          "ScheduledTask.retrieve",
                                                          "ScheduledTask.modify",
                                                          "ScheduledTask.delete",
                                                          "User.get_by_id",
                                                          "AnalyticsOrder.retrieve",
                                                          "AnalyticsOrder.delete"};

// The invented things of the recording, made here.
struct World {
  World() {
    MessageFields none;
    second = client.platform.create_message(turn.user.chat_id, client.space_id(), "ASSISTANT", none).value().id;
    LogFields fields;
    fields.text = "step";
    names = {{"message_log_1", client.platform.create_step(turn.assistant.id, fields).value().id},
             {"msg_1", turn.assistant.id},
             {"msg_2", second},
             {"chat_1", turn.user.chat_id},
             {"assistant_1", client.space_id()}};
    const std::string message = R"("messageId":")" + turn.assistant.id + R"(",)";
    client.json(201, "POST", "/message-assessment",
                "{" + message + R"("status":"PENDING","type":"HALLUCINATION","isVisible":true})");
    client.json(201, "POST", "/message-execution", "{" + message + R"("type":"DEEP_RESEARCH","isQueueable":false})");
    make("elicit_1", "/elicitation", R"({"mode":"FORM","message":"m","toolName":"t","schema":{"type":"object"}})");
    make("group_1", "/groups", R"({"name":"g"})");
    make("cont_1", "/content/upsert",
         R"({"input":{"key":"a.pdf","mimeType":"application/pdf"},"chatId":")" + turn.user.chat_id + R"("})");
    const auto folders = client.json(201, "POST", "/folder", R"({"paths":["/A/B","/A/B C","/one","/two"]})");
    const auto& made = folders["createdFolders"];
    for (const auto& [name, at] : {std::pair("scope_9", 0), {"scope_1", 2}, {"scope_2", 3}})
      names.emplace_back(name, std::string(string_member(made[at], "id")));
  }
  void make(const char* name, const char* target, const std::string& body) {
    names.emplace_back(name, std::string(string_member(client.json(201, "POST", target, body), "id")));
  }
  // Whole names only, each once: a made id may begin like a recorded one.
  std::string translated(std::string_view text) const {
    std::string made;
    while (!text.empty()) {
      const auto known = std::find_if(names.begin(), names.end(), [&](const auto& name) {
        const std::size_t size = name.first.size();
        return text.starts_with(name.first) && (text.size() == size || std::isalnum(text[size]) == 0);
      });
      made += known == names.end() ? std::string(1, text.front()) : known->second;
      text.remove_prefix(known == names.end() ? 1 : known->first.size());
    }
    return made;
  }

  ApiClient client;
  Turn turn = client.begin_turn();
  std::string second;
  std::vector<std::pair<std::string, std::string>> names;
};

TEST(RecordedCalls, AreAllTaken) {
  const auto wire = parse_json(fixture("rest-wire.json")).value();
  std::set<std::string, std::less<>> about_nothing;
  ASSERT_GT(wire["calls"].Size(), 85u);
  for (const auto& call : wire["calls"].GetArray()) {
    const std::string name(string_member(call, "call")), method(string_member(call, "method"));
    for (const char* base : {"/public/chat-gen2", ""}) {
      World world;
      world.client.base = base;
      const std::string target = world.translated(string_member(call, "target"));
      const std::string body = call["body"].IsNull() ? "" : world.translated(modhost::to_json(call["body"]));
      const auto answer = world.client.call(method, target, body);
      EXPECT_TRUE(parse_json(answer.body)) << name << "\n" << answer.body;
      if (!kAboutNothing.contains(name)) {
        EXPECT_EQ(answer.status / 100, 2) << name << " " << target << " " << body << "\n" << answer.body;
        continue;
      }
      about_nothing.insert(name);
      EXPECT_EQ(answer.status, 404) << name << " " << target << "\n" << answer.body;
      const auto error = parsed(answer);
      ASSERT_NE(find_member(error, "error"), nullptr) << answer.body;
      EXPECT_EQ(string_member(error["error"], "code"), "NOT_FOUND") << answer.body;
    }
  }
  EXPECT_EQ(about_nothing, kAboutNothing);
}

TEST(RecordedCalls, WithForeignIdsGetErrorsInThePlatformsShapes) {
  const auto wire = parse_json(fixture("rest-wire.json")).value();
  for (const auto& call : wire["calls"].GetArray()) {
    ApiClient client;
    const std::string body = call["body"].IsNull() ? "" : modhost::to_json(call["body"]);
    const auto answer =
        client.call(std::string(string_member(call, "method")), std::string(string_member(call, "target")), body);
    const auto said = parsed(answer);
    EXPECT_LT(answer.status, 500) << answer.body;
    if (answer.status < 300) continue;
    EXPECT_NE(find_member(said, "error"), nullptr) << answer.body;
  }
}

TEST(RecordedCalls, TheHeadersOfTheClientPass) {
  const auto wire = parse_json(fixture("rest-wire.json")).value();
  ApiClient client;
  client.headers.clear();
  for (const auto& header : wire["headers_get"].GetObject())
    client.headers.push_back({header.name.GetString(), header.value.GetString()});
  EXPECT_EQ(client.call("GET", "/openai/models").status, 200);
}

// "a", "b.c", "d[].e": every path of members, arrays by their first element.
void collect_paths(const rapidjson::Value& value, const std::string& prefix, std::set<std::string>& paths) {
  if (value.IsArray() && !value.Empty()) collect_paths(value[0], prefix + "[]", paths);
  if (!value.IsObject()) return;
  for (const auto& member : value.GetObject()) {
    const std::string path = prefix + "." + member.name.GetString();
    paths.insert(path);
    // Free documents: their members are the client's.
    if (path.ends_with("debugInfo") || path.ends_with("metadata") || path.ends_with("details") ||
        path.ends_with("params") || path.ends_with("uncitedReferences"))
      continue;
    collect_paths(member.value, path, paths);
  }
}

std::set<std::string> paths_of(const rapidjson::Value& value) {
  std::set<std::string> paths;
  collect_paths(value, "", paths);
  return paths;
}

class Responses : public ::testing::Test {
 protected:
  Responses() : turn(client.begin_turn("hello")), chat(turn.user.chat_id) {}
  void expect_same_members(const char* name, const http::Response& answer) const {
    EXPECT_EQ(paths_of(examples["responses"][name]), paths_of(parsed(answer))) << name << "\n" << answer.body;
  }
  std::string cited(const std::string& more = "") const {
    return R"({"chatId":")" + chat +
           R"(","text":"x<sup>1</sup>","references":[{"name":"n","description":null,"url":"u","sequenceNumber":1,)"
           R"("originalIndex":[0],"sourceId":"s","source":"s"}])" +
           more + "}";
  }

  ApiClient client;
  Turn turn;
  std::string chat;
  rapidjson::Document examples = parse_json(fixture("rest-responses.json")).value();
};

TEST_F(Responses, OfMessages) {
  expect_same_members("GET /messages", client.call("GET", "/messages?chatId=" + chat));
  expect_same_members("POST /messages/{id}/event", client.call("POST", "/messages/" + turn.assistant.id + "/event",
                                                               R"({"chatId":")" + chat + R"("})"));
  expect_same_members("PATCH /messages/{id}", client.call("PATCH", "/messages/" + turn.assistant.id, cited()));
  expect_same_members("GET /messages/{id}", client.call("GET", "/messages/" + turn.assistant.id + "?chatId=" + chat));
  expect_same_members("GET /space/{chatId}/messages/latest", client.call("GET", "/space/" + chat + "/messages/latest"));
}

TEST_F(Responses, OfStreamsIntoMessages) {
  const std::string body =
      R"("assistantId":"a","userMessageId":")" + turn.user.id + R"(","assistantMessageId":")" + turn.assistant.id +
      R"(","chatId":")" + chat +
      R"(","messages":[{"role":"system","content":"[source0] Cats sleep."},{"role":"user","content":"Do cats sleep?"}],)"
      R"("searchContext":[{"id":"cont_1","chunkId":"chunk_1","key":"a.md"}]})";
  expect_same_members("POST /integrated/chat/stream-completions",
                      client.call("POST", "/integrated/chat/stream-completions", "{" + body));
}

TEST_F(Responses, OfEverythingElse) {
  expect_same_members("POST /message-log", client.call("POST", "/message-log",
                                                       R"({"messageId":")" + turn.assistant.id +
                                                           R"(","text":"t","status":"RUNNING","order":1})"));
  expect_same_members("POST /search/search",
                      client.call("POST", "/search/search", R"({"searchString":"lease","searchType":"VECTOR"})"));
  expect_same_members("POST /search/search-string", client.call("POST", "/search/search-string", R"({"prompt":"p"})"));
  expect_same_members("POST /openai/chat/completions", client.call("POST", "/openai/chat/completions",
                                                                   R"({"messages":[{"role":"user","content":"x"}]})"));
  expect_same_members("POST /openai/embeddings", client.call("POST", "/openai/embeddings", R"({"texts":["a"]})"));
  const std::string tool = R"({"type":"function","function":{"name":"f","parameters":{"type":"object"}}})";
  expect_same_members("POST /openai/chat/completions (tool call)",
                      client.call("POST", "/openai/chat/completions",
                                  R"({"messages":[{"role":"user","content":"x"}],"options":{"tools":[)" + tool +
                                      R"(],"toolChoice":"required"}})"));
  const std::string message = R"({"messageId":")" + turn.assistant.id + R"(",)";
  expect_same_members("POST /message-execution",
                      client.call("POST", "/message-execution", message + R"("type":"DEEP_RESEARCH"})"));
  expect_same_members(
      "POST /message-assessment",
      client.call("POST", "/message-assessment", message + R"("type":"COMPLIANCE","status":"DONE","isVisible":true})"));
  expect_same_members("POST /short-term-memory",
                      client.call("POST", "/short-term-memory", R"({"memoryName":"m","chatId":"c","data":"d"})"));
  expect_same_members("POST /content/infos", client.call("POST", "/content/infos", "{}"));
  expect_same_members("GET /elicitation/pending", client.call("GET", "/elicitation/pending"));
  expect_same_members(
      "POST /mcp/call-tool",
      client.call("POST", "/mcp/call-tool", R"({"name":"t","messageId":"m","chatId":"c","arguments":{}})"));
  expect_same_members("GET /openai/models", client.call("GET", "/openai/models"));
  expect_same_members(
      "POST /space/message",
      client.call("POST", "/space/message", R"({"text":"x","assistantId":")" + client.space_id() + R"("})"));
  expect_same_members("error: application", client.call("GET", "/messages/msg_none?chatId=" + chat));
  expect_same_members("error: framework", client.call("GET", "/messages"));
}

}  // namespace
}  // namespace modhost::playground::test
