#include "services/http_service.hpp"

#include "call_fixture.hpp"

namespace modhost::services {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

class HttpServiceTest : public CallTest {
 protected:
  Refusal start(HttpCall call, std::shared_ptr<CallListener> listener, Handle* started = nullptr) {
    Handle id = 0;
    Refusal refusal = services().http.start(std::move(call), std::move(listener), id);
    if (started != nullptr) *started = id;
    return refusal;
  }
  std::shared_ptr<Notes> notes_ = std::make_shared<Notes>();
};

std::string header(const platform::HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return {};
}

TEST_F(HttpServiceTest, TheHostAddsWhatThePluginNeverSees) {
  const auto event = begin_event();
  ASSERT_TRUE(start(call_for(*event), notes_).ok());
  const auto request = client_.requests().at(0).request;
  EXPECT_EQ(request.url, "https://api.example.com/public/messages?chatId=chat_1");
  EXPECT_EQ(header(request, "Authorization"), "Bearer ukey_test");
  EXPECT_EQ(header(request, "x-app-id"), "app_1");
  EXPECT_EQ(header(request, "x-user-id"), "user_1");
  EXPECT_EQ(header(request, "x-company-id"), "company_1");
  EXPECT_EQ(request.deadline, Deadline::after(clock_, 5min)) << "the attempt's deadline bounds it";
}

TEST_F(HttpServiceTest, TellsInOrderOnTheInstancesThreads) {
  const auto event = begin_event();
  Handle id = 0;
  ASSERT_TRUE(start(call_for(*event), notes_, &id).ok());
  client_.respond(client_.requests().at(0), 200, "hello");
  EXPECT_EQ(notes_->lines(), Lines{}) << "not on the client thread";
  lane_.run();
  EXPECT_EQ(notes_->lines(), (Lines{"head 200", "data hello", "done 0"}));
  EXPECT_EQ(services().http.cancel(id), MODHOST_E_GONE);
  EXPECT_EQ(services().http.pause(id, true), MODHOST_E_GONE);
  EXPECT_EQ(services().http.cancel(id + 1), MODHOST_E_INVALID);
}

TEST_F(HttpServiceTest, TheShortestTimeBoundsTheCall) {
  const auto event = begin_event(30s);
  HttpCall call = call_for(*event);
  call.timeout = 10s;
  ASSERT_TRUE(start(call, notes_).ok());
  EXPECT_EQ(client_.requests().at(0).request.deadline, Deadline::after(clock_, 10s));
  call.timeout = 60s;
  ASSERT_TRUE(start(call, notes_).ok());
  EXPECT_EQ(client_.requests().at(1).request.deadline, Deadline::after(clock_, 30s));
}

TEST_F(HttpServiceTest, RefusesWhatMayNotBeCalled) {
  module_.grants = {"http:https://api.acme.com", "http:http://10.0.0.1:8080"};
  const auto event = begin_event();
  const auto refusal = [&](const std::function<void(HttpCall&)>& change) {
    HttpCall call = call_for(*event);
    change(call);
    return start(std::move(call), notes_).status;
  };
  EXPECT_EQ(refusal([](HttpCall& call) { call.target = "messages"; }), MODHOST_E_INVALID);
  EXPECT_EQ(refusal([](HttpCall& call) { call.target = "//evil.example/"; }), MODHOST_E_INVALID);
  EXPECT_EQ(refusal([](HttpCall& call) { call.target = "/../admin"; }), MODHOST_E_INVALID);
  EXPECT_EQ(refusal([](HttpCall& call) { call.method = "TRACE"; }), MODHOST_E_INVALID);
  EXPECT_EQ(refusal([](HttpCall& call) { call.headers = {{"Authorization", "Bearer mine"}}; }), MODHOST_E_INVALID);
  EXPECT_EQ(refusal([](HttpCall& call) { call.headers = {{"x-user-id", "somebody"}}; }), MODHOST_E_INVALID);
  EXPECT_EQ(refusal([](HttpCall& call) { call.headers = {{"a", "b\r\nc: d"}}; }), MODHOST_E_INVALID);
  EXPECT_EQ(refusal([](HttpCall& call) { call.headers.assign(65, {"a", "b"}); }), MODHOST_E_INVALID);
  EXPECT_EQ(refusal([](HttpCall& call) { call.timeout = -1ms; }), MODHOST_E_INVALID);
  EXPECT_EQ(refusal([](HttpCall& call) { call.event = 0; }), MODHOST_E_DENIED) << "whom would it act for?";
  EXPECT_EQ(refusal([](HttpCall& call) { call.event += 1; }), MODHOST_E_INVALID);

  const auto absolute = [&](std::string url) {
    return refusal([&](HttpCall& call) {
      call.is_platform = false;
      call.target = std::move(url);
    });
  };
  EXPECT_EQ(absolute("https://api.acme.com/v1?q=1"), MODHOST_OK);
  EXPECT_EQ(absolute("HTTPS://API.acme.com:443/v1"), MODHOST_OK) << "the same origin";
  EXPECT_EQ(absolute("http://10.0.0.1:8080/"), MODHOST_OK);
  EXPECT_EQ(absolute("http://api.acme.com/v1"), MODHOST_E_DENIED) << "not encrypted: another origin";
  EXPECT_EQ(absolute("https://api.acme.com:8443/v1"), MODHOST_E_DENIED);
  EXPECT_EQ(absolute("https://api.acme.com.evil.example/"), MODHOST_E_DENIED);
  EXPECT_EQ(absolute("https://evil.example/?https://api.acme.com"), MODHOST_E_DENIED);
  EXPECT_EQ(absolute("https://api.acme.com@evil.example/"), MODHOST_E_INVALID);
  EXPECT_EQ(absolute("https://evil.example\\@api.acme.com/"), MODHOST_E_INVALID);
  EXPECT_EQ(absolute("file:///etc/passwd"), MODHOST_E_INVALID);
  EXPECT_EQ(absolute("/messages"), MODHOST_E_INVALID);
  EXPECT_EQ(refusal([](HttpCall& call) {
              call.is_platform = false;
              call.target = "https://api.acme.com/";
              call.headers = {{"Host", "other"}};
            }),
            MODHOST_E_INVALID);
  EXPECT_EQ(client_.requests().size(), 3u);
  EXPECT_EQ(header(client_.requests().at(0).request, "Authorization"), "") << "our key goes to the platform only";
  EXPECT_EQ(notes_->lines(), Lines{}) << "no callback for what never started";
}

TEST_F(HttpServiceTest, AnUploadMayGoWhereThePlatformSaysForAWhile) {
  const auto event = begin_event(1h);
  const auto may_call = [&](const std::string& url, const OpenEvent& of) {
    HttpCall call = call_for(of);
    call.is_platform = false;
    call.method = "PUT";
    call.target = url;
    return start(std::move(call), notes_).status;
  };
  const std::string write = "https://blob.example.com/in/1?sig=a%2Bb";
  EXPECT_EQ(may_call(write, *event), MODHOST_E_DENIED);
  HttpCall upsert = call_for(*event);
  upsert.method = "POST";
  upsert.target = "/content/upsert";
  ASSERT_TRUE(start(upsert, notes_).ok());
  client_.respond(client_.requests().back(), 200,
                  R"({"id": "cont_1", "writeUrl": ")" + write + R"(", "readUrl": "https://blob.example.com/out/1"})");
  EXPECT_EQ(may_call(write, *event), MODHOST_OK);
  EXPECT_EQ(header(client_.requests().back().request, "Authorization"), "");
  EXPECT_EQ(may_call("https://blob.example.com/out/1", *event), MODHOST_OK);
  EXPECT_EQ(may_call("https://blob.example.com/in/2?sig=a%2Bb", *event), MODHOST_E_DENIED);
  clock_.advance(kUploadGrant);
  EXPECT_EQ(may_call(write, *event), MODHOST_E_DENIED);
}

TEST_F(HttpServiceTest, OnlyAnAnswerToAnUploadGrantsAnything) {
  const auto event = begin_event();
  const std::string body = R"({"writeUrl": "https://blob.example.com/1"})";
  const auto answered = [&](const std::string& method, const std::string& target, int status) {
    HttpCall call = call_for(*event);
    call.method = method;
    call.target = target;
    EXPECT_TRUE(start(call, notes_).ok());
    client_.respond(client_.requests().back(), status, body);
    return event->uploads.allows("https://blob.example.com/1", clock_.steady_now());
  };
  EXPECT_FALSE(answered("GET", "/content/upsert", 200));
  EXPECT_FALSE(answered("POST", "/content/search", 200));
  EXPECT_FALSE(answered("POST", "/content/upsert", 403));
  EXPECT_TRUE(answered("POST", "/content/upsert?x=1", 201));
}

TEST_F(HttpServiceTest, NamesOfHeadersAreInLowerCase) {
  const auto event = begin_event();
  ASSERT_TRUE(start(call_for(*event), notes_).ok());
  client_.requests().back().sink->on_head(200, {{"Content-Type", "text/Plain"}, {"x-Request-ID", "R"}});
  lane_.run();
  EXPECT_EQ(notes_->headers(), (HeaderList{{"content-type", "text/Plain"}, {"x-request-id", "R"}}));
}

TEST_F(HttpServiceTest, APlatformCallWithoutAnEventNeedsItsGrant) {
  HttpCall call;
  call.is_platform = true;
  call.method = "GET";
  call.target = "/messages";
  const Refusal refusal = start(call, notes_);
  EXPECT_EQ(refusal.status, MODHOST_E_DENIED);
  EXPECT_NE(refusal.detail.find("platform-without-event"), std::string::npos);
}

TEST_F(HttpServiceTest, WithItsGrantItCallsAsTheAppAndForNoUser) {
  module_.grants = {"platform-without-event"};
  HttpCall call;
  call.is_platform = true;
  call.method = "GET";
  call.target = "/folder/infos";
  ASSERT_EQ(start(call, notes_).status, MODHOST_OK);
  const auto request = client_.requests().at(0).request;
  EXPECT_NE(header(request, "Authorization"), "");
  EXPECT_NE(header(request, "x-app-id"), "");
  EXPECT_EQ(header(request, "x-user-id"), "");
  EXPECT_EQ(request.group, module_.name);
}

TEST_F(HttpServiceTest, AnEndedEventIsGone) {
  const auto event = begin_event();
  services().events.complete(event->id(), {});
  EXPECT_EQ(start(call_for(*event), notes_).status, MODHOST_E_GONE);
}

TEST_F(HttpServiceTest, WhatTheClientRefusesIsAnsweredAndForgotten) {
  const auto event = begin_event();
  client_.refuse_with(Error{Code::kFull, "too many calls"});
  EXPECT_EQ(start(call_for(*event), notes_).status, MODHOST_E_FULL);
  lane_.run();
  EXPECT_EQ(notes_->lines(), Lines{});
  services().events.complete(event->id(), {});
  EXPECT_TRUE(client_.cancelled().empty());
}

TEST_F(HttpServiceTest, ACallDiesWithItsEvent) {
  const auto event = begin_event();
  ASSERT_TRUE(start(call_for(*event), notes_).ok());
  services().events.complete(event->id(), {});
  EXPECT_EQ(client_.cancelled().size(), 1u);
  lane_.run();
  EXPECT_EQ(notes_->lines(), Lines{"done " + std::to_string(MODHOST_E_CANCELLED)});
}

TEST_F(HttpServiceTest, ACancelledEventEndsItsCallsAndLeavesTimeToSayGoodbye) {
  const auto event = begin_event();
  ASSERT_TRUE(start(call_for(*event), notes_).ok());
  services().events.ask_to_cancel(*event, MODHOST_CANCEL_USER, Deadline::after(clock_, 2s));
  lane_.run();
  EXPECT_EQ(notes_->lines(), Lines{"done -6"});
  ASSERT_TRUE(start(call_for(*event), notes_).ok());
  EXPECT_EQ(client_.requests().at(1).request.deadline, Deadline::after(clock_, 2s));
}

TEST_F(HttpServiceTest, CloseEndsEveryCallOnce) {
  const auto event = begin_event();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(start(call_for(*event), notes_).ok());
  services().http.close();
  services().events.complete(event->id(), {});
  lane_.run();
  EXPECT_EQ(notes_->lines(), Lines(3, "done -9"));
  EXPECT_EQ(start(call_for(*event), notes_).status, MODHOST_E_CLOSED);
}

TEST_F(HttpServiceTest, CancelDropsWhatWasNotDelivered) {
  const auto event = begin_event();
  Handle id = 0;
  ASSERT_TRUE(start(call_for(*event), notes_, &id).ok());
  client_.respond(client_.requests().at(0), 200, "hello");
  EXPECT_EQ(services().http.cancel(id), MODHOST_OK);
  lane_.run();
  EXPECT_EQ(notes_->lines(), Lines{"done -6"});
}

TEST_F(HttpServiceTest, AFailingSinkAbortsTheCall) {
  const auto event = begin_event();
  notes_->answer = MODHOST_E_INTERNAL;
  ASSERT_TRUE(start(call_for(*event), notes_).ok());
  client_.respond(client_.requests().at(0), 200, "hello");
  lane_.run();
  EXPECT_EQ(notes_->lines(), (Lines{"head 200", "done -6"}));
}

TEST_F(HttpServiceTest, NoDataWhilePausedButFailuresGetThrough) {
  const auto event = begin_event();
  Handle id = 0;
  ASSERT_TRUE(start(call_for(*event), notes_, &id).ok());
  const auto call = client_.requests().at(0);
  EXPECT_EQ(services().http.pause(id, true), MODHOST_OK);
  call.sink->on_head(200, {});
  call.sink->on_data("one");
  lane_.run();
  EXPECT_EQ(notes_->lines(), Lines{"head 200"});
  EXPECT_EQ(services().http.pause(id, false), MODHOST_OK);
  lane_.run();
  EXPECT_EQ(notes_->lines(), (Lines{"head 200", "data one"}));
  services().http.pause(id, true);
  call.sink->on_data("two");
  client_.done(call.id, Error{Code::kTimeout, "too slow"});
  lane_.run();
  EXPECT_EQ(notes_->lines(), (Lines{"head 200", "data one", "done -7"}));
}

TEST_F(HttpServiceTest, ASlowPluginHoldsBackThePeerNotOurMemory) {
  const auto event = begin_event();
  ASSERT_TRUE(start(call_for(*event), notes_).ok());
  const auto call = client_.requests().at(0);
  call.sink->on_head(200, {});
  const std::string chunk(100 * 1024, 'x');
  call.sink->on_data(chunk);
  call.sink->on_data(chunk);
  EXPECT_TRUE(client_.pauses().empty());
  call.sink->on_data(chunk);
  EXPECT_EQ(client_.pauses(), std::vector<bool>{true});
  lane_.run();
  EXPECT_EQ(client_.pauses(), (std::vector<bool>{true, false}));
  client_.done(call.id, {});
  lane_.run();
  EXPECT_EQ(notes_->lines().back(), "done 0");
}

TEST_F(HttpServiceTest, AnAnswerInsideStartIsToldAfterIt) {
  const auto event = begin_event();
  client_.answer_with([&](const auto& started) {
    client_.respond(started, 200, "quick");
    EXPECT_EQ(notes_->lines(), Lines{});
    EXPECT_EQ(lane_.run(), 0) << "start() may still fail";
  });
  ASSERT_TRUE(start(call_for(*event), notes_).ok());
  lane_.run();
  EXPECT_EQ(notes_->lines(), (Lines{"head 200", "data quick", "done 0"}));
}

TEST_F(HttpServiceTest, AnEventThatEndsInsideStartEndsTheCall) {
  const auto event = begin_event();
  client_.answer_with([&](const auto&) { services().events.complete(event->id(), {}); });
  ASSERT_TRUE(start(call_for(*event), notes_).ok());
  lane_.run();
  EXPECT_EQ(notes_->lines(), Lines{"done -6"});
  EXPECT_EQ(client_.live(), 0u);
}

TEST_F(HttpServiceTest, PerformNeedsNoThreadOfTheLane) {
  const auto event = begin_event();
  lane_.close();
  platform::HttpResponse response;
  std::thread client([&] {
    ASSERT_TRUE(test::eventually([&] { return client_.live() == 1; }));
    client_.respond(client_.requests().at(0), 201, R"({"id":"msg_1"})");
  });
  const Refusal refusal = services().http.perform(call_for(*event), response);
  client.join();
  EXPECT_TRUE(refusal.ok());
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, R"({"id":"msg_1"})");
}

TEST_F(HttpServiceTest, PerformLetsGoWhenTheEventIsCancelled) {
  const auto event = begin_event();
  std::thread canceller([&] {
    ASSERT_TRUE(test::eventually([&] { return client_.live() == 1; }));
    services().events.ask_to_cancel(*event, MODHOST_CANCEL_USER, Deadline::after(clock_, 2s));
  });
  platform::HttpResponse response;
  EXPECT_EQ(services().http.perform(call_for(*event), response).status, MODHOST_E_CANCELLED);
  canceller.join();
}

TEST_F(HttpServiceTest, ASuccessfulPatchOfTheAnswerCompletesTheTurn) {
  const auto outcome_of_patch = [&](std::string target, std::string body, int status) {
    const auto event = begin_event();
    HttpCall call = call_for(*event);
    call.method = "PATCH";
    call.target = std::move(target);
    call.body = std::move(body);
    EXPECT_TRUE(start(std::move(call), notes_).ok());
    client_.respond(client_.requests().back(), status, "{}");
    lane_.run();
    services().events.complete(event->id(), {});
    return ends_.back().is_turn_completed;
  };
  EXPECT_TRUE(outcome_of_patch("/messages/msg_answer", R"({"completedAt":"2026-01-01T00:00:00Z"})", 200));
  EXPECT_TRUE(outcome_of_patch("/messages/msg_answer?x=1", R"({"text":"hi","completedAt":"now"})", 204));
  EXPECT_TRUE(outcome_of_patch("/chat/messages/msg_answer", R"({"completedAt":"now"})", 200)) << "any base path";
  EXPECT_FALSE(outcome_of_patch("/messages/msg_answer", R"({"completedAt":null})", 200));
  EXPECT_FALSE(outcome_of_patch("/messages/msg_answer", R"({"text":"completedAt"})", 200));
  EXPECT_FALSE(outcome_of_patch("/messages/msg_other", R"({"completedAt":"now"})", 200));
  EXPECT_FALSE(outcome_of_patch("/messages/msg_answer", R"({"completedAt":"now"})", 500));
  EXPECT_FALSE(outcome_of_patch("/messages/msg_answer", "not json", 200));
}

TEST_F(HttpServiceTest, ACompletedTurnIsRecorded) {
  const auto event = begin_event(std::chrono::minutes(5), 7);
  HttpCall call = call_for(*event);
  call.method = "PATCH";
  call.target = "/messages/msg_answer";
  call.body = R"({"completedAt":"now"})";
  ASSERT_TRUE(start(std::move(call), notes_).ok());
  client_.respond(client_.requests().back(), 200, "{}");
  EXPECT_EQ(open_steps_.lines(), std::vector<std::string>{"turn completed 7"});
}

TEST_F(HttpServiceTest, TheEndTellsWhatTheUserSees) {
  const auto event = begin_event();
  const auto call = [&](std::string method, std::string target, std::string body) {
    HttpCall made = call_for(*event);
    made.method = std::move(method);
    made.target = std::move(target);
    made.body = std::move(body);
    EXPECT_TRUE(start(std::move(made), notes_).ok());
  };
  call("PATCH", "/messages/msg_answer", R"({"text":"Looking..."})");
  call("POST", "/messages/msg_answer/event", R"({"text":"The"})");
  call("POST", "/messages/msg_answer/event", R"({"text":"The notice"})");
  services().events.complete(event->id(), {});
  EXPECT_EQ(ends_.back().shown_answer, R"({"text":"The notice"})");
}

// Cut off on its way, the call that stores an answer would take it from who has read it.
TEST_F(HttpServiceTest, AnAnswerIsKeptUntilItIsStored) {
  for (const int status : {0, 500, 200}) {
    const auto event = begin_event();
    for (const auto& [method, target, text] :
         {std::tuple("POST", "/messages/msg_answer/event", "All"), {"PATCH", "/messages/msg_answer", "All of it."}}) {
      HttpCall made = call_for(*event);
      made.method = method;
      made.target = target;
      made.body = R"({"text":")" + std::string(text) + R"("})";
      EXPECT_TRUE(start(std::move(made), notes_).ok());
    }
    if (status != 0) client_.respond(client_.requests().back(), status, "{}");
    services().events.complete(event->id(), {});
    EXPECT_EQ(ends_.back().shown_answer, status == 200 ? "" : R"({"text":"All of it."})") << status;
  }
}

// Chunks, pauses, cancels and the end from several threads: order holds and done is the last word, once.
TEST_F(HttpServiceTest, OrderHoldsWhateverThreadsDo) {
  for (int round = 0; round < 40; ++round) {
    const auto event = begin_event();
    const auto notes = std::make_shared<Notes>();
    Handle id = 0;
    ASSERT_TRUE(start(call_for(*event), notes, &id).ok());
    const auto call = client_.requests().back();
    std::atomic<bool> is_over{false};
    std::thread lane([&] {
      while (!is_over)
        if (lane_.run() == 0) std::this_thread::yield();
      lane_.run();
    });
    std::thread peer([&] {
      call.sink->on_head(200, {});
      for (int i = 0; i < 20; ++i)
        if (!call.sink->on_data(std::string(30'000, 'x'))) break;
      client_.done(call.id, {});
    });
    std::thread plugin([&] {
      services().http.pause(id, true);
      services().http.pause(id, false);
      if (round % 2 == 0) services().http.cancel(id);
    });
    peer.join();
    plugin.join();
    EXPECT_TRUE(test::eventually([&] { return !notes->lines().empty() && notes->lines().back().starts_with("done"); }));
    is_over = true;
    lane.join();
    const Lines lines = notes->lines();
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("done"); }), 1);
    if (round % 2 == 1) {
      EXPECT_EQ(lines.front(), "head 200");
      EXPECT_EQ(lines.size(), 22u);
    }
    services().events.complete(event->id(), {});
  }
}

}  // namespace
}  // namespace modhost::services
