// What hangs on a turn: tool calls, jobs, assessments, memory, questions to the user, spaces made through the API.
#include <gtest/gtest.h>

#include "unit/playground/api_client.hpp"

namespace modhost::playground::test {
namespace {

using namespace std::chrono_literals;

class ApiTurn : public ::testing::Test {
 protected:
  std::string message(const std::string& more) const {
    return R"({"messageId":")" + turn.assistant.id + R"(",)" + more + "}";
  }
  std::string ask(const std::string& more = "") const {
    return R"({"mode":"FORM","message":"Which office?","toolName":"ask","schema":{"type":"object","properties":{"office":{"type":"string"}}},"chatId":")" +
           turn.user.chat_id + R"(")" + more + "}";
  }
  std::string status_of(const std::string& id) const {
    return std::string(string_member(client.json(200, "GET", "/elicitation/" + id), "status"));
  }
  std::string respond(const std::string& id, const std::string& action, int status = 201) const {
    return client.call("POST", "/elicitation/respond",
                       R"({"elicitationId":")" + id + R"(","action":")" + action + R"(","content":{"office":"Bern"}})")
                       .status == status
               ? "as expected"
               : "otherwise";
  }

  ApiClient client;
  Turn turn = client.begin_turn();
};

TEST_F(ApiTurn, ToolCallsAreKeptByMessage) {
  const std::string rows =
      R"("tools":[{"externalToolCallId":"c1","functionName":"f","arguments":{"q":1},"roundIndex":0,"sequenceIndex":0,"response":{"content":"r"}},)"
      R"({"externalToolCallId":"c2","functionName":"g","roundIndex":0,"sequenceIndex":1}])";
  const auto made = client.json(201, "POST", "/messages/tools", message(rows));
  EXPECT_EQ(string_member(made, "object"), "list");
  EXPECT_EQ(string_member(made["data"][0]["response"], "content"), "r");
  EXPECT_TRUE(made["data"][1]["response"].IsNull());
  const auto listed = client.json(200, "GET", "/messages/tools?messageIds=msg_none%2C" + turn.assistant.id);
  EXPECT_EQ(listed["data"].Size(), 2u);
  EXPECT_EQ(client.call("GET", "/messages/tools").status, 400);
  EXPECT_EQ(client.call("POST", "/messages/tools", message(R"("tools":[{"functionName":"f"}])")).status, 400);
  std::string many = R"("tools":[)";
  for (int i = 0; i < 51; ++i)
    many += std::string(i == 0 ? "" : ",") +
            R"({"externalToolCallId":"c","functionName":"f","roundIndex":0,"sequenceIndex":0})";
  EXPECT_EQ(client.call("POST", "/messages/tools", message(many + "]")).status, 400);
}

TEST_F(ApiTurn, AQueueableJobBringsTheEventAgain) {
  const auto made =
      client.json(201, "POST", "/message-execution", message(R"("type":"DEEP_RESEARCH","progressTitle":"t")"));
  EXPECT_EQ(string_member(made, "status"), "PENDING");
  ASSERT_EQ(client.delivered.size(), 1u);
  const EventRecord again = client.platform.event(client.delivered[0]).value();
  const auto event = parse_json(again.body).value();
  EXPECT_EQ(string_member(event["payload"], "messageExecutionId"), string_member(made, "id"));
  EXPECT_EQ(string_member(event["payload"]["assistantMessage"], "id"), turn.assistant.id);
  EXPECT_NE(again.event_id, client.platform.event(turn.event_keys[1])->event_id);
  client.json(200, "PATCH", "/message-execution", message(R"("percentageCompleted":40,"status":null)"));
  EXPECT_EQ(
      client.json(200, "GET", "/message-execution?messageId=" + turn.assistant.id)["percentageCompleted"].GetInt(), 40);
  EXPECT_EQ(client.call("PATCH", "/message-execution", message(R"("status":"RUNNING")")).status, 400);
  EXPECT_EQ(client.call("GET", "/message-execution?messageId=msg_none").status, 404);
}

