#include "services/call_meaning.hpp"

#include "call_fixture.hpp"

namespace modhost::services {
namespace {

using Lines = std::vector<std::string>;

CallMeaning of(const std::string& method, const std::string& target, const std::string& body) {
  Event event;
  event.assistant_message_id = "msg/1";
  return meaning_of(event, method, target, body);
}

TEST(CallMeaning, ATurnIsCompleteWhenItsMessageSaysWhen) {
  const std::string body = R"({"chatId":"c","completedAt":"2026-01-01T00:00:00.000Z"})";
  EXPECT_TRUE(of("PATCH", "/messages/msg%2F1", body).completes_turn);
  EXPECT_TRUE(of("PATCH", "/v1/messages/msg%2f1?x=1", body).completes_turn);
  EXPECT_FALSE(of("PATCH", "/messages/msg_2", body).completes_turn);
  EXPECT_FALSE(of("POST", "/messages/msg%2F1", body).completes_turn);
  EXPECT_FALSE(of("PATCH", "/messages/msg%2F1", R"({"completedAt":null})").completes_turn);
  EXPECT_FALSE(of("PATCH", "/messages/msg%2F1", "not json").completes_turn);
  Event without_message;
  EXPECT_FALSE(meaning_of(without_message, "PATCH", "/messages/", body).completes_turn);
}

TEST(CallMeaning, AnAnswerIsShownUntilItIsStored) {
  EXPECT_TRUE(of("POST", "/messages/msg%2F1/event", "{}").shows_answer);
  EXPECT_FALSE(of("POST", "/messages/msg_2/event", "{}").shows_answer);
  EXPECT_FALSE(of("POST", "/messages/msg%2F1", "{}").shows_answer);
  EXPECT_FALSE(of("POST", "/event", "{}").shows_answer);
  EXPECT_TRUE(of("PATCH", "/messages/msg%2F1", R"({"text":"all"})").stores_answer);
  EXPECT_FALSE(of("PATCH", "/messages/msg%2F1", R"({"startedStreamingAt":"now"})").stores_answer);
  EXPECT_FALSE(of("PATCH", "/messages/msg_2", R"({"text":"all"})").stores_answer);
  EXPECT_TRUE(of("POST", "/integrated/chat/stream-completions", "{}").replaces_answer);
}

TEST(CallMeaning, AStepIsOpenUntilItsStatusSaysOtherwise) {
  EXPECT_TRUE(of("POST", "/message-log", R"({"status":"RUNNING"})").opens_step);
  EXPECT_TRUE(of("POST", "/public/message-log?x", "{}").opens_step);
  EXPECT_FALSE(of("POST", "/message-log", R"({"status":"COMPLETED"})").opens_step);
  EXPECT_FALSE(of("POST", "/messages", "{}").opens_step);
  EXPECT_EQ(of("PATCH", "/message-log/log%201", R"({"status":"FAILED"})").closes_step, "log 1");
  EXPECT_EQ(of("PATCH", "/message-log/log_1", R"({"status":"COMPLETED"})").closes_step, "log_1");
  EXPECT_EQ(of("PATCH", "/message-log/log_1", R"({"status":"RUNNING"})").closes_step, "");
  EXPECT_EQ(of("PATCH", "/message-log/", R"({"status":"FAILED"})").closes_step, "");
  EXPECT_EQ(of("PATCH", "/message-log/a%zz%2", R"({"status":"FAILED"})").closes_step, "a%zz%2");
}

TEST(CallMeaning, TheAnswerNamesTheStep) {
  EXPECT_EQ(opened_step(R"({"id":"message_log_1"})"), "message_log_1");
  for (const char* answer : {"", "[]", "{}", R"({"id":7})", "{"}) EXPECT_EQ(opened_step(answer), "") << answer;
}

class OpenStepTest : public CallTest {
 protected:
  Refusal open_step(const OpenEvent& event) {
    HttpCall call = call_for(event);
    call.method = "POST";
    call.target = "/message-log";
    call.body = R"({"status":"RUNNING"})";
    Handle id = 0;
    return services().http.start(std::move(call), notes_, id);
  }
  void close_step(const OpenEvent& event, int status) {
    HttpCall call = call_for(event);
    call.method = "PATCH";
    call.target = "/message-log/log_1";
    call.body = R"({"status":"COMPLETED"})";
    Handle id = 0;
    ASSERT_TRUE(services().http.start(std::move(call), notes_, id).ok());
    client_.respond(client_.requests().back(), status, "{}");
  }
  std::shared_ptr<Notes> notes_ = std::make_shared<Notes>();
};

TEST_F(OpenStepTest, IsRecordedBeforeItsCallLeaves) {
  open_steps_.hold();
  const auto event = begin_event();
  ASSERT_TRUE(open_step(*event).ok());
  EXPECT_TRUE(client_.requests().empty());
  open_steps_.commit();
  ASSERT_EQ(client_.requests().size(), 1u);
  client_.respond(client_.requests().at(0), 200, R"({"id":"log_1"})");
  EXPECT_EQ(open_steps_.lines(), (Lines{"opening 7", R"(opened 1 {"step":"log_1"})"}));
  lane_.run();
  EXPECT_EQ(notes_->lines(), (Lines{"head 200", R"(data {"id":"log_1"})", "done 0"}));
}

TEST_F(OpenStepTest, DoesNotLeaveWithoutItsRecord) {
  open_steps_.fail_with(unavailable("no disk"));
  const auto event = begin_event();
  ASSERT_TRUE(open_step(*event).ok());
  lane_.run();
  EXPECT_TRUE(client_.requests().empty());
  ASSERT_EQ(notes_->lines().size(), 1u);
  EXPECT_EQ(notes_->lines().at(0), "done " + std::to_string(MODHOST_E_NETWORK));
}

TEST_F(OpenStepTest, ThatThePlatformRefusesIsForgotten) {
  const auto event = begin_event();
  ASSERT_TRUE(open_step(*event).ok());
  client_.respond(client_.requests().at(0), 400, "{}");
  EXPECT_EQ(open_steps_.lines(), (Lines{"opening 7", "not opened 1"}));
  client_.refuse_with(Error{Code::kGone, "stopping"});
  ASSERT_TRUE(open_step(*event).ok());
  EXPECT_EQ(open_steps_.lines().back(), "not opened 2");
  lane_.run();
  EXPECT_EQ(notes_->lines().back(), "done " + std::to_string(MODHOST_E_CLOSED));
}

TEST_F(OpenStepTest, WhoseEventEndsFirstIsLearnedAllTheSame) {
  const auto event = begin_event();
  ASSERT_TRUE(open_step(*event).ok());
  services().events.give_up(*event, MODHOST_E_TIMEOUT, "too late");
  EXPECT_TRUE(client_.cancelled().empty()) << "its answer names what is to be closed";
  client_.respond(client_.requests().at(0), 201, R"({"id":"log_1"})");
  EXPECT_EQ(open_steps_.lines().back(), R"(opened 1 {"step":"log_1"})");
  lane_.run();
  ASSERT_EQ(notes_->lines().size(), 1u) << "the plugin hears of the end, and of nothing after it";
}

TEST_F(OpenStepTest, WhoseEventEndsBeforeTheRecordNeverLeaves) {
  open_steps_.hold();
  const auto event = begin_event();
  ASSERT_TRUE(open_step(*event).ok());
  services().events.give_up(*event, MODHOST_E_TIMEOUT, "too late");
  lane_.run();
  EXPECT_EQ(notes_->lines().size(), 1u) << "a disk that stalls holds up no cancel";
  open_steps_.commit();
  EXPECT_TRUE(client_.requests().empty());
  EXPECT_EQ(open_steps_.lines(), (Lines{"opening 7", "not opened 1"}));
  lane_.run();
  EXPECT_EQ(notes_->lines().size(), 1u);
}

TEST_F(OpenStepTest, IsClosedByTheModule) {
  const auto event = begin_event();
  close_step(*event, 500);
  EXPECT_TRUE(open_steps_.lines().empty());
  close_step(*event, 200);
  EXPECT_EQ(open_steps_.lines(), (Lines{R"(closed 7 {"step":"log_1"})"}));
}

TEST_F(OpenStepTest, OfAnEventWithoutAJournalIsNotRecorded) {
  const auto event = begin_event(std::chrono::minutes(5), 0);
  ASSERT_TRUE(open_step(*event).ok());
  client_.respond(client_.requests().at(0), 200, R"({"id":"log_1"})");
  close_step(*event, 200);
  EXPECT_TRUE(open_steps_.lines().empty());
}

}  // namespace
}  // namespace modhost::services
