// Messages of a chat. Ids default to those of the event.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modhost/sdk/event.hpp"

namespace modhost::unique {

struct Message {
  std::string id, chat_id, role, text;

  struct New {
    std::string text;
    std::string_view role = "ASSISTANT";
    std::string_view chat_id = {};       // the event's when empty
    std::string_view assistant_id = {};  // the event's when empty
  };
  // What is not given stays as it is.
  struct Change {
    std::optional<std::string> text = {};
    std::optional<std::string> original_text = {};
    std::optional<std::string> completed_at = {};  // ISO 8601: the turn is over
  };

  // POST /messages
  static Result<Message> create(const Event& event, const New& message) {
    return read(event.api().post(
        "/messages",
        object({{"chatId", message.chat_id.empty() ? event.chat_id() : message.chat_id},
                {"assistantId", message.assistant_id.empty() ? event.assistant_id() : message.assistant_id},
                {"role", message.role},
                {"text", message.text}})));
  }
  // PATCH /messages/{id}
  static Result<Message> modify(const Event& event, std::string_view id, const Change& change) {
    std::vector<JsonField> fields{{"chatId", event.chat_id()}};
    if (change.text) fields.push_back({"text", *change.text});
    if (change.original_text) fields.push_back({"originalText", *change.original_text});
    if (change.completed_at) fields.push_back({"completedAt", *change.completed_at});
    return read(event.api().patch("/messages/" + url_encode(id), object(fields)));
  }
  // PATCH of the empty message that the platform made for the answer.
  static Result<Message> modify_answer(const Event& event, const Change& change) {
    return modify(event, event.assistant_message_id(), change);
  }

 private:
  static Result<Message> read(const Result<JsonDocument>& answer) {
    if (!answer) return answer.failure();
    const Json json = answer->root();
    return Message{json["id"].text(), json["chatId"].text(), json["role"].text(), json["text"].text()};
  }
};

}  // namespace modhost::unique
