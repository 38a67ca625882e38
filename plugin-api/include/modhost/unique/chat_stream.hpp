// A chat completion while the model writes it: POST /openai-proxy/chat/completions, the platform's OpenAI-compatible
// proxy, with "stream": true. It answers an event stream of chat.completion.chunk objects. (dossier 3.0.1)
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "modhost/sdk/sse_stream.hpp"
#include "modhost/unique/chat_completion.hpp"

namespace modhost::unique {

// One piece of the answer; `json` is the whole chunk.
struct ChatDelta : Resource {
  std::string text;  // may be empty: the first chunk names a role, tool calls have no text
  Json tool_calls;   // delta.tool_calls as it came; nothing without
};

// The options are the model's own parameters in OpenAI's names, {"temperature": 0.3, "max_tokens": 500}: they stand
// beside the messages. Made when it is first asked; for one coroutine at a time. Dropped before the end, the call is
// cancelled, and the model with it. A server that does not stream answers whole, which is one piece.
class ChatStream {
 public:
  struct ToolCall {
    std::string id, name, arguments;  // arguments: JSON text, as the model wrote it
  };

  ChatStream(const Event& event, const ChatCompletion::Ask& ask) : request_(request_of(ask)), events_(stream(event)) {}

  // The next piece; nothing once the answer is whole. Throws an Error with the platform's words for an error before or
  // within the answer, and a retry for an answer that breaks off.
  Async<std::optional<ChatDelta>> next() {
    if (!std::exchange(is_begun_, true)) {
      HttpResponse head = (co_await events_.head()).value();
      if (!is_stream(head)) {
        head.body = co_await events_.rest();
        co_return read_whole(head);
      }
    }
    while (!is_done_) {
      const std::optional<SseEvent> event = co_await events_.next();
      if (std::optional<ChatDelta> delta = read(event)) co_return delta;
    }
    co_return std::nullopt;
  }
  // The same on this thread; it waits for the whole answer, see HttpStream.
  std::optional<ChatDelta> get_next() {
    if (!std::exchange(is_begun_, true)) {
      HttpResponse head = events_.head().get().value();
      if (!is_stream(head)) {
        head.body = events_.get_rest();
        return read_whole(head);
      }
    }
    while (!is_done_)
      if (std::optional<ChatDelta> delta = read(events_.get_next())) return delta;
    return std::nullopt;
  }

  // What has come so far.
  [[nodiscard]] const std::string& model() const { return model_; }
  [[nodiscard]] const std::string& finish_reason() const { return finish_reason_; }  // "stop", "length", "tool_calls"
  // Put together from their pieces, in the model's order.
  [[nodiscard]] std::vector<ToolCall> tool_calls() const {
    std::vector<ToolCall> all;
    for (const auto& [index, call] : tool_calls_) all.push_back(call);
    return all;
  }

 private:
  static HttpRequest request_of(const ChatCompletion::Ask& ask) {
    HttpRequest request;
    request.method = "POST";
    request.target = "/openai-proxy/chat/completions";
    request.headers = {{"accept", "text/event-stream"}};
    if (!ask.model.empty()) request.headers.emplace_back("x-model", ask.model);
    if (ask.timeout) request.timeout = *ask.timeout;
    const auto model = ask.model.empty() ? std::nullopt : std::optional(ask.model);
    detail::Fields body = detail::fields("model", model, "messages", detail::json_of(ask.messages), "stream", true);
    const JsonDocument options = JsonDocument::parse(ask.options.text.empty() ? "{}" : ask.options.text).value();
    if (const rapidjson::Value* given = options.root().raw(); given->IsObject())
      for (const auto& option : given->GetObject()) {
        const std::string_view name(option.name.GetString(), option.name.GetStringLength());
        if (name != "model" && name != "messages" && name != "stream")
          body.push_back({name, JsonText::raw(Json(&option.value).dump())});
      }
    request.body = object(body).text();
    return request;
  }
  static bool is_stream(const HttpResponse& head) {
    return head.status == 200 && head.header("content-type").starts_with("text/event-stream");
  }
  SseStream stream(const Event& event) const { return SseStream(event.http().stream(request_)); }

  std::optional<ChatDelta> read_whole(const HttpResponse& answer) {
    is_done_ = true;
    if (auto failure = read_failure(request_, answer)) throw Error(*std::move(failure));
    return read_chunk(answer.json().value(), "message");
  }
  std::optional<ChatDelta> read(const std::optional<SseEvent>& event) {
    if (!event || event->data == "[DONE]") {
      is_done_ = true;
      if (!event && finish_reason_.empty()) throw Error(retry(request_.name() + ": the answer broke off"));
      return std::nullopt;
    }
    const JsonDocument chunk = JsonDocument::parse(event->data).value();
    if (const Json error = chunk["error"]) {
      HttpResponse answer{status_of(error), {}, event->data};
      throw Error(*read_failure(request_, answer));
    }
    return read_chunk(chunk, "delta");
  }
  // Within an answer there is no status: the error says whose fault it is, or the platform it was.
  static int status_of(Json error) {
    const auto given = static_cast<int>(error["status"].integer(error["code"].integer()));
    if (given >= 400 && given < 600) return given;
    return error["type"].text() == "invalid_request_error" ? 400 : 500;
  }
  ChatDelta read_chunk(const JsonDocument& chunk, std::string_view part) {
    const Json choice = chunk["choices"][0], said = choice[part];
    ChatDelta delta;
    delta.document = chunk;
    delta.json = chunk.root();
    delta.text = said["content"].text();
    delta.tool_calls = said["tool_calls"] ? said["tool_calls"] : said["toolCalls"];
    for (std::size_t i = 0; i < delta.tool_calls.size(); ++i) {
      const Json piece = delta.tool_calls[i], function = piece["function"];
      ToolCall& call = tool_calls_[piece["index"].integer(static_cast<std::int64_t>(i))];
      call.id += piece["id"].text();
      call.name += function["name"].text();
      call.arguments += function["arguments"].text();
    }
    if (model_.empty()) model_ = chunk["model"].text();
    const std::string reason = choice["finish_reason"].text(choice["finishReason"].text());
    if (!reason.empty()) finish_reason_ = reason;
    return delta;
  }

  const HttpRequest request_;
  SseStream events_;
  bool is_begun_ = false, is_done_ = false;
  std::string model_, finish_reason_;
  std::map<std::int64_t, ToolCall> tool_calls_;
};

}  // namespace modhost::unique
