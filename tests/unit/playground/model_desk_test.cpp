// Completions over real sockets: delays, streams, answers that grow in a message, stop, an upstream, many at once; and
// the state that outlives the stand-in.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>

#include "event/json_reader.hpp"
#include "platform/curl_client.hpp"
#include "playground/json_object.hpp"
#include "playground/platform.hpp"
#include "playground/playground.hpp"
#include "support/gate.hpp"
#include "support/temp_dir.hpp"

namespace modhost::playground::test {
namespace {

using namespace std::chrono_literals;
using modhost::test::eventually;
using modhost::test::TempDir;

constexpr const char* kPrompt =
    R"("messages":[{"role":"system","content":"[source0] The rent is high.\n[source1] Cats sleep all day long."},)"
    R"({"role":"user","content":"How long do cats sleep?"}])";

// An answer that goes on for longer than any test waits, at kSlowPiece a word.
constexpr std::chrono::milliseconds kSlowPiece = 100ms;
std::string long_text() {
  std::string text;
  for (int i = 0; i < 300; ++i) text += (i == 0 ? "word" : " word") + std::to_string(i);
  return text;
}
std::string long_prompt() { return R"("messages":[{"role":"user","content":"echo )" + long_text() + R"("}])"; }

class Desk : public ::testing::Test {
 protected:
  // Starts with `options` set over the ones every test has.
  void open(const std::function<void(PlaygroundOptions&)>& set = {}) {
    PlaygroundOptions options;
    options.app_id = "app_TEST";
    options.api_key = Secret("ukey_TEST");
    options.endpoint_secret = Secret("usig_a1b2c3d4e5f6g7h8i9j0klmn");
    options.modules = {"DemoApp"};
    options.delivery_retries = 0;
    options.webhook_url = "http://127.0.0.1:1/webhook";  // nobody: these tests are about the API
    options.model.piece_interval = 1ms;
    if (set) set(options);
    playground = std::make_unique<Playground>(options, clock, *client);
    const auto bound = playground->bind();
    ASSERT_TRUE(bound) << bound.error().message;
    playground->start();
  }
  std::future<platform::HttpResponse> send(const std::string& target, std::string body, const char* method = "POST") {
    platform::HttpRequest request;
    request.method = method;
    request.url = playground->api_base() + target;
    request.headers = {{"Authorization", "Bearer ukey_TEST"},
                       {"x-app-id", "app_TEST"},
                       {"x-user-id", "u"},
                       {"x-company-id", "c"},
                       {"x-api-version", "2023-12-06"},
                       {"Content-Type", "application/json"}};
    request.body = std::move(body);
    request.deadline = Deadline::after(clock, 20s);
    request.attempts_max = 1;
    auto answered = std::make_shared<std::promise<platform::HttpResponse>>();
    const auto started =
        client->start(std::move(request), platform::collect([answered](Result<platform::HttpResponse> answer) {
                        answered->set_value(answer ? *answer : platform::HttpResponse{0, {}, answer.error().message});
                      }));
    EXPECT_TRUE(started);
    return answered->get_future();
  }
  Turn begin_turn() {
    TurnRequest request;
    request.space_id = playground->platform().spaces()[0].id;
    request.text = "hello";
    return playground->platform().begin_turn(request).value();
  }
  std::string integrated(const Turn& turn, const std::string& prompt = kPrompt) const {
    return R"({"chatId":")" + turn.user.chat_id + R"(","assistantId":"a","assistantMessageId":")" + turn.assistant.id +
           R"(","userMessageId":")" + turn.user.id + R"(",)" + prompt +
           R"(,"searchContext":[{"id":"cont_0","chunkId":"k0","key":"a.md"},{"id":"cont_1","chunkId":"k1","key":"b.md"}]})";
  }
  Message stored(const Turn& turn) {
    return playground->platform().message(turn.user.chat_id, turn.assistant.id).value();
  }

