// Chat completions that stream, against scripted answers.
#include <modhost/unique/chat_stream.hpp>

#include "sdk_support.hpp"

namespace {

using namespace sdk_test;
using unique::ChatCompletion;
using unique::ChatStream;

// Asks, logs the text of each delta, then how it ended.
struct Asks {
  Async<Outcome> operator()(Event event) const {
    const ChatCompletion::Turn turn{"user", "why?"};
    ChatStream stream(event, {.model = "M", .messages = {&turn, 1}, .options = {R"({"temperature":0.3})"}});
    while (const auto delta = co_await stream.next()) event.log().info(delta->text);
    finish(event, stream);
    co_return Outcome();
  }
  static void finish(const Event& event, const ChatStream& stream) {
    event.log().info(stream.model() + "|" + stream.finish_reason());
    for (const auto& call : stream.tool_calls()) event.log().info(call.id + "|" + call.name + "|" + call.arguments);
  }
};
struct AsksAndBlocks {
  Outcome operator()(const Event& event) const {
    const ChatCompletion::Turn turn{"user", "why?"};
    ChatStream stream(event, {.model = "M", .messages = {&turn, 1}});
    while (const auto delta = stream.get_next()) event.log().info(delta->text);
    Asks::finish(event, stream);
    return {};
  }
};

template <class Handler = Asks>
Ended ask(FakeHost& host, const Answer& answer) {
  host.answer("POST", "/openai-proxy/chat/completions", answer);
  return run(host, Handler{});
}
Answer streamed(std::vector<std::string> pieces) {
  return {.headers = "content-type: text/event-stream; charset=utf-8\n", .pieces = std::move(pieces)};
}
std::string chunk(std::string_view delta, std::string_view reason = "null") {
  return "data: {\"object\":\"chat.completion.chunk\",\"model\":\"M-1\",\"choices\":[{\"index\":0,\"delta\":" +
         std::string(delta) + ",\"finish_reason\":" + std::string(reason) + "}]}\n\n";
}
const std::vector<std::string> kAnswer = {
    ": keep-alive\n\n" + chunk(R"({"role":"assistant","content":""})"), chunk(R"({"content":"Six "})").substr(0, 40),
    chunk(R"({"content":"Six "})").substr(40) + chunk(R"({"content":"months"})"), chunk("{}", "\"stop\""),
    "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\ndata: [DONE]\n\n"};

TEST(ChatStream, GivesTheTextPieceByPiece) {
  FakeHost host;
  const Ended ended = ask(host, streamed(kAnswer));
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  EXPECT_EQ(logged(host), (Lines{"", "Six ", "months", "", "", "M-1|stop"}));
  const auto call = host.calls().at(0);
  EXPECT_EQ(call.body,
            R"({"model":"M","messages":[{"role":"user","content":"why?"}],"stream":true,"temperature":0.3})");
  EXPECT_EQ(call.flags, MODHOST_HTTP_PLATFORM);
  EXPECT_TRUE(
      std::count(call.headers.begin(), call.headers.end(), std::pair<std::string, std::string>("x-model", "M")));
}

TEST(ChatStream, IsTheSameHoweverItIsCut) {
  std::string all;
  for (const std::string& piece : kAnswer) all += piece;
  std::vector<std::string> bytes;
  for (const char c : all) bytes.emplace_back(1, c);
  FakeHost host;
  EXPECT_EQ(ask(host, streamed(bytes)).status, MODHOST_OK);
  EXPECT_EQ(logged(host), (Lines{"", "Six ", "months", "", "", "M-1|stop"}));
}

TEST(ChatStream, BlocksToo) {
  FakeHost host;
  EXPECT_EQ(ask<AsksAndBlocks>(host, streamed(kAnswer)).status, MODHOST_OK);
  EXPECT_EQ(logged(host), (Lines{"", "Six ", "months", "", "", "M-1|stop"}));
  FakeHost whole;
  EXPECT_EQ(ask<AsksAndBlocks>(whole, Answer{.body = R"({"choices":[{"message":{"content":"x"}}]})"}).status,
            MODHOST_OK);
  EXPECT_EQ(logged(whole), (Lines{"x", "|"}));
}

TEST(ChatStream, TakesAnAnswerThatDoesNotStream) {
  FakeHost host;
  const Ended ended = ask(host, Answer{.body = R"({"model": "M-1", "choices": [{"finishReason": "stop",
      "message": {"content": "Six months.", "toolCalls": null}}]})",
                                       .headers = "content-type: application/json\n"});
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  EXPECT_EQ(logged(host), (Lines{"Six months.", "M-1|stop"}));
}

