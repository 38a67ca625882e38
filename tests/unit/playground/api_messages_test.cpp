// Messages and log steps of the REST API: semantics of dossier 3.1 and 3.3.
#include <gtest/gtest.h>

#include "unit/playground/api_client.hpp"

namespace modhost::playground::test {
namespace {

class ApiMessages : public ::testing::Test {
 protected:
  ApiMessages() : turn(client.begin_turn("hello")), chat(turn.user.chat_id) {}
  std::string body(const std::string& more) const { return R"({"chatId":")" + chat + R"(")" + more + "}"; }
  std::string target(const std::string& more = "") const { return "/messages/" + turn.assistant.id + more; }
  Message stored() const { return client.platform.message(chat, turn.assistant.id).value(); }

  ApiClient client;
  Turn turn;
  std::string chat;
};

TEST_F(ApiMessages, ListShowsUserMessageAndEmptyAssistantMessageLast) {
  const auto answer = client.call("GET", "/messages?chatId=" + chat);
  ASSERT_EQ(answer.status, 200);
  const auto list = parsed(answer);
  EXPECT_EQ(string_member(list, "object"), "list");
  const auto& data = list["data"];
  ASSERT_EQ(data.Size(), 2u);
  EXPECT_EQ(string_member(data[0], "role"), "USER");
  EXPECT_EQ(string_member(data[0], "text"), "hello");
  EXPECT_FALSE(data[0]["completedAt"].IsNull());
  EXPECT_EQ(string_member(data[1], "role"), "ASSISTANT");
  EXPECT_TRUE(data[1]["text"].IsNull());
  EXPECT_TRUE(data[1]["completedAt"].IsNull());
}

TEST_F(ApiMessages, CreateAddsAnAssistantMessageAtTheEnd) {
  const auto answer = client.call(
      "POST", "/messages", body(R"(,"assistantId":")" + client.space_id() + R"(","role":"ASSISTANT","text":"Hi 🚀")"));
  ASSERT_EQ(answer.status, 201) << answer.body;
  const auto made = parsed(answer);
  EXPECT_EQ(string_member(made, "text"), "Hi 🚀");
  EXPECT_EQ(string_member(made, "originalText"), "Hi 🚀");
  EXPECT_EQ(string_member(made, "role"), "ASSISTANT");
  EXPECT_EQ(client.platform.latest_message(chat)->id, string_member(made, "id"));
}

TEST_F(ApiMessages, NullInPatchLeavesUnchanged) {
  ASSERT_EQ(client.call("PATCH", target(), body(R"(,"text":"one","debugInfo":{"a":1})")).status, 200);
  ASSERT_EQ(
      client
          .call("PATCH", target(),
                body(R"(,"text":null,"originalText":null,"debugInfo":null,"completedAt":"2025-10-09T08:53:25.000Z")"))
          .status,
      200);
  EXPECT_EQ(stored().text, "one");
  EXPECT_EQ(stored().debug_info, R"({"a":1})");
  ASSERT_TRUE(stored().completed_at);
}

TEST_F(ApiMessages, EmptyReferencesWithoutTextKeepTheCitations) {
  const std::string reference =
      R"([{"name":"a.pdf","url":"unique://content/cont_1","sequenceNumber":1,"originalIndex":[0],"sourceId":"c_1","source":"s"}])";
  ASSERT_EQ(client.call("PATCH", target(), body(R"(,"text":"one","references":)" + reference)).status, 200);
  ASSERT_EQ(
      client.call("PATCH", target(), body(R"(,"references":[],"completedAt":"2025-10-09 08:53:25.123456")")).status,
      200);
  EXPECT_EQ(stored().references, reference);
  ASSERT_EQ(client.call("PATCH", target(), body(R"(,"text":"two","references":[])")).status, 200);
  EXPECT_EQ(stored().references, "[]");
}

TEST_F(ApiMessages, EventShowsButDoesNotStore) {
  const auto answer = client.call("POST", target("/event"), body(R"(,"text":"partial")"));
  ASSERT_EQ(answer.status, 201);
  EXPECT_EQ(string_member(parsed(answer), "text"), "partial");
  EXPECT_FALSE(stored().text);
}

TEST_F(ApiMessages, DeleteRemovesOnce) {
  EXPECT_EQ(client.call("DELETE", target("?chatId=" + chat)).status, 200);
  EXPECT_EQ(client.call("DELETE", target("?chatId=" + chat)).status, 404);
  EXPECT_EQ(client.call("GET", target("?chatId=" + chat)).status, 404);
  EXPECT_EQ(client.platform.messages(chat)->size(), 1u);
}

TEST_F(ApiMessages, MessageOfAnotherChatIsNotFound) {
  const Turn other = client.begin_turn();
  EXPECT_EQ(client.call("GET", target("?chatId=" + other.user.chat_id)).status, 404);
  EXPECT_EQ(client.call("PATCH", target(), R"({"chatId":")" + other.user.chat_id + R"(","text":"x"})").status, 404);
  EXPECT_FALSE(stored().text);
}

TEST_F(ApiMessages, UnknownIdsGetTheApplicationError) {
  const auto answer = client.call("PATCH", "/messages/msg_none", body(R"(,"text":"x")"));
  EXPECT_EQ(answer.status, 404);
  const auto error = parsed(answer);
  ASSERT_NE(find_member(error, "error"), nullptr);
  EXPECT_EQ(string_member(error["error"], "message"), "Message msg_none not found in this chat");
  EXPECT_EQ(client.call("GET", "/messages?chatId=chat_none").status, 404);
}

struct Nonsense {
  const char* method;
  const char* more;  // members after chatId
  const char* complaint;
};

class ApiMessagesNonsense : public ApiMessages, public ::testing::WithParamInterface<Nonsense> {};

TEST_P(ApiMessagesNonsense, GetsTheNestForm) {
  const Nonsense& one = GetParam();
  const bool is_create = std::string(one.method) == "POST";
  const auto answer = client.call(one.method, is_create ? "/messages" : target(), body(one.more));
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find(one.complaint), std::string::npos) << answer.body;
  EXPECT_EQ(string_member(parsed(answer), "error"), "Bad Request");
  EXPECT_FALSE(stored().text);
  EXPECT_EQ(client.platform.messages(chat)->size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(
    All, ApiMessagesNonsense,
    ::testing::Values(
        Nonsense{"PATCH", R"(,"text":1)", "text must be a string"},
        Nonsense{"PATCH", R"(,"text":"x","foo":1)", "property foo should not exist"},
        Nonsense{"PATCH", R"(,"text":"x","references":{})", "references must be an array"},
        Nonsense{"PATCH", R"(,"text":"x","references":[1])", "references.0.must be an object"},
        Nonsense{"PATCH", R"(,"text":"x","references":[{"name":"a"}])", "references.0.sourceId must be a string"},
        Nonsense{"PATCH", R"(,"text":"x","completedAt":"yesterday")",
                 "completedAt must be a valid ISO 8601 date string"},
        Nonsense{"PATCH", R"(,"text":"x","completedAt":1760000000)",
                 "completedAt must be a valid ISO 8601 date string"},
        Nonsense{"PATCH", R"(,"text":"x","debugInfo":"no")", "debugInfo must be an object"},
        Nonsense{"PATCH", R"(,"text":"x","segmentKind":"OTHER")", "segmentKind must be one of"},
        Nonsense{"POST", R"(,"role":"ASSISTANT","text":"x")", "assistantId must be a string"},
        Nonsense{"POST", R"(,"assistantId":"a","text":"x")",
                 "role must be one of the following values: ASSISTANT, USER"},
        Nonsense{"POST", R"(,"assistantId":"a","role":"assistant","text":"x")", "role must be one of"},
        Nonsense{"POST", R"(,"assistantId":"a","role":"USER","segmentIndex":-1)", "segmentIndex must be an integer"}));

TEST_F(ApiMessages, StepsAreCreatedAndUpdated) {
  const auto answer = client.call(
      "POST", "/message-log",
      R"({"messageId":")" + turn.assistant.id +
          R"(","text":"**Search**","status":"RUNNING","order":1,"details":null,"uncitedReferences":null,"references":null})");
  ASSERT_EQ(answer.status, 201) << answer.body;
  const std::string id(string_member(parsed(answer), "id"));
  EXPECT_TRUE(id.starts_with("message_log_"));
  const auto changed = client.call("PATCH", "/message-log/" + id, R"({"status":"COMPLETED"})");
  ASSERT_EQ(changed.status, 200);
  EXPECT_EQ(string_member(parsed(changed), "status"), "COMPLETED");
  EXPECT_EQ(string_member(parsed(changed), "text"), "**Search**");
  EXPECT_EQ(client.platform.steps(chat).size(), 1u);
}

TEST_F(ApiMessages, NonsenseStepsAreRefused) {
  const std::string message = R"({"messageId":")" + turn.assistant.id + R"(",)";
  EXPECT_EQ(client.call("POST", "/message-log", message + R"("text":"x","status":"DONE","order":1})").status, 400);
  EXPECT_EQ(client.call("POST", "/message-log", message + R"("text":"x","status":"RUNNING","order":"1"})").status, 400);
  EXPECT_EQ(client.call("POST", "/message-log", message + R"("status":"RUNNING","order":1})").status, 400);
  EXPECT_EQ(
      client.call("POST", "/message-log", R"({"messageId":"msg_none","text":"x","status":"RUNNING","order":1})").status,
      404);
  EXPECT_EQ(client.call("PATCH", "/message-log/message_log_none", R"({"status":"FAILED"})").status, 404);
  EXPECT_TRUE(client.platform.steps(chat).empty());
}

TEST_F(ApiMessages, StopSetsUserAbortedAtOnTheUnfinishedTurn) {
  ASSERT_TRUE(client.platform.abort_turn(chat));
  const auto message = parsed(client.call("GET", target("?chatId=" + chat)));
  EXPECT_TRUE(message["userAbortedAt"].IsString());
  EXPECT_TRUE(message["completedAt"].IsNull());
  ASSERT_EQ(client.call("PATCH", target(), body(R"(,"completedAt":"2025-10-09T08:53:25.000Z")")).status, 200);
  EXPECT_EQ(client.platform.abort_turn(chat).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace modhost::playground::test