  SystemClock clock;
  std::unique_ptr<platform::CurlClient> client = platform::CurlClient::open(clock).value();
  std::unique_ptr<Playground> playground;
};

TEST_F(Desk, AStreamIsInOpenAisFormAndAddsUp) {
  open();
  const auto answer = send("/openai-proxy/chat/completions", std::string("{") + kPrompt + R"(,"stream":true})").get();
  ASSERT_EQ(answer.status, 200) << answer.body;
  std::string text, last;
  std::size_t chunks = 0;
  for (std::size_t at = 0; (at = answer.body.find("data: ", at)) != std::string::npos; ++chunks) {
    const auto end = answer.body.find("\n\n", at);
    ASSERT_NE(end, std::string::npos);
    last = answer.body.substr(at + 6, end - at - 6);
    at = end;
    const auto chunk = parse_json(last);
    if (!chunk) continue;
    EXPECT_EQ(string_member(*chunk, "object"), "chat.completion.chunk");
    text += string_member((*chunk)["choices"][0]["delta"], "content");
  }
  EXPECT_EQ(last, "[DONE]");
  EXPECT_EQ(text, "Cats sleep all day long.[source1]");
  EXPECT_EQ(chunks, 7u);  // five words, the reason of the end, [DONE]
}

TEST_F(Desk, TheProxyAnswersInOpenAisForm) {
  open();
  const auto answer =
      parse_json(send("/openai-proxy/chat/completions", std::string("{") + kPrompt + "}").get().body).value();
  EXPECT_EQ(string_member(answer["choices"][0], "finish_reason"), "stop");
  EXPECT_TRUE(answer["usage"]["total_tokens"].IsInt());
}

TEST_F(Desk, AnIntegratedAnswerGrowsInItsMessage) {
  open();
  const Turn turn = begin_turn();
  const auto answer = send("/integrated/chat/stream-completions", integrated(turn)).get();
  ASSERT_EQ(answer.status, 201) << answer.body;
  const Message message = stored(turn);
  EXPECT_EQ(message.text, "Cats sleep all day long.<sup>1</sup>");
  EXPECT_EQ(message.original_text, "Cats sleep all day long.[source1]");
  EXPECT_TRUE(message.started_streaming_at && message.stopped_streaming_at);
  EXPECT_FALSE(message.completed_at);
  const auto references = parse_json(message.references).value();
  ASSERT_EQ(references.Size(), 1u);
  EXPECT_EQ(string_member(references[0], "sourceId"), "cont_1_k1");
  EXPECT_EQ(string_member(references[0], "url"), "unique://content/cont_1");
  EXPECT_EQ(string_member(parse_json(answer.body).value()["message"], "text"), *message.text);
}

TEST_F(Desk, TheStopButtonEndsAnIntegratedAnswer) {
  open([](PlaygroundOptions& options) { options.model.piece_interval = kSlowPiece; });
  const Turn turn = begin_turn();
  auto answer = send("/integrated/chat/stream-completions", integrated(turn, long_prompt()));
  ASSERT_TRUE(eventually([&] { return stored(turn).started_streaming_at.has_value(); }));
  ASSERT_TRUE(playground->platform().abort_turn(turn.user.chat_id));
  EXPECT_EQ(answer.get().status, 201);
  EXPECT_TRUE(stored(turn).stopped_streaming_at);
  EXPECT_TRUE(long_text().starts_with(*stored(turn).original_text)) << *stored(turn).original_text;
  EXPECT_NE(*stored(turn).original_text, long_text());
}

TEST_F(Desk, AMessageThatIsRemovedMeanwhileIsNotFound) {
  open([](PlaygroundOptions& options) { options.model.piece_interval = kSlowPiece; });
  const Turn turn = begin_turn();
  auto answer = send("/integrated/chat/stream-completions", integrated(turn, long_prompt()));
  ASSERT_TRUE(eventually([&] { return stored(turn).started_streaming_at.has_value(); }));
  ASSERT_TRUE(playground->platform().remove_message(turn.user.chat_id, turn.assistant.id));
  EXPECT_EQ(answer.get().status, 404);
}

