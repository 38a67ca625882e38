// Messages of a chat: /messages. Ids default to those of the event.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/detail/query.hpp"
#include "modhost/unique/message_assessment.hpp"
#include "modhost/unique/reference.hpp"

namespace modhost::unique {

struct Message : Resource {
  std::string id, chat_id, role, text, original_text;
  std::string created_at, updated_at, completed_at;  // ISO 8601; empty when not set
  std::string started_streaming_at, stopped_streaming_at;
  std::string user_aborted_at;  // not empty: the user pressed stop
  std::string segment_kind, response_turn_id;
  std::int64_t segment_index = 0;
  std::vector<CitedReference> references;
  std::vector<MessageAssessment> assessments;
  Json debug_info, gpt_request;  // gpt_request: an object or an array

  // Where a sub-agent's message comes from.
  struct Correlation {
    std::string_view parent_message_id, parent_chat_id, parent_assistant_id;
    [[nodiscard]] JsonText json() const {
      return detail::body("parentMessageId", parent_message_id, "parentChatId", parent_chat_id, "parentAssistantId",
                          parent_assistant_id);
    }
  };
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
    std::optional<Correlation> correlation = {};
    std::optional<std::string_view> segment_kind = {};      // PROCESS, PREFACE, ELICITATION, ANSWER
    std::optional<std::string_view> response_turn_id = {};  // the segments of one answer have the same
    std::optional<std::int64_t> segment_index = {};
  };
  // What is not given stays as it is.
  struct Change {
    std::optional<std::string_view> text = {};
    std::optional<std::string_view> original_text = {};
    std::optional<std::string_view> completed_at = {};  // the turn is over
    std::optional<std::string_view> started_streaming_at = {};
    std::optional<std::string_view> stopped_streaming_at = {};
    std::optional<std::span<const Reference>> references = {};  // beside a text only; empty takes them away
    RawJson gpt_request = {};
    RawJson debug_info = {};  // replaced as a whole
    std::optional<std::string_view> segment_kind = {};
    std::string_view chat_id = {};  // the event's when empty
  };
  static_assert(std::is_trivially_destructible_v<New> && std::is_trivially_destructible_v<Change>);

  // GET /messages: the whole chat, the oldest first.
  static Call<std::vector<Message>> list(const Event& event, std::string_view chat_id = {}) {
    return event.api().get("/messages" + query(event, chat_id)).then(detail::read_list<Message>("data"));
  }
  // GET /messages/{id}
  static Call<Message> retrieve(const Event& event, std::string_view id, std::string_view chat_id = {}) {
    return event.api().get(path(id) + query(event, chat_id)).then(detail::read_one<Message>);
  }
  // POST /messages
  static Call<Message> create(const Event& event, const New& with) {
    const JsonText body =
        detail::body("chatId", detail::otherwise(with.chat_id, event.chat_id()), "assistantId",
                     detail::otherwise(with.assistant_id, event.assistant_id()), "role", with.role, "text", with.text,
                     "originalText", with.original_text, "references", with.references, "debugInfo", with.debug_info,
                     "completedAt", with.completed_at, "correlation", with.correlation, "segmentKind",
                     with.segment_kind, "responseTurnId", with.response_turn_id, "segmentIndex", with.segment_index);
    return event.api().post("/messages", body).then(detail::read_one<Message>);
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
    using M = Message;
    return detail::make<M>(std::move(from), "id", &M::id, "chatId", &M::chat_id, "role", &M::role, "text", &M::text,
                           "originalText", &M::original_text, "createdAt", &M::created_at, "updatedAt", &M::updated_at,
                           "completedAt", &M::completed_at, "startedStreamingAt", &M::started_streaming_at,
                           "stoppedStreamingAt", &M::stopped_streaming_at, "userAbortedAt", &M::user_aborted_at,
                           "segmentKind", &M::segment_kind, "responseTurnId", &M::response_turn_id, "segmentIndex",
                           &M::segment_index, "references", &M::references, "assessment", &M::assessments, "debugInfo",
                           &M::debug_info, "gptRequest", &M::gpt_request);
  }

 private:
  static std::string path(std::string_view id) { return "/messages/" + url_encode(id); }
  static std::string query(const Event& event, std::string_view chat_id) {
    return detail::query("chatId", detail::otherwise(chat_id, event.chat_id()));
  }
  static JsonText body_of(const Event& event, const Change& with) {
    return detail::body("chatId", detail::otherwise(with.chat_id, event.chat_id()), "text", with.text, "originalText",
                        with.original_text, "completedAt", with.completed_at, "startedStreamingAt",
                        with.started_streaming_at, "stoppedStreamingAt", with.stopped_streaming_at, "references",
                        with.references, "gptRequest", with.gpt_request, "debugInfo", with.debug_info, "segmentKind",
                        with.segment_kind);
  }
};

}  // namespace modhost::unique
