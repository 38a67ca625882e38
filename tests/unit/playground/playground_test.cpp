// The whole stand-in over real sockets: deliveries and their retries, the page's API, live streams, faults, stopping.
#include "playground/playground.hpp"

#include <gtest/gtest.h>

#include <future>

#include "event/json_reader.hpp"
#include "platform/curl_client.hpp"
#include "playground/json_object.hpp"
#include "playground/platform.hpp"
#include "playground/sender.hpp"
#include "support/gate.hpp"
#include "unit/playground/mini_host.hpp"

namespace modhost::playground::test {
namespace {

using namespace std::chrono_literals;
using modhost::test::eventually;

constexpr const char* kSecret = "usig_a1b2c3d4e5f6g7h8i9j0klmn";

PlaygroundOptions test_options() {
  PlaygroundOptions options;
  options.app_id = "app_TEST";
  options.api_key = Secret("ukey_TEST");
  options.endpoint_secret = Secret(kSecret);
  options.modules = {"DemoApp"};
  options.delivery_backoff = 1ms;
  return options;
}

class PlaygroundTest : public ::testing::Test {
 protected:
  PlaygroundTest() {
    playground.set_webhook_url(host.url());
    const auto bound = playground.bind();
    EXPECT_TRUE(bound) << (bound ? "" : bound.error().message);
    playground.start();
  }

  std::string url(const std::string& target) const { return playground.page_url() + target.substr(1); }

  platform::HttpResponse send(platform::HttpRequest request) {
    request.deadline = Deadline::after(clock, 20s);
    request.attempts_max = 1;
    std::promise<Result<platform::HttpResponse>> answered;
    const auto started = client->start(
        std::move(request),
        platform::collect([&](Result<platform::HttpResponse> answer) { answered.set_value(std::move(answer)); }));
    EXPECT_TRUE(started);
    auto answer = answered.get_future().get();
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    return answer ? *answer : platform::HttpResponse{};
  }
  platform::HttpResponse get(const std::string& target, platform::HeaderList headers = {}) {
    platform::HttpRequest request;
    request.url = url(target);
    request.headers = std::move(headers);
    return send(std::move(request));
  }
  platform::HttpResponse post(const std::string& target, std::string body, platform::HeaderList headers = {}) {
    platform::HttpRequest request;
    request.method = "POST";
    request.url = url(target);
    request.headers = std::move(headers);
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = std::move(body);
    return send(std::move(request));
  }
  platform::HttpResponse call(const std::string& target) {
    return get("/public/chat" + target, {{"Authorization", "Bearer ukey_TEST"},
                                         {"x-app-id", "app_TEST"},
                                         {"x-user-id", "u"},
                                         {"x-company-id", "c"},
                                         {"x-api-version", "2023-12-06"}});
  }
  Platform& platform() { return playground.platform(); }
  std::string space_id() { return platform().spaces()[0].id; }
  // Types a message in the page; the chat's id.
  std::string type(const std::string& text) {
    const auto answer = post("/dev/messages", JsonObject().text("spaceId", space_id()).text("text", text).str());
    EXPECT_EQ(answer.status, 201) << answer.body;
    return std::string(string_member(parse_json(answer.body).value(), "chatId"));
  }
  // Sends a small event as the composer does; the key of its record.
  std::string compose(const std::string& id, const std::string& corrupt = "") {
    const std::string body =
        JsonObject().text("id", id).text("event", "unique.test").text("userId", "u\r\n1").text("companyId", "c").str();
    const auto answer = post("/dev/events", JsonObject().text("body", body).text("corrupt", corrupt).str());
    EXPECT_EQ(answer.status, 201) << answer.body;
    return std::string(string_member(parse_json(answer.body).value(), "key"));
  }
  EventRecord settled(const std::string& key, std::size_t tries) {
    EXPECT_TRUE(eventually([&] {
      const EventRecord record = platform().event(key).value();
      return record.tries.size() >= tries && record.outcome != Outcome::kSending &&
             record.outcome != Outcome::kRetrying;
    })) << key;
    return platform().event(key).value();
  }

