// The JSON of what the stand-in keeps.
#include "playground/model.hpp"

#include "playground/json_object.hpp"

namespace modhost::playground {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSending:
      return "sending";
    case Outcome::kDelivered:
      return "delivered";
    case Outcome::kRetrying:
      return "retrying";
    case Outcome::kExpired:
      return "expired";
  }
  return "unknown";
}

std::string to_json(const Message& message) {
  return JsonObject()
      .text("id", message.id)
      .text("chatId", message.chat_id)
      .text("object", "message")
      .text_or_null("text", message.text)
      .text_or_null("originalText", message.original_text)
      .text("role", message.role)
      .raw("gptRequest", message.gpt_request)
      .raw("debugInfo", message.debug_info)
      .time("createdAt", message.created_at)
      .time("updatedAt", message.updated_at)
      .time("completedAt", message.completed_at)
      .time("startedStreamingAt", message.started_streaming_at)
      .time("stoppedStreamingAt", message.stopped_streaming_at)
      .time("userAbortedAt", message.user_aborted_at)
      .raw("references", message.references)
      .raw("assessment", message.assessments)
      .text_or_null("segmentKind", message.segment_kind)
      .text_or_null("responseTurnId", message.response_turn_id)
      .number("segmentIndex", message.segment_index)
      .str();
}

std::string to_json(const LogStep& step) {
  return JsonObject()
      .text("id", step.id)
      .text("object", "message_log")
      .text("messageId", step.message_id)
      .text("status", step.status)
      .text("text", step.text)
      .raw("details", step.details)
      .raw("uncitedReferences", step.uncited_references)
      .number("order", step.order)
      .raw("references", step.references)
      .time("createdAt", step.created_at)
      .time("updatedAt", step.updated_at)
      .str();
}

std::string to_page_json(const Message& message) {
  return JsonObject()
      .number("revision", static_cast<std::int64_t>(message.revision))
      .number("position", static_cast<std::int64_t>(message.position))
      .flag("isTurn", message.is_turn)
      .raw("message", to_json(message))
      .str();
}

std::string to_page_json(const LogStep& step) {
  return JsonObject()
      .number("revision", static_cast<std::int64_t>(step.revision))
      .text("chatId", step.chat_id)
      .raw("step", to_json(step))
      .str();
}

std::string to_page_json(const EventRecord& record) {
  const std::string tries = json_array(record.tries, [](const DeliveryTry& one) {
    return JsonObject()
        .time("at", one.at)
        .number("status", one.status)
        .text("answer", one.answer)
        .text("corrupted", one.corrupted)
        .number("tookMs", one.took_ms)
        .str();
  });
  return JsonObject()
      .number("revision", static_cast<std::int64_t>(record.revision))
      .text("key", record.key)
      .text("eventId", record.event_id)
      .text("name", record.name)
      .text("chatId", record.chat_id)
      .text("module", record.module)
      .text("body", record.body)
      .text("outcome", to_string(record.outcome))
      .time("createdAt", record.created_at)
      .raw("tries", tries)
      .str();
}

std::string to_page_json(const CallRecord& call) {
  return JsonObject()
      .number("revision", static_cast<std::int64_t>(call.revision))
      .number("number", static_cast<std::int64_t>(call.number))
      .text("eventKey", call.event_key)
      .text("chatId", call.chat_id)
      .text("method", call.method)
      .text("target", call.target)
      .text("requestBody", call.request_body)
      .text("responseBody", call.response_body)
      .text("fault", call.fault)
      .time("at", call.at)
      .number("status", call.status)
      .number("tookMs", call.took_ms)
      .str();
}

std::string to_page_json(const Chat& chat) {
  return JsonObject()
      .text("id", chat.id)
      .text("spaceId", chat.space_id)
      .text("title", chat.title)
      .time("createdAt", chat.created_at)
      .str();
}

}  // namespace modhost::playground