TEST_F(ApiTurn, AQueueableJobBringsItsOwnMessagesEvent) {
  TurnRequest more;
  more.space_id = client.space_id();
  more.chat_id = turn.user.chat_id;
  more.text = "and again";
  const Turn newer = client.platform.begin_turn(more).value();
  client.json(201, "POST", "/message-execution", message(R"("type":"DEEP_RESEARCH")"));
  ASSERT_EQ(client.delivered.size(), 1u);
  const auto event = parse_json(client.platform.event(client.delivered[0])->body).value();
  EXPECT_EQ(string_member(event["payload"]["assistantMessage"], "id"), turn.assistant.id);
  EXPECT_EQ(string_member(event["payload"]["userMessage"], "text"), "hello");
  // No event was about the user's message: none is sent.
  client.json(201, "POST", "/message-execution", R"({"messageId":")" + newer.user.id + R"(","type":"DEEP_RESEARCH"})");
  EXPECT_EQ(client.delivered.size(), 1u);
}

TEST_F(ApiTurn, AJobOfTheModulesOwnBringsNoEvent) {
  client.json(201, "POST", "/message-execution", message(R"("type":"DEEP_RESEARCH","isQueueable":false)"));
  EXPECT_TRUE(client.delivered.empty());
}

TEST_F(ApiTurn, AssessmentsShowInTheirMessage) {
  client.json(201, "POST", "/message-assessment",
              message(R"("status":"PENDING","type":"HALLUCINATION","isVisible":true)"));
  client.json(
      200, "PATCH", "/message-assessment/" + turn.assistant.id,
      message(R"("status":"DONE","type":"HALLUCINATION","label":"GREEN","title":"Low risk","explanation":null)"));
  const auto shown = client.json(200, "GET", "/messages/" + turn.assistant.id + "?chatId=" + turn.user.chat_id);
  ASSERT_EQ(shown["assessment"].Size(), 1u);
  EXPECT_EQ(string_member(shown["assessment"][0], "label"), "GREEN");
  EXPECT_EQ(string_member(shown["assessment"][0], "status"), "DONE");
  EXPECT_EQ(
      client
          .call("PATCH", "/message-assessment/" + turn.assistant.id, message(R"("status":"DONE","type":"COMPLIANCE")"))
          .status,
      404);
}

TEST_F(ApiTurn, TheNewestMemoryWins) {
  const std::string key = R"({"memoryName":"m","chatId":"c","messageId":null)";
  EXPECT_EQ(client.call("POST", "/short-term-memory/find-latest", key + "}").body, "{}");
  client.json(201, "POST", "/short-term-memory", key + R"(,"data":"one"})");
  client.json(201, "POST", "/short-term-memory", key + R"(,"data":"two"})");
  EXPECT_EQ(string_member(client.json(201, "POST", "/short-term-memory/find-latest", key + "}"), "data"), "two");
  EXPECT_EQ(client.call("POST", "/short-term-memory", R"({"memoryName":"m","data":"x"})").status, 400);
  EXPECT_EQ(
      client.call("POST", "/short-term-memory", R"({"memoryName":"m","chatId":"c","messageId":"m","data":"x"})").status,
      400);
  std::string umlauts;
  for (int i = 0; i < 10'000; ++i) umlauts += "ä";
  EXPECT_EQ(client.call("POST", "/short-term-memory", key + R"(,"data":")" + umlauts + R"("})").status, 201);
  EXPECT_EQ(client.call("POST", "/short-term-memory", key + R"(,"data":")" + umlauts + R"(x"})").status, 400);
}

TEST_F(ApiTurn, QuestionsAreAnsweredOnce) {
  const std::string id(string_member(client.json(201, "POST", "/elicitation", ask()), "id"));
  EXPECT_EQ(client.json(200, "GET", "/elicitation/pending").Size(), 1u);
  EXPECT_EQ(respond(id, "ACCEPT"), "as expected");
  const auto answered = client.json(200, "GET", "/elicitation/" + id);
  EXPECT_EQ(string_member(answered, "status"), "ACCEPTED");
  EXPECT_EQ(string_member(answered["responseContent"], "office"), "Bern");
  EXPECT_TRUE(answered["respondedAt"].IsString());
  EXPECT_EQ(respond(id, "DECLINE", 400), "as expected");
  EXPECT_EQ(client.json(200, "GET", "/elicitation/pending").Size(), 0u);
  EXPECT_EQ(client.call("POST", "/elicitation", R"({"mode":"FORM","message":"m","toolName":"t"})").status, 400);
}

TEST_F(ApiTurn, QuestionsExpireWhenTheyAreRead) {
  const std::string id(string_member(client.json(201, "POST", "/elicitation", ask(R"(,"expiresInSeconds":60)")), "id"));
  client.clock.advance(59s);
  EXPECT_EQ(status_of(id), "PENDING");
  client.clock.advance(1s);
  EXPECT_EQ(respond(id, "ACCEPT", 400), "as expected");
  EXPECT_EQ(status_of(id), "EXPIRED");
}

TEST_F(ApiTurn, AutomaticApprovalAnswersForms) {
  const auto sent =
      client.json(201, "POST", "/space/message",
                  R"({"assistantId":")" + client.space_id() + R"(","text":"x","autoApproveElicitation":true})");
  const auto asked = client.json(
      201, "POST", "/elicitation",
      R"({"mode":"FORM","message":"m","toolName":"t","schema":{"type":"object","properties":{"a":{"type":"string"}}},"chatId":")" +
          std::string(string_member(sent, "chatId")) + R"("})");
  EXPECT_EQ(string_member(asked, "status"), "ACCEPTED");
  EXPECT_EQ(string_member(asked["responseContent"], "a"), "yes");
}