  SystemClock clock;
  std::unique_ptr<platform::CurlClient> client = platform::CurlClient::open(clock).value();
  MiniHost host{clock, *client, kSecret};
  Playground playground{test_options(), clock, *client, [](const std::string& id) {
                          return JsonObject().text("state", "completed").text("of", id).str();
                        }};
};

TEST_F(PlaygroundTest, AMessageComesBackAnswered) {
  host.answer_through(playground.api_base(), "app_TEST", "ukey_TEST");
  const std::string chat = type("make me a demo please");
  ASSERT_TRUE(eventually([&] {
    const auto messages = platform().messages(chat).value();
    return messages.size() == 3 && messages[1].completed_at;
  }));
  const auto messages = platform().messages(chat).value();
  EXPECT_EQ(messages[0].text, "make me a demo please");
  EXPECT_FALSE(messages[1].text);
  EXPECT_EQ(messages[2].text, "Hello from the Assistant Demo! 🚀 echo make me a demo please");
  ASSERT_TRUE(eventually([&] { return platform().calls(chat).size() == 2; }));
  const auto events = platform().events(chat);
  ASSERT_EQ(events.size(), 2u);
  for (const CallRecord& one : platform().calls(chat)) EXPECT_EQ(one.event_key, events[1].key);
}

TEST_F(PlaygroundTest, ThePageOpensTheDocumentOfASource) {
  const auto found = parse_json(post("/public/chat/search/search",
                                     R"({"searchString":"lost laptop","searchType":"COMBINED","limit":1})",
                                     {{"Authorization", "Bearer ukey_TEST"},
                                      {"x-app-id", "app_TEST"},
                                      {"x-user-id", "u"},
                                      {"x-company-id", "c"},
                                      {"x-api-version", "2023-12-06"}})
                                    .body)
                         .value();
  const std::string id(string_member(found[0], "id"));
  const auto shown = parse_json(get("/dev/document?contentId=" + id).body).value();
  EXPECT_EQ(string_member(shown, "title"), "Security FAQ");
  EXPECT_NE(string_member(shown, "text").find("A lost laptop is reported"), std::string_view::npos);
  EXPECT_EQ(get("/dev/document?contentId=cont_none").status, 404);
  EXPECT_EQ(get("/dev/document?contentId=" + id, {{"Origin", "http://elsewhere.example"}}).status, 403);
}

TEST_F(PlaygroundTest, ThePageAnswersAQuestion) {
  const std::string chat = type("hello");
  const auto asked =
      post("/public/chat/elicitation",
           R"({"mode":"FORM","message":"m","toolName":"t","schema":{"type":"object"},"chatId":")" + chat + R"("})",
           {{"Authorization", "Bearer ukey_TEST"},
            {"x-app-id", "app_TEST"},
            {"x-user-id", "u"},
            {"x-company-id", "c"},
            {"x-api-version", "2023-12-06"}});
  const std::string id(string_member(parse_json(asked.body).value(), "id"));
  const auto state = parse_json(get("/dev/state?chatId=" + chat).body).value();
  EXPECT_EQ(string_member(state["elicitations"][0], "id"), id);
  const std::string answer = R"({"id":")" + id + R"(","action":"ACCEPT","content":{"office":"Bern"}})";
  EXPECT_EQ(post("/dev/elicitation", answer).status, 200);
  EXPECT_EQ(post("/dev/elicitation", answer).status, 400);  // answered once
  EXPECT_EQ(string_member(parse_json(call("/elicitation/" + id).body).value(), "status"), "ACCEPTED");
  EXPECT_EQ(post("/dev/elicitation", R"({"id":"elicit_none","action":"DECLINE"})").status, 404);
}

TEST_F(PlaygroundTest, DeliveriesCarryAllSixHeadersAndASignatureThatHolds) {
  const std::string key = compose("evt_1");
  EXPECT_EQ(settled(key, 1).outcome, Outcome::kDelivered);
  const auto deliveries = host.deliveries();
  ASSERT_EQ(deliveries.size(), 1u);
  EXPECT_EQ(deliveries[0].header("X-Unique-Id"), "evt_1");
  EXPECT_EQ(deliveries[0].header("X-Unique-Version"), "1.0.0");
  EXPECT_EQ(deliveries[0].header("X-Unique-User-Id"), "u1");  // control characters never become header bytes
  EXPECT_EQ(deliveries[0].header("X-Unique-Company-Id"), "c");
  EXPECT_EQ(deliveries[0].header("X-Unique-Signature").value_or("").size(), 64u);
  EXPECT_TRUE(deliveries[0].header("X-Unique-Created-At"));
  EXPECT_EQ(settled(key, 1).tries[0].answer, R"({"status":"accepted","id":"evt_1"})");
}

TEST_F(PlaygroundTest, SpoiledDeliveriesAreRefusedAndNotRepeated) {
  for (const char* corrupt : {"signature", "timestamp", "body"}) {
    const EventRecord record = settled(compose("evt_" + std::string(corrupt), corrupt), 1);
    EXPECT_EQ(record.outcome, Outcome::kExpired) << corrupt;
    ASSERT_EQ(record.tries.size(), 1u);
    EXPECT_EQ(record.tries[0].status, 401);
    EXPECT_EQ(record.tries[0].corrupted, corrupt);
  }
}

TEST_F(PlaygroundTest, SendingAgainIsADuplicate) {
  const std::string key = compose("evt_1");
  settled(key, 1);
  EXPECT_EQ(post("/dev/resend", JsonObject().text("key", key).str()).status, 201);
  const EventRecord record = settled(key, 2);
  ASSERT_EQ(record.tries.size(), 2u);
  EXPECT_EQ(record.tries[1].answer, R"({"status":"duplicate","id":"evt_1"})");
  EXPECT_EQ(host.deliveries()[0].body, host.deliveries()[1].body);
  EXPECT_EQ(post("/dev/resend", R"({"key":"none"})").status, 404);
}

TEST_F(PlaygroundTest, AnswersThatAskForItAreRetriedUntilDelivered) {
  host.refuse_with({503, 429, 302});
  const EventRecord record = settled(compose("evt_1"), 4);
  EXPECT_EQ(record.outcome, Outcome::kDelivered);
  ASSERT_EQ(record.tries.size(), 4u);
  EXPECT_EQ(record.tries[0].status, 503);
  EXPECT_EQ(record.tries[3].status, 200);
}

TEST_F(PlaygroundTest, RetriesEndAfterFive) {
  host.refuse_with({500, 500, 500, 500, 500, 500, 500});
  const EventRecord record = settled(compose("evt_1"), 6);
  EXPECT_EQ(record.outcome, Outcome::kExpired);
  EXPECT_EQ(record.tries.size(), 6u);
}

TEST_F(PlaygroundTest, OtherAnswersExpireAtOnce) {
  host.refuse_with({410});
  const EventRecord record = settled(compose("evt_1"), 1);
  EXPECT_EQ(record.outcome, Outcome::kExpired);
  EXPECT_EQ(record.tries.size(), 1u);
}

TEST_F(PlaygroundTest, ComposedBodiesNeedNotBeJson) {
  const auto answer = post("/dev/events", JsonObject().text("body", "not { json").str());
  ASSERT_EQ(answer.status, 201) << answer.body;
  const std::string key(string_member(parse_json(answer.body).value(), "key"));
  EXPECT_EQ(settled(key, 1).tries[0].status, 200);
  EXPECT_EQ(host.deliveries()[0].body, "not { json");
}

TEST_F(PlaygroundTest, ComposedEventsMakeWhatTheyName) {
  const std::string body =
      R"({"id":"evt_9","event":"unique.chat.external-module.chosen","userId":"u","companyId":"c","payload":{"name":"DemoApp",)"
      R"("chatid":"chat_X","assistantId":"assistant_X","userMessage":{"id":"msg_U","text":"hi"},"assistantMessage":{"id":"msg_A"}}})";
  ASSERT_EQ(post("/dev/events", JsonObject().text("body", body).flag("send", false).str()).status, 201);
  EXPECT_EQ(platform().message("chat_X", "msg_U")->text, "hi");
  EXPECT_TRUE(platform().message("chat_X", "msg_A")->is_turn);
  EXPECT_TRUE(host.deliveries().empty());
}

TEST_F(PlaygroundTest, FaultsHitTheApiOnly) {
  ASSERT_EQ(post("/dev/faults", R"({"mode":"429","count":1})").status, 200);
  const auto refused = call("/openai/models");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(call("/openai/models").status, 200);
  ASSERT_EQ(post("/dev/faults", R"({"mode":"500"})").status, 200);
  EXPECT_EQ(call("/openai/models").status, 500);
  EXPECT_EQ(get("/dev/state").status, 200);
  ASSERT_EQ(post("/dev/faults", R"({"mode":"slow","delayMs":60,"count":1})").status, 200);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(call("/openai/models").status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - began, 60ms);
  ASSERT_TRUE(eventually([&] { return platform().calls("").size() == 4; }));
  EXPECT_EQ(platform().calls("")[0].fault, "429");
  EXPECT_EQ(platform().calls("")[3].fault, "slow");
  EXPECT_EQ(post("/dev/faults", R"({"mode":"418"})").status, 400);
  EXPECT_EQ(post("/dev/faults", R"({"mode":"500","sparesChat":1})").status, 400);
}

TEST_F(PlaygroundTest, FaultsMaySpareTheChat) {
  ASSERT_EQ(post("/dev/faults", R"({"mode":"500","sparesChat":true})").status, 200);
  EXPECT_NE(get("/dev/state").body.find(R"("sparesChat":true)"), std::string::npos);
  EXPECT_EQ(call("/openai/models").status, 500);
  EXPECT_EQ(call("/message-execution?messageId=msg_1").status, 500);
  EXPECT_EQ(call("/messages?chatId=chat_1").status, 404) << "no such chat: what is written there are the endings too";
  EXPECT_EQ(call("/message-log").status, 404) << "answered as ever";
  ASSERT_EQ(post("/dev/faults", R"({"mode":"500"})").status, 200);
  EXPECT_EQ(call("/messages?chatId=chat_1").status, 500);
}

TEST_F(PlaygroundTest, ThePageIsServedAndGuarded) {
  const auto page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("modhost playground"), std::string::npos);
  EXPECT_EQ(get("/", {{"Host", "evil.example"}}).status, 403);
  EXPECT_EQ(get("/dev/state", {{"Origin", "http://evil.example"}}).status, 403);
  EXPECT_EQ(post("/dev/faults", R"({"mode":"500"})", {{"Origin", "http://evil.example"}}).status, 403);
  EXPECT_EQ(call("/openai/models").status, 200);
  EXPECT_EQ(post("/", "{}").status, 404);
  EXPECT_EQ(get("/dev/nothing").status, 404);
}

TEST_F(PlaygroundTest, FormsOfOtherPagesCanNotPost) {
  platform::HttpRequest request;
  request.method = "POST";
  request.url = url("/dev/faults");
  request.headers = {{"Content-Type", "text/plain"}};
  request.body = R"({"mode":"500"})";
  EXPECT_EQ(send(std::move(request)).status, 400);
  EXPECT_EQ(call("/openai/models").status, 200);
}

TEST_F(PlaygroundTest, PagesCanNotUseTheApi) {
  for (const auto& [name, value] :
       platform::HeaderList{{"Origin", "https://elsewhere.example"}, {"Sec-Fetch-Site", "cross-site"}})
    EXPECT_EQ(post("/public/chat/messages", "{}", {{name, value}}).status, 403) << name;
  EXPECT_EQ(get("/dev/state").body.find("/messages"), std::string::npos) << "it is in no timeline";
}

TEST_F(PlaygroundTest, TheHostsViewIsAskedFor) {
  EXPECT_EQ(get("/dev/view?eventId=evt_7").body, R"({"state":"completed","of":"evt_7"})");
  EXPECT_EQ(get("/dev/view").body, "null");
}

TEST_F(PlaygroundTest, StopIsSeenByTheModule) {
  const std::string chat = type("hello");
  EXPECT_EQ(post("/dev/stop", JsonObject().text("chatId", chat).str()).status, 200);
  EXPECT_TRUE(platform().messages(chat).value()[1].user_aborted_at);
  EXPECT_EQ(post("/dev/stop", R"({"chatId":"chat_none"})").status, 404);
}

TEST_F(PlaygroundTest, StateShowsTheChat) {
  const std::string chat = type("hello");
  const auto state = parse_json(get("/dev/state?chatId=" + chat).body).value();
  EXPECT_EQ(string_member(state["modules"][0], "name"), "DemoApp");
  EXPECT_EQ(string_member(state["chats"][0], "title"), "hello");
  EXPECT_EQ(state["messages"].Size(), 2u);
  EXPECT_EQ(state["events"].Size(), 2u);
  EXPECT_EQ(string_member(state["faults"], "mode"), "none");
}

// Collects a stream and can wait for words in it.
class Stream final : public platform::Sink {
 public:
  bool on_head(int status, const platform::HeaderList&) override {
    MutexLock lock(mutex_);
    has_head_ = status == 200;
    return has_head_;
  }
  bool on_data(std::string_view chunk) override {
    MutexLock lock(mutex_);
    text_ += chunk;
    return true;
  }
  void on_done(Result<void>) override {
    MutexLock lock(mutex_);
    is_over_ = true;
  }
  bool has(std::string_view words) const {
    MutexLock lock(mutex_);
    return text_.find(words) != std::string::npos;
  }
  bool has_head() const {
    MutexLock lock(mutex_);
    return has_head_;
  }
  bool is_over() const {
    MutexLock lock(mutex_);
    return is_over_;
  }

