// Base-path forms, header checks, spaces and chats, search and completions.
#include <gtest/gtest.h>

#include "unit/playground/api_client.hpp"

namespace modhost::playground::test {
namespace {

TEST(ApiRoutes, EveryBasePathFormWorks) {
  ApiClient client;
  for (const char* base : {"/public/chat", "/public/chat-gen2", "/public", ""}) {
    client.base = base;
    EXPECT_EQ(client.call("GET", "/openai/models").status, 200) << base;
  }
  client.base = "/chat/public";
  EXPECT_EQ(client.call("GET", "/openai/models").status, 404);
  client.base = "/publicity";
  EXPECT_EQ(client.call("GET", "/openai/models").status, 404);
}

TEST(ApiRoutes, UnknownRoutesGetNests404) {
  ApiClient client;
  const auto answer = client.call("PUT", "/messages");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, R"({"statusCode":404,"message":"Cannot PUT /public/chat/messages","error":"Not Found"})");
  EXPECT_EQ(client.call("GET", "/nothing/here").status, 404);
  EXPECT_EQ(client.call("GET", "/messages/").status, 404);
}

struct BadHeader {
  const char* name;
  const char* value;
  int status;
};

class ApiHeaders : public ::testing::TestWithParam<BadHeader> {};

TEST_P(ApiHeaders, AreChecked) {
  ApiClient client;
  client.set_header(GetParam().name, GetParam().value);
  const auto answer = client.call("GET", "/openai/models");
  EXPECT_EQ(answer.status, GetParam().status) << answer.body;
  EXPECT_EQ(parsed(answer)["statusCode"].GetInt(), GetParam().status);
}

INSTANTIATE_TEST_SUITE_P(All, ApiHeaders,
                         ::testing::Values(BadHeader{"Authorization", "", 401},
                                           BadHeader{"Authorization", "Bearer ukey_OTHER", 401},
                                           BadHeader{"Authorization", "ukey_TEST", 401}, BadHeader{"x-app-id", "", 403},
                                           BadHeader{"x-app-id", "app_OTHER", 403}, BadHeader{"x-user-id", "", 400},
                                           BadHeader{"x-company-id", "", 400}, BadHeader{"x-api-version", "", 404},
                                           BadHeader{"x-api-version", "2026-03-01", 404}));

TEST(ApiRoutes, BodiesThatAreNoJsonObjectAreRefused) {
  ApiClient client;
  for (const char* body : {"", "{", "[]", "1", "\xff", "{\"chatId\":\"\xff\"}"})
    EXPECT_EQ(client.call("POST", "/messages", body).status, 400) << body;
  EXPECT_EQ(client.call("POST", "/messages", std::string(100'000, '[')).status, 400);
}

TEST(ApiSpaces, WhatAMessageNamesReachesTheModule) {
  ApiClient client;
  const std::string chat = client.begin_turn().user.chat_id;
  const std::string start = R"({"text":"x","assistantId":")" + client.space_id() + R"(","chatId":")" + chat + R"(")";
  const auto upload = [&](const std::string& key) {
    const std::string body = R"({"input":{"key":")" + key + R"(","mimeType":"text/csv"},"chatId":")" + chat + R"("})";
    return std::string(string_member(client.json(201, "POST", "/content/upsert", body), "id"));
  };
  const std::string first = upload("a.csv"), second = upload("b.csv");
  const std::string skills = R"([{"name":"s","scopeId":"scope_1","contentId":"cont_1"}])";
  const std::string rules = R"({"operator":"equals","path":["country"],"value":"CH"})";
  const std::string parent = R"({"parentMessageId":"msg_1","parentChatId":"chat_1","parentAssistantId":"assistant_1"})";
  client.json(201, "POST", "/space/message",
              start + R"(,"availableSkills":)" + skills + R"(,"scopeRules":)" + rules + R"(,"correlation":)" + parent +
                  R"(,"selectedUploadedFileIds":[")" + second + R"(","cont_none"]})");
  const auto event = parse_json(client.platform.event(client.delivered.at(1))->body).value();
  const rapidjson::Value& payload = event["payload"];
  EXPECT_EQ(to_json(payload["availableSkills"]), skills);
  EXPECT_EQ(to_json(payload["rawScopeRules"]), rules);
  EXPECT_EQ(to_json(payload["metadataFilter"]), rules);
  EXPECT_EQ(to_json(payload["correlation"]), parent);
  const rapidjson::Value& more = payload["additionalParameters"];
  EXPECT_EQ(string_member(more, "userSpaceInstructions"), "");
  ASSERT_EQ(more["uploadedFiles"].Size(), 2u);
  EXPECT_EQ(string_member(more["uploadedFiles"][0], "id"), first);
  EXPECT_EQ(to_json(more["selectedUploadedFiles"]),
            R"([{"id":")" + second +
                R"(","title":"b.csv","mimeType":"text/csv"},{"id":"cont_none","title":"","mimeType":""}])");

  client.json(201, "POST", "/space/message", start + R"(,"scopeRules":{},"selectedUploadedFileIds":[]})");
  const auto plain = parse_json(client.platform.event(client.delivered.at(3))->body).value();
  for (const char* name : {"rawScopeRules", "metadataFilter", "correlation", "additionalParameters"})
    EXPECT_TRUE(plain["payload"][name].IsNull()) << name;
  EXPECT_EQ(client.call("POST", "/space/message", start + R"(,"selectedUploadedFileIds":[5]})").status, 400);
}

TEST(ApiSpaces, MessageBeginsATurnAndFiresBothEvents) {
  ApiClient client;
  const auto answer = client.call("POST", "/space/message",
                                  R"({"assistantId":")" + client.space_id(1) +
                                      R"(","text":"make me a demo please","toolChoices":["T"],"skillChoices":[]})");
  ASSERT_EQ(answer.status, 201) << answer.body;
  const auto user = parsed(answer);
  EXPECT_EQ(string_member(user, "role"), "USER");
  EXPECT_EQ(string_member(user, "text"), "make me a demo please");
  ASSERT_EQ(client.delivered.size(), 2u);
  const EventRecord created = client.platform.event(client.delivered[0]).value();
  const EventRecord chosen = client.platform.event(client.delivered[1]).value();
  EXPECT_EQ(created.name, "unique.chat.user-message.created");
  EXPECT_EQ(chosen.name, "unique.chat.external-module.chosen");
  EXPECT_NE(created.event_id, chosen.event_id);
  const auto event = parse_json(chosen.body).value();
  EXPECT_EQ(string_member(event, "id"), chosen.event_id);
  EXPECT_EQ(string_member(event, "userId"), "100000000000000001");
  EXPECT_EQ(string_member(event["payload"], "name"), "Other");
  EXPECT_EQ(string_member(event["payload"]["userMessage"], "text"), "make me a demo please");
  const std::string assistant(string_member(event["payload"]["assistantMessage"], "id"));
  EXPECT_TRUE(client.platform.message(chosen.chat_id, assistant));
  EXPECT_STREQ(event["payload"]["toolChoices"][0].GetString(), "T");
}

