// The steps that the chat shows under an answer: /message-log. step.hpp keeps one open and closes it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/reference.hpp"

namespace modhost::unique {

struct MessageLog : Resource {
  std::string id, message_id, status, text, created_at, updated_at;
  std::int64_t order = 0;
  std::vector<CitedReference> references;
  Json details, uncited_references;

  struct New {                                      // views, for one call
    std::string_view text;                          // empty ones are not shown; a bold first line is the header
    std::int64_t order = 1;                         // per message, from 1
    std::string_view status = "RUNNING";            // COMPLETED, FAILED
    std::string_view message_id = {};               // the event's assistant message when empty
    RawJson details = {}, uncited_references = {};  // names within are in snake_case
    std::span<const Reference> references = {};
  };
  struct Change {  // what is not given stays as it is
    std::optional<std::string_view> text = {}, status = {};
    std::optional<std::int64_t> order = {};
    RawJson details = {}, uncited_references = {};
    std::span<const Reference> references = {};
  };
  static_assert(std::is_trivially_destructible_v<New> && std::is_trivially_destructible_v<Change>);

  // POST /message-log
  static Call<MessageLog> create(const Event& event, const New& step) {
    const JsonText body =
        detail::body("messageId", detail::otherwise(step.message_id, event.assistant_message_id()), "text", step.text,
                     "status", step.status, "order", step.order, "details", step.details, "uncitedReferences",
                     step.uncited_references, "references", step.references);
    return event.api().post("/message-log", body).then(detail::read_one<MessageLog>);
  }
  // PATCH /message-log/{id}
  static Call<MessageLog> update(const Event& event, std::string_view id, const Change& change) {
    const JsonText body =
        detail::body("text", change.text, "status", change.status, "order", change.order, "details", change.details,
                     "uncitedReferences", change.uncited_references, "references", change.references);
    return event.api().patch("/message-log/" + url_encode(id), body).then(detail::read_one<MessageLog>);
  }

  static MessageLog read(Resource from) {
    using L = MessageLog;
    return detail::make<L>(std::move(from), "id", &L::id, "messageId", &L::message_id, "status", &L::status, "text",
                           &L::text, "order", &L::order, "references", &L::references, "details", &L::details,
                           "uncitedReferences", &L::uncited_references, "createdAt", &L::created_at, "updatedAt",
                           &L::updated_at);
  }
};

}  // namespace modhost::unique