 private:
  mutable Mutex mutex_;
  std::string text_ GUARDED_BY(mutex_);
  bool has_head_ GUARDED_BY(mutex_) = false, is_over_ GUARDED_BY(mutex_) = false;
};

TEST_F(PlaygroundTest, StreamsTellEveryChangeAndEndWhenItStops) {
  const auto stream = std::make_shared<Stream>();
  platform::HttpRequest request;
  request.url = url("/dev/stream");
  request.deadline = Deadline::after(clock, 60s);
  ASSERT_TRUE(client->start(std::move(request), stream));
  ASSERT_TRUE(eventually([&] { return stream->has("event: hello\n"); }));
  const std::string chat = type("streamed text");
  for (const char* kind : {"event: chat\n", "event: message\n", "event: event\n", "streamed text"})
    EXPECT_TRUE(eventually([&] { return stream->has(kind); })) << kind;
  const Message assistant = platform().messages(chat).value()[1];
  MessageFields partial;
  partial.text = "half an ans";
  ASSERT_TRUE(platform().show_message(chat, assistant.id, partial));
  EXPECT_TRUE(eventually([&] { return stream->has("half an ans"); }));
  playground.stop();
  EXPECT_TRUE(eventually([&] { return stream->is_over(); }));
}

TEST_F(PlaygroundTest, TheEventSocketCarriesWhatWasSubscribedTo) {
  const auto stream = std::make_shared<Stream>(), stranger = std::make_shared<Stream>();
  for (const auto& [one, company] : {std::pair(stream, "200000000000000002"), {stranger, "200000000000000003"}}) {
    platform::HttpRequest request;
    request.url =
        url("/public/event-socket/events/stream?subscriptions=unique.chat.external-module.chosen,unique.other");
    request.headers = {{"Authorization", "Bearer ukey_TEST"}, {"x-app-id", "app_TEST"}, {"x-company-id", company}};
    request.deadline = Deadline::after(clock, 60s);
    ASSERT_TRUE(client->start(std::move(request), one));
  }
  // Once a stream has its head, its subscription holds.
  ASSERT_TRUE(eventually([&] { return stream->has_head() && stranger->has_head(); }));
  const std::string chat = type("line one\nline two");
  const std::string body = platform().events(chat)[1].body;
  EXPECT_TRUE(eventually([&] { return stream->has(("data: " + body + "\n\n").c_str()); }));
  playground.stop();
  ASSERT_TRUE(eventually([&] { return stream->is_over() && stranger->is_over(); }));
  EXPECT_FALSE(stream->has("user-message.created"));  // now that nothing more can come
  EXPECT_FALSE(stranger->has("data:"));
}

TEST_F(PlaygroundTest, TheEventSocketWantsCredentialsAndSubscriptions) {
  const std::string target = "/public/event-socket/events/stream", wanted = target + "?subscriptions=a";
  const platform::HeaderList key = {{"Authorization", "Bearer ukey_TEST"}};
  platform::HeaderList app = key, all = key;
  app.push_back({"x-app-id", "app_TEST"});
  all = app;
  all.push_back({"x-company-id", "c"});
  EXPECT_EQ(get(wanted).status, 401);
  EXPECT_EQ(get(wanted, key).status, 403);
  EXPECT_EQ(get(wanted, app).status, 400);
  EXPECT_EQ(get(target, all).status, 400);
}

TEST_F(PlaygroundTest, CallsFindTheirEventByItsTrace) {
  const std::string first = compose("evt_1"), second = compose("evt_2");
  const std::string trace = platform().event(first)->trace_id;
  CallRecord record;
  record.target = "/openai/chat/completions";
  platform().add_call(record, "00-" + trace + "-0123456789abcdef-01", "");
  EXPECT_EQ(platform().calls("").back().event_key, first);
  platform().add_call(record, "garbage", "");
  EXPECT_EQ(platform().calls("").back().event_key, "");
  settled(first, 1);
  settled(second, 1);
}

// A host that takes requests and never answers.
TEST(PlaygroundStop, DoesNotWaitForADeafHost) {
  SystemClock clock;
  auto client = platform::CurlClient::open(clock).value();
  Mutex mutex;
  std::vector<http::Responder> kept;
  http::Server deaf({}, clock, [&](const http::Request&, http::Responder responder) {
    MutexLock lock(mutex);
    kept.push_back(std::move(responder));
  });
  ASSERT_TRUE(deaf.bind());
  deaf.start();
  PlaygroundOptions options = test_options();
  options.webhook_url = "http://127.0.0.1:" + std::to_string(deaf.port()) + "/webhook";
  Playground playground(options, clock, *client);
  ASSERT_TRUE(playground.bind());
  playground.start();
  playground.sender().deliver(playground.platform().add_event("{}"));
  ASSERT_TRUE(eventually([&] {
    MutexLock lock(mutex);
    return !kept.empty();
  }));
  const auto began = std::chrono::steady_clock::now();
  playground.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
  deaf.stop();
  MutexLock lock(mutex);
  kept.clear();
}

TEST(PlaygroundStop, AnUnreachableHostExpiresTheEvent) {
  SystemClock clock;
  auto client = platform::CurlClient::open(clock).value();
  PlaygroundOptions options = test_options();
  options.webhook_url = "http://127.0.0.1:1/webhook";
  options.delivery_retries = 1;
  Playground playground(options, clock, *client);
  ASSERT_TRUE(playground.bind());
  playground.start();
  const std::string key = playground.platform().add_event("{}");
  playground.sender().deliver(key);
  ASSERT_TRUE(eventually([&] { return playground.platform().event(key)->outcome == Outcome::kExpired; }));
  const EventRecord record = playground.platform().event(key).value();
  ASSERT_EQ(record.tries.size(), 2u);
  EXPECT_EQ(record.tries[0].status, 0);
  EXPECT_FALSE(record.tries[0].answer.empty());
}

TEST(PlaygroundStart, ATakenPortSaysSo) {
  SystemClock clock;
  auto client = platform::CurlClient::open(clock).value();
  Playground first(test_options(), clock, *client);
  ASSERT_TRUE(first.bind());
  PlaygroundOptions options = test_options();
  options.port = first.port();
  Playground second(options, clock, *client);
  const auto bound = second.bind();
  ASSERT_FALSE(bound);
  EXPECT_NE(bound.error().message.find(std::to_string(first.port())), std::string::npos) << bound.error().message;
}

TEST(PlaygroundStart, SecretsHaveThePlatformsForms) {
  EXPECT_TRUE(make_endpoint_secret().reveal().starts_with("usig_"));
  EXPECT_TRUE(make_api_key().reveal().starts_with("ukey_"));
  EXPECT_TRUE(make_app_id().starts_with("app_"));
  EXPECT_NE(make_endpoint_secret().reveal(), make_endpoint_secret().reveal());
}

}  // namespace
}  // namespace modhost::playground::test