TEST_F(ApiTurn, ASpaceMadeThroughTheApiTakesMessages) {
  const auto made = client.json(201, "POST", "/space", R"({"name":"Mine","fallbackModule":"DemoApp","modules":[]})");
  const std::string id(string_member(made, "id"));
  const auto sent = client.call("POST", "/space/message", R"({"assistantId":")" + id + R"(","text":"x"})");
  EXPECT_EQ(sent.status, 201) << sent.body;
  EXPECT_EQ(client.platform.event(client.delivered.at(1))->module, "DemoApp");
  EXPECT_EQ(string_member(client.json(200, "PATCH", "/space/" + id, R"({"name":"Ours"})"), "name"), "Ours");
  EXPECT_EQ(client.call("DELETE", "/space/" + id).status, 200);
  EXPECT_EQ(client.call("GET", "/space/" + id).status, 404);
}

TEST_F(ApiTurn, CellsOfATableAreKept) {
  client.json(201, "POST", "/magic-table/sheet_1/cell",
              R"({"tableId":"sheet_1","rowOrder":1,"columnOrder":2,"text":"x"})");
  client.json(201, "POST", "/magic-table/sheet_1/cells/bulk-upsert",
              R"({"cells":[{"rowOrder":3,"columnOrder":0,"data":"y"}]})");
  EXPECT_EQ(string_member(client.json(200, "GET", "/magic-table/sheet_1/cell?rowOrder=1&columnOrder=2"), "text"), "x");
  const auto sheet =
      client.json(200, "GET", "/magic-table/sheet_1?includeCells=True&includeRowCount=True&startRow=2&endRow=9");
  EXPECT_EQ(sheet["magicTableRowCount"].GetInt(), 4);
  ASSERT_EQ(sheet["magicTableCells"].Size(), 1u);
  client.json(201, "POST", "/magic-table/sheet_1", R"({"state":"PROCESSING"})");
  EXPECT_EQ(client.call("POST", "/magic-table/sheet_1/metadata", R"({"questionTexts":["q"]})").status, 422);
}

TEST_F(ApiTurn, WhatIsNotSimulatedSaysSo) {
  const auto answer = client.call("GET", "/benchmarking/action/download");
  EXPECT_EQ(answer.status, 501);
  EXPECT_NE(answer.body.find("does not simulate"), std::string::npos) << answer.body;
  EXPECT_TRUE(
      client.json(201, "POST", "/mcp/call-tool", R"({"name":"t","messageId":"m","chatId":"c"})")["isError"].GetBool());
}

}  // namespace
}  // namespace modhost::playground::test
