// The state itself: limits, what is told to whom, which event a call belongs to.
#include "playground/platform.hpp"

#include <gtest/gtest.h>

#include "event/json_reader.hpp"
#include "playground/api.hpp"
#include "playground/event_body.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

namespace modhost::playground::test {
namespace {

using modhost::test::FakeClock;
using modhost::test::fixture;

class PlatformTest : public ::testing::Test {
 protected:
  static PlatformLimits small() {
    PlatformLimits limits;
    limits.chats = 20;
    limits.messages_per_chat = 20;
    limits.steps = 20;
    limits.events = 20;
    limits.tries = 5;
    limits.calls = 20;
    limits.call_body_bytes = 1000;
    return limits;
  }
  Turn begin_turn(const std::string& text = "hello", std::optional<std::string> chat = {}) {
    TurnRequest request;
    request.space_id = platform.spaces()[0].id;
    request.chat_id = std::move(chat);
    request.text = text;
    request.user_id = "u";
    request.company_id = "c";
    return platform.begin_turn(request).value();
  }

  FakeClock clock;
  std::vector<std::pair<std::string, std::string>> told;
  Platform platform{
      clock,
      {"DemoApp"},
      [this](std::string_view kind, const std::function<std::string()>& json) { told.emplace_back(kind, json()); },
      small()};
};

TEST_F(PlatformTest, EveryChangeIsToldAsJson) {
  const Turn turn = begin_turn();
  MessageFields fields;
  fields.text = "x";
  ASSERT_TRUE(platform.update_message(turn.user.chat_id, turn.assistant.id, fields));
  LogFields step;
  step.text = "s";
  const auto made = platform.create_step(turn.assistant.id, step);
  ASSERT_TRUE(platform.update_step(made->id, step));
  platform.set_outcome(turn.event_keys[0], Outcome::kDelivered);
  platform.add_call({}, "", "");
  ASSERT_TRUE(platform.remove_message(turn.user.chat_id, turn.assistant.id));
  ASSERT_TRUE(platform.remove_chat(turn.user.chat_id));
  std::string kinds;
  for (const auto& [kind, json] : told) {
    kinds += kind + " ";
    EXPECT_TRUE(parse_json(json)) << json;
  }
  EXPECT_EQ(kinds, "chat message message message step step event call message-removed chat-removed ");
}

TEST_F(PlatformTest, RevisionsGrow) {
  const Turn turn = begin_turn();
  EXPECT_LT(turn.user.revision, turn.assistant.revision);
  MessageFields fields;
  EXPECT_GT(platform.update_message(turn.user.chat_id, turn.assistant.id, fields)->revision, turn.assistant.revision);
}

TEST_F(PlatformTest, TitlesAreTheFirstLineCutBetweenCharacters) {
  EXPECT_EQ(platform.chats(1).size(), 0u);
  begin_turn("first\nsecond");
  EXPECT_EQ(platform.chats(1)[0].title, "first");
  std::string umlauts;
  for (int i = 0; i < 60; ++i) umlauts += "ä";
  begin_turn("x" + umlauts);
  const std::string title = platform.chats(1)[0].title;
  EXPECT_LT(title.size(), 90u);
  EXPECT_TRUE(is_utf8(title));
}

TEST_F(PlatformTest, OldestChatsAreForgotten) {
  const Turn first = begin_turn();
  for (std::size_t i = 0; i < small().chats; ++i) ASSERT_TRUE(platform.create_chat(platform.spaces()[0].id, "t"));
  EXPECT_FALSE(platform.messages(first.user.chat_id));
  EXPECT_FALSE(platform.message(first.user.chat_id, first.user.id));
  EXPECT_EQ(platform.chats(small().chats * 2).size(), small().chats);
}

TEST_F(PlatformTest, AFullChatSaysSo) {
  const Turn first = begin_turn();
  const std::string chat = first.user.chat_id;
  for (std::size_t i = 2; i < small().messages_per_chat; ++i)
    ASSERT_TRUE(platform.create_message(chat, platform.spaces()[0].id, "ASSISTANT", {}));
  EXPECT_FALSE(platform.create_message(chat, platform.spaces()[0].id, "ASSISTANT", {}));
  TurnRequest request;
  request.space_id = platform.spaces()[0].id;
  request.chat_id = chat;
  EXPECT_EQ(platform.begin_turn(request).error().code, Code::kInvalid);
}

TEST_F(PlatformTest, TriesAndCallsAreBounded) {
  const std::string key = platform.add_event("{}");
  for (std::size_t i = 0; i < small().tries + 10; ++i) platform.add_try(key, {}, Outcome::kDelivered);
  EXPECT_EQ(platform.event(key)->tries.size(), small().tries);
  for (std::size_t i = 0; i < small().calls + 10; ++i) platform.add_call({}, "", "");
  EXPECT_EQ(platform.calls("").size(), small().calls);
  EXPECT_EQ(platform.calls("").front().number, 11u);
}

TEST_F(PlatformTest, OldestStepsAreForgotten) {
  const Turn turn = begin_turn();
  const auto first = platform.create_step(turn.assistant.id, {});
  for (std::size_t i = 0; i < small().steps; ++i) ASSERT_TRUE(platform.create_step(turn.assistant.id, {}));
  EXPECT_FALSE(platform.update_step(first->id, {}));
  EXPECT_EQ(platform.steps(turn.user.chat_id).size(), small().steps);
}

TEST_F(PlatformTest, OldestEventsAreForgotten) {
  const std::string first = platform.add_event("{}");
  for (std::size_t i = 0; i < small().events; ++i) platform.add_event("{}");
  EXPECT_FALSE(platform.event(first));
  EXPECT_EQ(platform.events("").size(), small().events);
  platform.add_try(first, {}, Outcome::kDelivered);  // an answer that comes too late
  platform.set_outcome(first, Outcome::kDelivered);
}

TEST_F(PlatformTest, BodiesOfCallsAreCutBetweenCharactersOrNamed) {
  CallRecord call;
  call.request_body.assign(small().call_body_bytes - 1, 'x');
  call.request_body.append("ääää");
  call.response_body = "\xff\xfe";
  platform.add_call(call, "", "");
  const CallRecord kept = platform.calls("")[0];
  EXPECT_TRUE(is_utf8(kept.request_body));
  EXPECT_LT(kept.request_body.size(), small().call_body_bytes + 20);
  EXPECT_EQ(kept.response_body, "(2 bytes that are not UTF-8)");
}

TEST_F(PlatformTest, CallsFindChatAndEventByTheirMessageOrStep) {
  const Turn turn = begin_turn();
  platform.add_call({}, "", turn.assistant.id);
  platform.add_call({}, "", platform.create_step(turn.assistant.id, {})->id);
  const auto calls = platform.calls(turn.user.chat_id);
  ASSERT_EQ(calls.size(), 2u);
  for (const CallRecord& call : calls) {
    EXPECT_EQ(call.chat_id, turn.user.chat_id);
    EXPECT_EQ(call.event_key, turn.event_keys[1]);
  }
}

TEST(ApiSubject, IsReadFromPathQueryBodyAndHeader) {
  const auto subject = [](const std::string& target, const std::string& body, const std::string& chat_header = "") {
    http::Request request;
    request.target = target;
    request.body = body;
    if (!chat_header.empty()) request.headers = {{"x-chat-id", chat_header}};
    const Api::Subject found = Api::subject_of(request);
    return found.chat_id + "/" + found.thing_id;
  };
  EXPECT_EQ(subject("/public/chat/messages/msg_1?chatId=chat_1", ""), "chat_1/msg_1");
  EXPECT_EQ(subject("/message-log/message_log_1", R"({"status":"FAILED"})"), "/message_log_1");
  EXPECT_EQ(subject("/public/message-log", R"({"messageId":"msg_1"})"), "/msg_1");
  EXPECT_EQ(subject("/space/chat/chat_1/messages", ""), "chat_1/");
  EXPECT_EQ(subject("/space/chat_1/messages/latest", ""), "chat_1/");
  EXPECT_EQ(subject("/openai/chat/completions", "not json", "chat_1"), "chat_1/");
}

TEST_F(PlatformTest, OfTwoTurnsTheNewestUnfinishedIsStopped) {
  const Turn first = begin_turn();
  const Turn second = begin_turn("again", first.user.chat_id);
  EXPECT_EQ(platform.abort_turn(first.user.chat_id)->id, second.assistant.id);
  MessageFields done;
  done.completed_at = clock.unix_now();
  ASSERT_TRUE(platform.update_message(first.user.chat_id, second.assistant.id, done));
  EXPECT_EQ(platform.abort_turn(first.user.chat_id)->id, first.assistant.id);
}

TEST(EventBody, NamesOfTheFixtures) {
  const EventNames full = names_of(fixture("unique.chat.external-module.chosen.json"));
  EXPECT_EQ(full.module, "LeaseAnalyst");
  EXPECT_EQ(full.chat_id, "chat_k3v9t0q2m7xw5rj8zd1nb4ly");
  EXPECT_EQ(full.assistant_message_id, "msg_b6n2x8c4v0l5k1j7h3g9f5dy");
  EXPECT_EQ(names_of(fixture("unique.chat.external-module.chosen.docs-chatid.json")).chat_id, full.chat_id);
  EXPECT_EQ(names_of(fixture("unique.chat.user-message.created.json")).user_text,
            "What is our notice period for the Zürich office lease?");
  for (const char* body : {"", "[]", "{", "{\"payload\":[]}", "{\"id\":1,\"payload\":{\"userMessage\":\"x\"}}"})
    EXPECT_EQ(names_of(body).id, "") << body;
}

}  // namespace
}  // namespace modhost::playground::test
