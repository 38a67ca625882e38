// How sure an answer is, shown as a badge under it: /message-assessment. One for each message and type.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "modhost/unique/resource.hpp"

namespace modhost::unique {

struct MessageAssessment : Resource {
  std::string id, message_id, status, type, title, explanation, label;
  bool is_visible = false;
  std::string created_at, updated_at;  // ISO 8601

  struct New {                                // views, for one call
    std::string_view status = "PENDING";      // DONE, ERROR
    std::string_view type = "HALLUCINATION";  // COMPLIANCE
    bool is_visible = true;
    std::optional<std::string_view> title = {}, explanation = {};
    std::optional<std::string_view> label = {};  // RED, YELLOW, GREEN
    std::string_view message_id = {};            // the event's assistant message when empty
  };
  struct Change {
    std::string_view status = "DONE";
    std::string_view type = "HALLUCINATION";  // says which assessment of the message is meant
    std::optional<std::string_view> title = {}, explanation = {}, label = {};
    std::string_view message_id = {};
  };
  static_assert(std::is_trivially_destructible_v<New> && std::is_trivially_destructible_v<Change>);

  // POST /message-assessment
  static Call<MessageAssessment> create(const Event& event, const New& with) {
    const JsonText body = detail::body("messageId", message_of(event, with.message_id), "status", with.status, "type",
                                       with.type, "isVisible", with.is_visible, "title", with.title, "explanation",
                                       with.explanation, "label", with.label);
    return event.api().post("/message-assessment", body).then(detail::read_one<MessageAssessment>);
  }
  // PATCH /message-assessment/{messageId}
  static Call<MessageAssessment> modify(const Event& event, const Change& with) {
    const std::string_view message = message_of(event, with.message_id);
    const JsonText body = detail::body("messageId", message, "status", with.status, "type", with.type, "title",
                                       with.title, "explanation", with.explanation, "label", with.label);
    return event.api()
        .patch("/message-assessment/" + url_encode(message), body)
        .then(detail::read_one<MessageAssessment>);
  }

  static MessageAssessment read(Resource from) {
    using A = MessageAssessment;
    return detail::make<A>(std::move(from), "id", &A::id, "messageId", &A::message_id, "status", &A::status, "type",
                           &A::type, "title", &A::title, "explanation", &A::explanation, "label", &A::label,
                           "isVisible", &A::is_visible, "createdAt", &A::created_at, "updatedAt", &A::updated_at);
  }

 private:
  static std::string_view message_of(const Event& event, std::string_view given) {
    return detail::otherwise(given, event.assistant_message_id());
  }
};

}  // namespace modhost::unique