TEST_F(Desk, DelayedCompletionsWaitTogether) {
  constexpr int kCount = 100;
  open([](PlaygroundOptions& options) { options.model.delay = 300ms; });
  const auto began = clock.steady_now();
  std::vector<std::future<platform::HttpResponse>> answers;
  for (int i = 0; i < kCount; ++i)
    answers.push_back(send("/openai/chat/completions",
                           R"({"messages":[{"role":"user","content":"echo token )" + std::to_string(i) + R"("}]})"));
  for (int i = 0; i < kCount; ++i) {
    const auto answer = answers[i].get();
    ASSERT_EQ(answer.status, 201) << answer.body;
    EXPECT_EQ(string_member(parse_json(answer.body).value()["choices"][0]["message"], "content"),
              "token " + std::to_string(i));
  }
  EXPECT_GE(clock.steady_now() - began, 300ms);
  EXPECT_LT(clock.steady_now() - began, 300ms * kCount / 4);  // not one after the other
}

TEST_F(Desk, StoppingAnswersWhoWaits) {
  open([](PlaygroundOptions& options) { options.model.delay = 1h; });
  auto answer = send("/openai/chat/completions", std::string("{") + kPrompt + "}");
  ASSERT_TRUE(eventually([&] { return playground->counters().requests_in_flight == 1; }));
  playground->stop();
  EXPECT_NE(answer.get().status, 201);
}

