// Messages of a chat. Ids default to those of the event.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/sdk/event.hpp"

namespace modhost::unique {

struct Message {
  std::string id, chat_id, role, text;

  // Views, for one call: GCC 12 destroys what a list in braces makes within a co_await twice, which does these no harm.
  struct New {
    std::string_view text;
    std::string_view role = "ASSISTANT";
    std::string_view chat_id = {};       // the event's when empty
    std::string_view assistant_id = {};  // the event's when empty
  };
  // What is not given stays as it is.
  struct Change {
    std::optional<std::string_view> text = {};
    std::optional<std::string_view> original_text = {};
    std::optional<std::string_view> completed_at = {};  // ISO 8601: the turn is over
  };

  static_assert(std::is_trivially_destructible_v<New> && std::is_trivially_destructible_v<Change>);

  // POST /messages
  static Call<Message> create(const Event& event, const New& message) {
    return event.api()
        .post("/messages",
              object({{"chatId", message.chat_id.empty() ? event.chat_id() : message.chat_id},
                      {"assistantId", message.assistant_id.empty() ? event.assistant_id() : message.assistant_id},
                      {"role", message.role},
                      {"text", message.text}}))
        .then(read);
  }
  // PATCH /messages/{id}
  static Call<Message> modify(const Event& event, std::string_view id, const Change& change) {
    std::vector<JsonField> fields{{"chatId", event.chat_id()}};
    if (change.text) fields.push_back({"text", *change.text});
    if (change.original_text) fields.push_back({"originalText", *change.original_text});
    if (change.completed_at) fields.push_back({"completedAt", *change.completed_at});
    return event.api().patch("/messages/" + url_encode(id), object(fields)).then(read);
  }
  // PATCH of the empty message that the platform made for the answer.
  static Call<Message> modify_answer(const Event& event, const Change& change) {
    return modify(event, event.assistant_message_id(), change);
  }

 private:
  static Message read(const JsonDocument& answer) {
    const Json json = answer.root();
    return Message{json["id"].text(), json["chatId"].text(), json["role"].text(), json["text"].text()};
  }
};

}  // namespace modhost::unique
