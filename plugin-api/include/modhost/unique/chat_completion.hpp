// Language models behind the platform: /openai.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/detail/query.hpp"

namespace modhost::unique {

// What a model wants called; nothing calls it but the module.
struct ToolCall : Resource {
  std::string id, name;
  std::string arguments;  // JSON text

  static ToolCall read(const Resource& from) {
    const Json function =
        from.json["function"] ? from.json["function"] : from.json;  // completions wrap it, streams not
    ToolCall call = detail::make<ToolCall>(from, "id", &ToolCall::id);
    call.name = function["name"].text();
    call.arguments = function["arguments"].text();
    return call;
  }
};

// Tokens.
struct Usage : Resource {
  std::int64_t prompt_tokens = 0, completion_tokens = 0, total_tokens = 0;
  static Usage read(Resource from) {
    return detail::make<Usage>(std::move(from), "promptTokens", &Usage::prompt_tokens, "completionTokens",
                               &Usage::completion_tokens, "totalTokens", &Usage::total_tokens);
  }
};

struct ChatCompletion : Resource {
  std::string model, text, finish_reason;  // of the first choice
  std::vector<ToolCall> tool_calls;
  Usage usage;

  struct Turn {             // a view
    std::string_view role;  // system, user, assistant, tool
    std::string_view content;
    std::optional<std::string_view> name = {};
    std::optional<std::string_view> tool_call_id = {};  // of a tool's answer
    RawJson tool_calls = {};                            // what the assistant asked for
    [[nodiscard]] JsonText json() const {
      return detail::body("role", role, "content", content, "name", name, "tool_call_id", tool_call_id, "tool_calls",
                          tool_calls);
    }
  };
  struct Ask {               // views, for one call
    std::string_view model;  // a platform name such as AZURE_GPT_4o_2024_1120
    std::span<const Turn> messages = {};
    RawJson options = {};  // {"temperature": 0.3, ...}
    std::optional<std::chrono::milliseconds> timeout = {};
  };
  static_assert(std::is_trivially_destructible_v<Ask> && std::is_trivially_destructible_v<Turn>);

  // POST /openai/chat/completions
  static Call<ChatCompletion> create(const Event& event, const Ask& ask) {
    const auto model = ask.model.empty() ? std::nullopt : std::optional(ask.model);
    const auto timeout = ask.timeout ? std::optional(ask.timeout->count()) : std::nullopt;
    return event.api()
        .post("/openai/chat/completions", detail::body("model", model, "messages", detail::json_of(ask.messages),
                                                       "options", ask.options, "timeout", timeout))
        .then(detail::read_one<ChatCompletion>);
  }
  // POST /openai/embeddings: a vector for each text.
  static Call<std::vector<std::vector<double>>> embeddings(const Event& event,
                                                           std::span<const std::string_view> texts) {
    return event.api()
        .post("/openai/embeddings", object("texts", detail::json_of(texts)))
        .then(detail::read_list<std::vector<double>>("embeddings"));
  }
  // GET /openai/models
  static Call<std::vector<std::string>> models(const Event& event, std::optional<std::string_view> module = {}) {
    return event.api()
        .get("/openai/models" + detail::query("module", module))
        .then(detail::read_list<std::string>("models"));
  }

  static ChatCompletion read(const Resource& from) {
    using C = ChatCompletion;
    const Json choice = from.json["choices"][0];
    const Json calls =
        choice["message"]["toolCalls"] ? choice["message"]["toolCalls"] : choice["message"]["tool_calls"];
    C completion = detail::make<C>(from, "model", &C::model, "usage", &C::usage);
    completion.text = choice["message"]["content"].text();
    completion.finish_reason = choice["finishReason"].text(choice["finish_reason"].text());
    detail::assign(completion.tool_calls, {from.document, calls});
    return completion;
  }
};

}  // namespace modhost::unique
