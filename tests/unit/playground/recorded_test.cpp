// The recorded traffic of the real client against the stand-in: every implemented call is taken, every other one is a
// clear 404, and answers have exactly the members of the published examples.
#include <gtest/gtest.h>

#include <set>

#include "support/temp_dir.hpp"
#include "unit/playground/api_client.hpp"

namespace modhost::playground::test {
namespace {

using modhost::test::fixture;

const std::set<std::string, std::less<>> kImplemented = {
    "Message.list",         "Message.retrieve",         "Message.create",
    "Message.delete",       "Message.create_event",     "Message.modify",
    "MessageLog.create",    "MessageLog.update",        "Search.create",
    "SearchString.create",  "ChatCompletion.create",    "LLMModels.get_models",
    "Space.create_message", "Space.create_chat",        "Space.get_chat_messages",
    "Space.delete_chat",    "Space.get_latest_message", "Space.get_space",
    "Space.get_spaces"};

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// The invented ids of the recording, as this stand-in knows them.
std::string with_real_ids(std::string text, const ApiClient& client, const Turn& turn, const LogStep& step) {
  replace_all(text, "message_log_1", step.id);
  replace_all(text, "chat_1", turn.user.chat_id);
  replace_all(text, "msg_1", turn.assistant.id);
  replace_all(text, "assistant_1", client.space_id());
  return text;
}

TEST(RecordedCalls, AreTakenOrRefusedClearly) {
  const auto wire = parse_json(fixture("rest-wire.json")).value();
  std::set<std::string> taken;
  for (const auto& call : wire["calls"].GetArray()) {
    const std::string name(string_member(call, "call"));
    for (const char* base : {"/public/chat-gen2", ""}) {
      ApiClient client;
      client.base = base;
      const Turn turn = client.begin_turn();
      LogFields fields;
      fields.text = "step";
      const LogStep step = client.platform.create_step(turn.assistant.id, fields).value();
      const std::string target = with_real_ids(std::string(string_member(call, "target")), client, turn, step);
      const std::string body =
          call["body"].IsNull() ? "" : with_real_ids(modhost::to_json(call["body"]), client, turn, step);
      const auto answer = client.call(std::string(string_member(call, "method")), target, body);
      if (kImplemented.contains(name)) {
        EXPECT_EQ(answer.status / 100, 2) << name << " " << target << " " << body << "\n" << answer.body;
        taken.insert(name);
      } else {
        EXPECT_EQ(answer.status, 404) << name << " " << target << "\n" << answer.body;
        EXPECT_NE(answer.body.find("Cannot "), std::string::npos) << answer.body;
      }
    }
  }
  EXPECT_GE(taken.size(), 14u);
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

TEST_F(Responses, OfEverythingElse) {
  expect_same_members("POST /message-log", client.call("POST", "/message-log",
                                                       R"({"messageId":")" + turn.assistant.id +
                                                           R"(","text":"t","status":"RUNNING","order":1})"));
  expect_same_members("POST /search/search",
                      client.call("POST", "/search/search", R"({"searchString":"lease","searchType":"VECTOR"})"));
  expect_same_members("POST /search/search-string", client.call("POST", "/search/search-string", R"({"prompt":"p"})"));
  expect_same_members("POST /openai/chat/completions", client.call("POST", "/openai/chat/completions",
                                                                   R"({"messages":[{"role":"user","content":"x"}]})"));
  expect_same_members("GET /openai/models", client.call("GET", "/openai/models"));
  expect_same_members(
      "POST /space/message",
      client.call("POST", "/space/message", R"({"text":"x","assistantId":")" + client.space_id() + R"("})"));
  expect_same_members("error: application", client.call("GET", "/messages/msg_none?chatId=" + chat));
  expect_same_members("error: framework", client.call("GET", "/messages"));
}

}  // namespace
}  // namespace modhost::playground::test
