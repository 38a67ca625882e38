// Long jobs behind an answer, with a progress bar in the chat: /message-execution.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "modhost/unique/detail/query.hpp"

namespace modhost::unique {

struct MessageExecution : Resource {
  std::string id, message_id, status, type, progress_title, created_at, updated_at;
  std::optional<std::int64_t> seconds_remaining, percentage_completed, position_in_queue;
  bool is_queueable = false;
  Json execution_options;

  struct New {                              // views, for one call
    std::optional<bool> is_queueable = {};  // true: the platform sends the event again, with message_execution_id
    RawJson execution_options = {};
    std::optional<std::string_view> progress_title = {};
    std::string_view type = "DEEP_RESEARCH";  // the only one the platform knows
    std::string_view message_id = {};         // the event's assistant message when empty
  };
  struct Change {
    std::optional<std::string_view> status = {};  // COMPLETED, FAILED
    std::optional<std::int64_t> seconds_remaining = {}, percentage_completed = {};
    std::optional<std::string_view> progress_title = {};
    std::string_view message_id = {};
  };
  static_assert(std::is_trivially_destructible_v<New> && std::is_trivially_destructible_v<Change>);

  // POST /message-execution
  static Call<MessageExecution> create(const Event& event, const New& with) {
    const JsonText body = detail::body("messageId", message_of(event, with.message_id), "type", with.type,
                                       "isQueueable", with.is_queueable, "executionOptions", with.execution_options,
                                       "progressTitle", with.progress_title);
    return event.api().post(kPath, body).then(detail::read_one<MessageExecution>);
  }
  // GET /message-execution
  static Call<MessageExecution> get(const Event& event, std::string_view message_id = {}) {
    return event.api()
        .get(kPath + detail::query("messageId", message_of(event, message_id)))
        .then(detail::read_one<MessageExecution>);
  }
  // PATCH /message-execution
  static Call<MessageExecution> update(const Event& event, const Change& with) {
    const JsonText body = detail::body("messageId", message_of(event, with.message_id), "status", with.status,
                                       "secondsRemaining", with.seconds_remaining, "percentageCompleted",
                                       with.percentage_completed, "progressTitle", with.progress_title);
    return event.api().patch(kPath, body).then(detail::read_one<MessageExecution>);
  }

  static MessageExecution read(Resource from) {
    using E = MessageExecution;
    return detail::make<E>(std::move(from), "id", &E::id, "messageId", &E::message_id, "status", &E::status, "type",
                           &E::type, "progressTitle", &E::progress_title, "secondsRemaining", &E::seconds_remaining,
                           "percentageCompleted", &E::percentage_completed, "positionInQueue", &E::position_in_queue,
                           "isQueueable", &E::is_queueable, "executionOptions", &E::execution_options, "createdAt",
                           &E::created_at, "updatedAt", &E::updated_at);
  }

 private:
  static inline const std::string kPath = "/message-execution";
  static std::string_view message_of(const Event& event, std::string_view given) {
    return detail::otherwise(given, event.assistant_message_id());
  }
};

}  // namespace modhost::unique