TEST(ChatStream, PutsToolCallsTogether) {
  FakeHost host;
  const Ended ended =
      ask(host,
          streamed({chunk(R"({"tool_calls":[{"index":0,"id":"call_1","function":{"name":"search","arguments":""}}]})"),
                    chunk(R"({"tool_calls":[{"index":1,"id":"call_2","function":{"name":"look","arguments":"{}"}}]})"),
                    chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"q\":"}}]})"),
                    chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"\"x\"}"}}]})", "\"tool_calls\""),
                    "data: [DONE]\n\n"}));
  EXPECT_EQ(ended.status, MODHOST_OK) << ended.detail;
  EXPECT_EQ(logged(host), (Lines{"", "", "", "", "M-1|tool_calls", R"(call_1|search|{"q":"x"})", "call_2|look|{}"}));
}

TEST(ChatStream, FailsWithThePlatformsWords) {
  struct Case {
    Answer answer;
    modhost_status status;
    const char* detail;
    std::size_t pieces;
  };
  const std::string text = chunk(R"({"content":"Six "})");
  const std::vector<Case> cases = {
      {{.status = 503, .body = R"({"error":{"message":"try later"}})"}, MODHOST_E_RETRY, "APIError 503: try later", 0},
      {{.status = 400, .body = R"({"error":{"message":"no such model"}})"},
       MODHOST_E_INTERNAL,
       "InvalidRequestError 400: no such model",
       0},
      {{.status = 429,
        .body = R"({"error":{"message":"slow down"}})",
        .headers = "content-type: text/event-stream\nretry-after: 7\n"},
       MODHOST_E_RETRY,
       "APIError 429: slow down",
       0},
      {{.body = "<html>"}, MODHOST_E_INTERNAL, "APIError 200: the answer is not JSON", 0},
      {{.result = MODHOST_E_TIMEOUT, .detail = "too late"}, MODHOST_E_RETRY, "too late", 0},
      {streamed({text, "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\"}}\n\n"}),
       MODHOST_E_RETRY, "APIError 500: overloaded", 1},
      {streamed({text, "data: {\"error\":{\"message\":\"filtered\",\"type\":\"invalid_request_error\"}}\n\n"}),
       MODHOST_E_INTERNAL, "InvalidRequestError 400: filtered", 1},
      {streamed({text, "data: {\"error\":{\"message\":\"slow down\",\"code\":403}}\n\n"}), MODHOST_E_INTERNAL,
       "PermissionError 403 [403]: slow down", 1},
      {streamed({text}), MODHOST_E_RETRY, "the answer broke off", 1},
      {streamed({text, chunk("{}", "\"stop\"")}), MODHOST_OK, "", 3},
      {streamed({text, "data: {\n\n"}), MODHOST_E_INVALID, "", 1},
  };
  for (const Case& one : cases) {
    FakeHost host;
    const Ended ended = ask(host, one.answer);
    EXPECT_EQ(ended.status, one.status) << one.detail;
    EXPECT_TRUE(ended.detail.ends_with(one.detail)) << ended.detail;
    EXPECT_EQ(host.logs().size(), one.pieces) << one.detail;
  }
  FakeHost reset;
  Answer half = streamed({text});
  half.result = MODHOST_E_NETWORK;
  half.detail = "reset";
  const Ended ended = ask(reset, half);
  EXPECT_EQ(ended.status, MODHOST_E_RETRY);
  EXPECT_EQ(ended.detail, "POST /openai-proxy/chat/completions: reset");
}

TEST(ChatStream, CancelledMidAnswerItCancelsTheCall) {
  FakeHost host;
  Answer answer = streamed(kAnswer);
  answer.held_at = 3;
  host.answer("POST", "/openai-proxy/chat/completions", answer);
  {
    PluginUnderTest plugin(host, plugin_of(Asks{}));
    const auto running = plugin.begin(FakeEvent::chat("why?"));
    host.await_logs(3);
    plugin.cancel(running, MODHOST_CANCEL_USER);
    EXPECT_EQ(plugin.await(running).status, MODHOST_E_CANCELLED);
  }
  EXPECT_EQ(host.unfinished_calls(), 0u);
}

}  // namespace