TEST(ApiSpaces, SecondMessageGoesIntoTheSameChat) {
  ApiClient client;
  const std::string chat = client.begin_turn().user.chat_id;
  const std::string start = R"({"chatId":")" + chat + R"(","text":"again","assistantId":")";
  EXPECT_EQ(client.call("POST", "/space/message", start + client.space_id(0) + R"("})").status, 201);
  EXPECT_EQ(client.platform.messages(chat)->size(), 4u);
  EXPECT_EQ(client.call("POST", "/space/message", start + client.space_id(1) + R"("})").status, 400);
  EXPECT_EQ(client.call("POST", "/space/message", start + R"(assistant_none"})").status, 404);
  EXPECT_EQ(
      client.call("POST", "/space/message", R"({"chatId":"chat_none","assistantId":")" + client.space_id() + R"("})")
          .status,
      404);
  EXPECT_EQ(client.call("POST", "/space/message", R"({"text":"x"})").status, 400);
}

TEST(ApiSpaces, ChatsAreCreatedReadAndRemoved) {
  ApiClient client;
  const auto made = client.call("POST", "/space/chat", R"({"title":"t","assistantId":")" + client.space_id() + R"("})");
  ASSERT_EQ(made.status, 201);
  const std::string chat(string_member(parsed(made), "id"));
  EXPECT_EQ(client.call("GET", "/space/" + chat + "/messages/latest").status, 404);
  EXPECT_EQ(client.call("DELETE", "/space/chat/" + chat).body, R"({"chat_id":")" + chat + R"("})");
  EXPECT_EQ(client.call("DELETE", "/space/chat/" + chat).status, 404);
  EXPECT_EQ(client.call("GET", "/messages?chatId=" + chat).status, 404);
}

TEST(ApiSpaces, ChatMessagesArePaged) {
  ApiClient client;
  const std::string chat = client.begin_turn().user.chat_id;
  const auto page = parsed(client.call("GET", "/space/chat/" + chat + "/messages?skip=1&take=10"));
  EXPECT_EQ(page["totalCount"].GetInt(), 2);
  ASSERT_EQ(page["messages"].Size(), 1u);
  EXPECT_EQ(string_member(page["messages"][0], "role"), "ASSISTANT");
  EXPECT_EQ(parsed(client.call("GET", "/space/chat/" + chat + "/messages?skip=9"))["messages"].Size(), 0u);
  EXPECT_EQ(client.call("GET", "/space/chat/" + chat + "/messages?take=101").status, 400);
  EXPECT_EQ(client.call("GET", "/space/chat/" + chat + "/messages?skip=x").status, 400);
}

