// The call that ends a chat's turn, or a step in it.
#include "dispatch/ending.hpp"

#include <gtest/gtest.h>

namespace modhost::dispatch {
namespace {

TEST(Ending, ALogStepThatStayedOpenFails) {
  Event event;
  const auto call = ending_call(event, R"({"step":"log/1"})");
  ASSERT_TRUE(call);
  EXPECT_EQ(call->method, "PATCH");
  EXPECT_EQ(call->target, "/message-log/log%2F1");
  EXPECT_EQ(call->body, R"({"status":"FAILED"})");
}

TEST(Ending, IdsAreEscapedIntoThePath) {
  Event event;
  event.assistant_message_id = "../a b";
  event.chat_id = "c\"d";
  const auto call = ending_call(event, R"({"completedAt":"x","text":"t"})");
  ASSERT_TRUE(call);
  EXPECT_EQ(call->target, "/messages/..%2Fa%20b");
  EXPECT_EQ(call->body, R"({"chatId":"c\"d","text":"t","completedAt":"x"})");
}

TEST(Ending, WhatTheUserSawBeforePressingStopStays) {
  Event event;
  event.name = kExternalModuleChosen;
  event.chat_id = "c";
  event.assistant_message_id = "m";
  const auto body = [&](journal::State state, std::string shown) {
    plugin::Outcome outcome;
    outcome.shown_answer = std::move(shown);
    const auto call = ending_call(event, ending_for({}, event, state, outcome, UnixMillis{}));
    return call ? call->body : "";
  };
  const std::string at = R"("completedAt":"1970-01-01T00:00:00.000Z"})";
  const std::string shown =
      R"({"text":"a\"","originalText":"a[source0]","references":[{"url":"u"}],"chatId":"x","gptRequest":{}})";
  EXPECT_EQ(body(journal::State::kCancelled, shown),
            R"({"chatId":"c","text":"a\"","originalText":"a[source0]","references":[{"url":"u"}],)" + at);
  for (const char* nothing : {"", "{", "[]", R"({"text":""})", R"({"references":[]})"})
    EXPECT_EQ(body(journal::State::kCancelled, nothing), R"({"chatId":"c",)" + at) << nothing;
  EXPECT_EQ(body(journal::State::kCompleted, shown), R"({"chatId":"c",)" + at);
  EXPECT_EQ(body(journal::State::kDead, shown).find("originalText"), std::string::npos);
}

TEST(Ending, NothingToSayForOtherEventsOrWhenTheModuleSaidIt) {
  Event event;
  event.name = kExternalModuleChosen;
  event.chat_id = "c";
  event.assistant_message_id = "m";
  const UnixMillis now{};
  EXPECT_NE(ending_for({}, event, journal::State::kCompleted, {}, now), "");
  plugin::Outcome done;
  done.turn_completed = true;
  for (const journal::State state : {journal::State::kCompleted, journal::State::kDead, journal::State::kCancelled})
    EXPECT_EQ(ending_for({}, event, state, done, now), "") << "the answer stands";
  plugin::Outcome open;
  open.leave_turn_open = true;
  EXPECT_EQ(ending_for({}, event, journal::State::kCompleted, open, now), "");
  EXPECT_NE(ending_for({}, event, journal::State::kDead, open, now), "") << "a failure is always told";
  config::ModuleConfig quiet;
  quiet.complete_turn = false;
  EXPECT_EQ(ending_for(quiet, event, journal::State::kCompleted, {}, now), "");
  EXPECT_EQ(ending_for({}, event, journal::State::kWaiting, {}, now), "");
  event.name = "unique.chat.user-message.created";
  EXPECT_EQ(ending_for({}, event, journal::State::kDead, {}, now), "");
}

}  // namespace
}  // namespace modhost::dispatch
