// The steps that the chat shows under an answer: /message-log.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "modhost/unique/reference.hpp"

namespace modhost::unique {

struct MessageLog : Resource {
  std::string id, message_id, status, text;
  std::int64_t order = 0;

  struct New {                            // views, for one call
    std::string_view text;                // empty ones are not shown
    std::int64_t order = 1;               // per message, from 1
    std::string_view status = "RUNNING";  // COMPLETED, FAILED
    std::string_view message_id = {};     // the event's assistant message when empty
    RawJson details = {}, uncited_references = {};
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
    detail::Fields body;
    body.add("messageId", detail::otherwise(step.message_id, event.assistant_message_id()))
        .add("text", step.text)
        .add("status", step.status)
        .add("order", step.order)
        .add_given("details", step.details)
        .add_given("uncitedReferences", step.uncited_references);
    if (!step.references.empty()) body.add("references", detail::to_json(step.references));
    return event.api().post("/message-log", body.text()).then(detail::read_one<MessageLog>);
  }
  // PATCH /message-log/{id}
  static Call<MessageLog> update(const Event& event, std::string_view id, const Change& change) {
    detail::Fields body;
    body.add_given("text", change.text)
        .add_given("status", change.status)
        .add_given("order", change.order)
        .add_given("details", change.details)
        .add_given("uncitedReferences", change.uncited_references);
    if (!change.references.empty()) body.add("references", detail::to_json(change.references));
    return event.api().patch("/message-log/" + url_encode(id), body.text()).then(detail::read_one<MessageLog>);
  }

  static MessageLog read(Resource from) {
    const Json json = from.json;
    MessageLog log;
    static_cast<Resource&>(log) = std::move(from);
    log.id = json["id"].text();
    log.message_id = json["messageId"].text();
    log.status = json["status"].text();
    log.text = json["text"].text();
    log.order = json["order"].integer();
    return log;
  }
};

}  // namespace modhost::unique