TEST(ApiSpaces, SpacesAreListedAndFiltered) {
  ApiClient client;
  EXPECT_EQ(parsed(client.call("GET", "/space"))["data"].Size(), 2u);
  const auto found = parsed(client.call("GET", "/space?name=demo&skip=0&take=50"));
  ASSERT_EQ(found["data"].Size(), 1u);
  EXPECT_EQ(string_member(found["data"][0], "name"), "DemoApp");
  EXPECT_EQ(client.call("GET", "/space/" + client.space_id()).status, 200);
  EXPECT_EQ(client.call("GET", "/space/assistant_none").status, 404);
}

TEST(ApiKnowledge, SearchFindsRanksAndLimits) {
  ApiClient client;
  const auto answer = client.call("POST", "/search/search",
                                  R"({"searchString":"notice period Zürich lease","searchType":"COMBINED","limit":3})");
  ASSERT_EQ(answer.status, 201) << answer.body;
  const auto hits = parsed(answer);
  ASSERT_TRUE(hits.IsArray());
  ASSERT_GT(hits.Size(), 1u);
  EXPECT_LE(hits.Size(), 3u);
  EXPECT_NE(string_member(hits[0], "text").find("notice period is six months"), std::string::npos);
  EXPECT_GE(hits[0]["score"].GetDouble(), hits[1]["score"].GetDouble());
  EXPECT_EQ(parsed(client.call("POST", "/search/search", R"({"searchString":"qqqq","searchType":"VECTOR"})")).Size(),
            0u);
}

TEST(ApiKnowledge, NonsenseSearchesAreRefused) {
  ApiClient client;
  for (const char* body : {R"({"searchType":"COMBINED"})", R"({"searchString":"x","searchType":"combined"})",
                           R"({"searchString":"x","searchType":"VECTOR","limit":1001})",
                           R"({"searchString":"x","searchType":"VECTOR","metaDataFilter":{}})",
                           R"({"searchString":"x","searchType":"VECTOR","metadataFilter":null})"})
    EXPECT_EQ(client.call("POST", "/search/search", body).status, 400) << body;
}

TEST(ApiKnowledge, CompletionQuotesTheContextAndIsDeterministic) {
  ApiClient client;
  const std::string body =
      R"({"model":"M","temperature":0.3,"messages":[{"role":"system","content":"The lease ends in June 2029. The notice period is six months."},)"
      R"({"role":"user","content":"How long is the notice period?"}],"timeout":240000})";
  const auto answer = client.call("POST", "/openai/chat/completions", body);
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(string_member(parsed(answer)["choices"][0]["message"], "content"), "The notice period is six months.");
  EXPECT_EQ(string_member(parsed(answer), "model"), "M");
  EXPECT_EQ(client.call("POST", "/openai/chat/completions", body).body, answer.body);
}

TEST(ApiKnowledge, NonsenseCompletionsAreRefused) {
  ApiClient client;
  for (const char* body :
       {R"({})", R"({"messages":[]})", R"({"messages":"x"})", R"({"messages":[1]})",
        R"({"messages":[{"role":"robot","content":"x"}]})", R"({"messages":[{"role":"user","content":1}]})",
        R"({"messages":[{"role":"user","content":"x"}],"timeout":"soon"})"})
    EXPECT_EQ(client.call("POST", "/openai/chat/completions", body).status, 400) << body;
}

TEST(ApiKnowledge, OnlyTheProxyStreams) {
  ApiClient client;
  const std::string start = R"({"messages":[{"role":"user","content":"echo x"}],)";
  const std::string in_body = start + R"("stream":true})", in_options = start + R"("options":{"stream":true}})";
  for (const std::string& body : {in_body, in_options}) {
    const auto refused = client.json(400, "POST", "/openai/chat/completions", body);
    ASSERT_EQ(refused["message"].Size(), 1u);
    EXPECT_STREQ(refused["message"][0].GetString(),
                 "stream is not a parameter of this call: openai-proxy/chat/completions streams");
    const auto streamed = client.call("POST", "/openai-proxy/chat/completions", body);
    EXPECT_EQ(streamed.status, 200);
    EXPECT_EQ(streamed.content_type, "text/event-stream");
  }
  client.json(201, "POST", "/openai/chat/completions", start + R"("stream":false})");
}

}  // namespace
}  // namespace modhost::playground::test
