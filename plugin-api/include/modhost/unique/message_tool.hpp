// The tool calls behind an answer, kept for the turns after it: /messages/tools.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/detail/query.hpp"

namespace modhost::unique {

struct MessageTool : Resource {
  std::string id, message_id, external_tool_call_id, function_name, response, created_at;
  std::int64_t round_index = 0, sequence_index = 0;  // from 0
  Json arguments;

  struct New {  // views, for one call
    std::string_view external_tool_call_id;
    std::string_view function_name;
    RawJson arguments = {};
    std::int64_t round_index = 0, sequence_index = 0;
    std::optional<std::string_view> response = {};
    [[nodiscard]] JsonText json() const {
      const std::optional<JsonText> answer = response ? std::optional(object("content", *response)) : std::nullopt;
      return detail::body("externalToolCallId", external_tool_call_id, "functionName", function_name, "arguments",
                          arguments, "roundIndex", round_index, "sequenceIndex", sequence_index, "response", answer);
    }
  };
  static_assert(std::is_trivially_destructible_v<New>);

  // POST /messages/tools: at most 50. The message is the event's assistant message when empty.
  static Call<std::vector<MessageTool>> create_many(const Event& event, std::span<const New> tools,
                                                    std::string_view message_id = {}) {
    const JsonText body = detail::body("messageId", detail::otherwise(message_id, event.assistant_message_id()),
                                       "tools", detail::json_of(tools));
    return event.api().post("/messages/tools", body).then(detail::read_list<MessageTool>("data"));
  }
  // GET /messages/tools: of at most 200 messages.
  static Call<std::vector<MessageTool>> list(const Event& event, std::span<const std::string_view> message_ids) {
    std::string joined;
    for (const std::string_view id : message_ids) joined.append(joined.empty() ? "" : ",").append(id);
    return event.api()
        .get("/messages/tools" + detail::query("messageIds", std::string_view(joined)))
        .then(detail::read_list<MessageTool>("data"));
  }

  static MessageTool read(Resource from) {
    using T = MessageTool;
    std::string response = from.json["response"]["content"].text();
    T tool = detail::make<T>(std::move(from), "id", &T::id, "messageId", &T::message_id, "externalToolCallId",
                             &T::external_tool_call_id, "functionName", &T::function_name, "arguments", &T::arguments,
                             "roundIndex", &T::round_index, "sequenceIndex", &T::sequence_index, "createdAt",
                             &T::created_at);
    tool.response = std::move(response);
    return tool;
  }
};

}  // namespace modhost::unique