// A server of OpenAI's form that answers everything alike and remembers what it was asked.
class Upstream {
 public:
  explicit Upstream(const Clock& clock, http::Response answer)
      : server_({}, clock, [this, answer = std::move(answer)](http::Request request, http::Responder responder) {
          {
            std::lock_guard lock(mutex_);
            asked_ = std::move(request);
          }
          responder.respond(answer);
        }) {
    EXPECT_TRUE(server_.bind());
    server_.start();
  }
  ~Upstream() { server_.stop(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/v1"; }
  http::Request asked() const {
    std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  mutable std::mutex mutex_;
  http::Request asked_;
  http::Server server_;
};

TEST_F(Desk, AnUpstreamAnswersInstead) {
  const Upstream upstream(clock, {200,
                                  "application/json",
                                  R"({"choices":[{"message":{"content":"Cats nap.[source1]","tool_calls":null}}]})",
                                  {},
                                  false});
  open([&](PlaygroundOptions& options) {
    options.model.upstream_url = upstream.url();
    options.model.upstream_key = Secret("sk-1");
    options.model.upstream_model = "small";
  });
  const Turn turn = begin_turn();
  ASSERT_EQ(send("/integrated/chat/stream-completions", integrated(turn)).get().status, 201);
  EXPECT_EQ(stored(turn).text, "Cats nap.<sup>1</sup>");
  EXPECT_EQ(upstream.asked().target, "/v1/chat/completions");
  EXPECT_EQ(upstream.asked().header("authorization"), "Bearer sk-1");
  const auto body = parse_json(upstream.asked().body).value();
  EXPECT_EQ(string_member(body, "model"), "small");
  EXPECT_EQ(body["messages"].Size(), 2u);
  EXPECT_EQ(body.MemberCount(), 2u);  // nothing of the platform's own reaches it
  const std::string options = R"(,"options":{"temperature":0.3,"maxTokens":7}})";
  ASSERT_EQ(send("/openai/chat/completions", std::string("{") + kPrompt + options).get().status, 201);
  EXPECT_EQ(parse_json(upstream.asked().body).value()["max_tokens"].GetInt(), 7);
}

TEST_F(Desk, WhatTheUpstreamRefusesIsSaid) {
  std::string url;
  {
    const Upstream upstream(clock, {401, "application/json", R"({"error":"no such key"})", {}, false});
    url = upstream.url();
    open([&](PlaygroundOptions& options) { options.model.upstream_url = url; });
    const auto refused = send("/openai/chat/completions", std::string("{") + kPrompt + "}").get();
    EXPECT_EQ(refused.status, 502);
    const auto said = parse_json(refused.body).value();
    EXPECT_EQ(string_member(said["error"], "message"),
              R"(the language model failed: it answered 401 {"error":"no such key"})");
  }
  EXPECT_EQ(send("/openai/chat/completions", std::string("{") + kPrompt + "}").get().status, 502);  // nobody there
}

TEST_F(Desk, TheStateOutlivesTheStandIn) {
  const TempDir folder;
  const auto file = folder.path() / "stand-in.json";
  const auto keeping = [&](PlaygroundOptions& options) { options.state_file = file; };
  open(keeping);
  const Turn turn = begin_turn();
  ASSERT_EQ(send("/integrated/chat/stream-completions", integrated(turn)).get().status, 201);
  const std::string step = JsonObject()
                               .text("messageId", turn.assistant.id)
                               .text("text", "s")
                               .text("status", "RUNNING")
                               .number("order", 1)
                               .str();
  ASSERT_EQ(send("/message-log", step).get().status, 201);
  const std::string key = R"({"memoryName":"m","chatId":"c","messageId":null)";
  ASSERT_EQ(send("/short-term-memory", key + R"(,"data":"kept"})").get().status, 201);
  const auto upload =
      send("/content/upsert", R"({"input":{"key":"a.txt","mimeType":"text/plain"},"scopeId":"s"})").get();
  ASSERT_EQ(upload.status, 201);
  const Message before = stored(turn);
  playground->stop();
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);

  open(keeping);
  EXPECT_EQ(to_json(stored(turn)), to_json(before));
  EXPECT_EQ(playground->platform().messages(turn.user.chat_id)->size(), 2u);
  EXPECT_EQ(playground->platform().steps(turn.user.chat_id).size(), 1u);
  EXPECT_NE(send("/short-term-memory/find-latest", key + "}").get().body.find("kept"), std::string::npos);
  const std::string id(string_member(parse_json(upload.body).value(), "id"));
  EXPECT_NE(send("/content/search", R"({"where":{"id":{"equals":")" + id + R"("}}})").get().body, "[]");
  // The chat goes on in its space.
  TurnRequest more;
  more.space_id = playground->platform().spaces()[0].id;
  more.chat_id = turn.user.chat_id;
  EXPECT_TRUE(playground->platform().begin_turn(more));
}

TEST_F(Desk, AForeignStateFileIsRefused) {
  const TempDir folder;
  const auto file = folder.write("stand-in.json", "{\"format\":\"other\"}");
  PlaygroundOptions options;
  options.state_file = file;
  Playground refused(options, clock, *client);
  const auto bound = refused.bind();
  ASSERT_FALSE(bound);
  EXPECT_NE(bound.error().message.find("move it away"), std::string::npos);
  EXPECT_EQ(modhost::test::read_file(file), "{\"format\":\"other\"}");
}

TEST_F(Desk, DeepDocumentsOfClientsDoNotSpoilTheState) {
  const TempDir folder;
  const auto keeping = [&](PlaygroundOptions& options) { options.state_file = folder.path() / "stand-in.json"; };
  open(keeping);
  const Turn turn = begin_turn();
  std::string deep = "1";
  for (int i = 0; i < 120; ++i) deep = "{\"a\":" + deep + "}";
  const std::string body = R"({"chatId":")" + turn.user.chat_id + R"(","debugInfo":)" + deep + "}";
  ASSERT_EQ(send("/messages/" + turn.assistant.id, body, "PATCH").get().status, 200);
  playground->stop();
  open(keeping);
  EXPECT_EQ(stored(turn).debug_info, deep);
}

}  // namespace
}  // namespace modhost::playground::test
