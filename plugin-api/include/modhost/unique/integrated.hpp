// The platform calls the model and streams into the answer by itself: /integrated/chat. The call lasts as long as the
// stream; give the attempt's deadline room for it.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/chat_completion.hpp"
#include "modhost/unique/message.hpp"
#include "modhost/unique/search.hpp"

namespace modhost::unique {

struct StreamResult : Resource {
  std::string id;   // of stream_responses alone
  Message message;  // as stored, citations replaced: [source0] in original_text is <sup>1</sup> in text
  std::vector<ToolCall> tool_calls;  // for the module to call
  Usage usage;
  Json output;  // items of stream_responses

  static StreamResult read(Resource from) {
    using R = StreamResult;
    return detail::make<R>(std::move(from), "id", &R::id, "message", &R::message, "toolCalls", &R::tool_calls, "usage",
                           &R::usage, "output", &R::output);
  }
};

// What the model may cite, in the order that [source0], [source1] count.
struct SearchContext {  // views, for one call
  std::string_view id, chunk_id, key;
  std::optional<std::string_view> title = {}, description = {}, url = {};
  std::optional<std::int64_t> start_page = {}, end_page = {}, order = {}, sequence_number = {};
  [[nodiscard]] JsonText json() const {
    return detail::body("id", id, "chunkId", chunk_id, "key", key, "title", title, "description", description, "url",
                        url, "startPage", start_page, "endPage", end_page, "order", order, "sequenceNumber",
                        sequence_number);
  }
  // Borrows the chunk.
  static SearchContext of(const Chunk& chunk) {
    SearchContext context{chunk.id, chunk.chunk_id, chunk.key};
    if (!chunk.title.empty()) context.title = chunk.title;
    if (!chunk.url.empty()) context.url = chunk.url;
    context.start_page = chunk.start_page;
    context.end_page = chunk.end_page;
    context.order = chunk.order;
    return context;
  }
};

struct Integrated {
  struct Ask {  // views, for one call; ids are the event's when empty
    std::string_view model;
    std::span<const ChatCompletion::Turn> messages = {};  // of stream_completions
    RawJson input = {};                                   // of stream_responses: a JSON text or items
    std::span<const SearchContext> search_context = {};
    std::optional<std::string_view> start_text = {};  // put in front of the answer
    RawJson options = {};                             // {"temperature": 0.1, "tools": [...], ...}
    RawJson debug_info = {};                          // stored with the user's message
    std::optional<std::chrono::milliseconds> timeout = {};
    std::string_view chat_id = {}, assistant_id = {}, assistant_message_id = {}, user_message_id = {};
  };
  static_assert(std::is_trivially_destructible_v<Ask>);

  // POST /integrated/chat/stream-completions
  static Call<StreamResult> stream_completions(const Event& event, const Ask& ask) {
    return send(event, "/integrated/chat/stream-completions", "messages", detail::json_of(ask.messages), ask);
  }
  // POST /integrated/chat/stream-responses
  static Call<StreamResult> stream_responses(const Event& event, const Ask& ask) {
    return send(event, "/integrated/chat/stream-responses", "input", detail::json_of(ask.input), ask);
  }

 private:
  static Call<StreamResult> send(const Event& event, std::string path, std::string_view kind, const JsonText& said,
                                 const Ask& ask) {
    const auto model = ask.model.empty() ? std::nullopt : std::optional(ask.model);
    const auto timeout = ask.timeout ? std::optional(ask.timeout->count()) : std::nullopt;
    const JsonText body =
        detail::body("model", model, kind, said, "searchContext", detail::json_of(ask.search_context), "chatId",
                     detail::otherwise(ask.chat_id, event.chat_id()), "assistantId",
                     detail::otherwise(ask.assistant_id, event.assistant_id()), "assistantMessageId",
                     detail::otherwise(ask.assistant_message_id, event.assistant_message_id()), "userMessageId",
                     detail::otherwise(ask.user_message_id, event.user_message_id()), "timeout", timeout, "startText",
                     ask.start_text, "debugInfo", ask.debug_info, "options", ask.options);
    return event.api().post(std::move(path), body).then(detail::read_one<StreamResult>);
  }
};

}  // namespace modhost::unique
