// Messages of a chat: /messages. Ids default to those of the event.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/reference.hpp"

namespace modhost::unique {

struct Message : Resource {
  std::string id, chat_id, role, text, original_text;
  std::string created_at, updated_at, completed_at;  // ISO 8601; empty when not set
  std::string user_aborted_at;                       // not empty: the user pressed stop

  // Views, for one call: GCC 12 destroys what a list in braces makes within a co_await twice, which does these no harm.
  struct New {
    std::string_view text;
    std::string_view role = "ASSISTANT";
    std::string_view chat_id = {};       // the event's when empty
    std::string_view assistant_id = {};  // the event's when empty
    std::optional<std::string_view> original_text = {};
    std::span<const Reference> references = {};
    RawJson debug_info = {};
    std::optional<std::string_view> completed_at = {};
    std::optional<std::string_view> segment_kind = {};  // PROCESS, PREFACE, ELICITATION, ANSWER
  };
  // What is not given stays as it is.
  struct Change {
    std::optional<std::string_view> text = {};
    std::optional<std::string_view> original_text = {};
    std::optional<std::string_view> completed_at = {};  // the turn is over
    std::optional<std::string_view> started_streaming_at = {};
    std::optional<std::string_view> stopped_streaming_at = {};
    std::span<const Reference> references = {};
    RawJson debug_info = {};  // replaced as a whole
    std::optional<std::string_view> segment_kind = {};
  };
  static_assert(std::is_trivially_destructible_v<New> && std::is_trivially_destructible_v<Change>);

  // GET /messages: the whole chat, the oldest first.
  static Call<std::vector<Message>> list(const Event& event, std::string_view chat_id = {}) {
    return event.api().get("/messages" + query(event, chat_id)).then([](const JsonDocument& answer) {
      return detail::read_all<Message>(answer, answer["data"]);
    });
  }
  // GET /messages/{id}
  static Call<Message> retrieve(const Event& event, std::string_view id, std::string_view chat_id = {}) {
    return event.api().get(path(id) + query(event, chat_id)).then(detail::read_one<Message>);
  }
  // POST /messages
  static Call<Message> create(const Event& event, const New& message) {
    detail::Fields body;
    body.add("chatId", detail::otherwise(message.chat_id, event.chat_id()))
        .add("assistantId", detail::otherwise(message.assistant_id, event.assistant_id()))
        .add("role", message.role)
        .add("text", message.text)
        .add_given("originalText", message.original_text);
    if (!message.references.empty()) body.add("references", detail::to_json(message.references));
    body.add_given("debugInfo", message.debug_info)
        .add_given("completedAt", message.completed_at)
        .add_given("segmentKind", message.segment_kind);
    return event.api().post("/messages", body.text()).then(detail::read_one<Message>);
  }
  // PATCH /messages/{id}
  static Call<Message> modify(const Event& event, std::string_view id, const Change& change) {
    return event.api().patch(path(id), body_of(event, change)).then(detail::read_one<Message>);
  }
  // PATCH of the empty message that the platform made for the answer.
  static Call<Message> modify_answer(const Event& event, const Change& change) {
    return modify(event, event.assistant_message_id(), change);
  }
  // POST /messages/{id}/event: shown in the open chat, not stored.
  static Call<Message> create_event(const Event& event, std::string_view id, const Change& change) {
    return event.api().post(path(id) + "/event", body_of(event, change)).then(detail::read_one<Message>);
  }
  // DELETE /messages/{id}
  static Call<Message> remove(const Event& event, std::string_view id, std::string_view chat_id = {}) {
    return event.api().remove(path(id) + query(event, chat_id)).then(detail::read_one<Message>);
  }

  static Message read(Resource from) {
    const Json json = from.json;
    Message message;
    static_cast<Resource&>(message) = std::move(from);
    message.id = json["id"].text();
    message.chat_id = json["chatId"].text();
    message.role = json["role"].text();
    message.text = json["text"].text();
    message.original_text = json["originalText"].text();
    message.created_at = json["createdAt"].text();
    message.updated_at = json["updatedAt"].text();
    message.completed_at = json["completedAt"].text();
    message.user_aborted_at = json["userAbortedAt"].text();
    return message;
  }

 private:
  static std::string path(std::string_view id) { return "/messages/" + url_encode(id); }
  static std::string query(const Event& event, std::string_view chat_id) {
    return detail::Query().add("chatId", detail::otherwise(chat_id, event.chat_id())).text();
  }
  static JsonText body_of(const Event& event, const Change& change) {
    detail::Fields body;
    body.add("chatId", event.chat_id())
        .add_given("text", change.text)
        .add_given("originalText", change.original_text)
        .add_given("completedAt", change.completed_at)
        .add_given("startedStreamingAt", change.started_streaming_at)
        .add_given("stoppedStreamingAt", change.stopped_streaming_at);
    if (!change.references.empty()) body.add("references", detail::to_json(change.references));
    return body.add_given("debugInfo", change.debug_info).add_given("segmentKind", change.segment_kind).text();
  }
};

}  // namespace modhost::unique
