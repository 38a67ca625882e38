// Messages and log steps. (Dossier 3.1, 3.3.)
#include "playground/answer.hpp"
#include "playground/api_call.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

template <class T>
http::Response answer_with(const Result<T>& outcome, int status = 200) {
  return outcome ? json_answer(status, to_json(*outcome)) : application_error(outcome.error());
}

MessageFields read_fields(BodyCheck& check) {
  MessageFields fields;
  fields.text = check.optional_text("text");
  fields.original_text = check.optional_text("originalText");
  fields.references = check.optional_references("references");
  fields.debug_info = check.optional_object("debugInfo");
  fields.completed_at = check.optional_time("completedAt");
  fields.segment_kind = check.optional_choice("segmentKind", {"PROCESS", "PREFACE", "ELICITATION", "ANSWER"});
  return fields;
}

// What only PATCH and /event take.
void read_update(BodyCheck& check, MessageFields& fields) {
  fields.gpt_request = check.optional_object_or_array("gptRequest");
  fields.started_streaming_at = check.optional_time("startedStreamingAt");
  fields.stopped_streaming_at = check.optional_time("stoppedStreamingAt");
}

LogFields read_step(BodyCheck& check) {
  LogFields fields;
  fields.details = check.optional_object("details");
  fields.uncited_references = check.optional_object("uncitedReferences");
  fields.references = check.optional_references("references");
  return fields;
}

http::Response list_messages(const ApiCall& call) {
  const auto chat_id = call.chat_id();
  if (!chat_id) return validation_error({chat_id.error().message});
  const auto messages = call.on.platform.messages(*chat_id);
  if (!messages) return application_error(messages.error());
  return json_answer(200, JsonObject()
                              .text("object", "list")
                              .raw("data", json_array(*messages, [](const Message& one) { return to_json(one); }))
                              .flag("has_more", false)
                              .text("url", "/messages")
                              .str());
}

http::Response get_message(const ApiCall& call) {
  const auto chat_id = call.chat_id();
  if (!chat_id) return validation_error({chat_id.error().message});
  return answer_with(call.on.platform.message(*chat_id, call.ids[0]));
}

http::Response create_message(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string chat_id = check.text("chatId");
  const std::string space_id = check.text("assistantId");
  const std::string role = check.choice("role", {"ASSISTANT", "USER"});
  MessageFields fields = read_fields(check);
  check.optional_object("correlation");
  fields.response_turn_id = check.optional_text("responseTurnId");
  fields.segment_index = check.optional_integer("segmentIndex", 0, 1'000'000);
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return answer_with(call.on.platform.create_message(chat_id, space_id, role, fields), 201);
}

http::Response update_message(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string chat_id = check.text("chatId");
  MessageFields fields = read_fields(check);
  read_update(check, fields);
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return answer_with(call.on.platform.update_message(chat_id, call.ids[0], fields));
}

http::Response show_message(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string chat_id = check.text("chatId");
  MessageFields fields = read_fields(check);
  read_update(check, fields);
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return answer_with(call.on.platform.show_message(chat_id, call.ids[0], fields), 201);
}

http::Response remove_message(const ApiCall& call) {
  const auto chat_id = call.chat_id();
  if (!chat_id) return validation_error({chat_id.error().message});
  return answer_with(call.on.platform.remove_message(*chat_id, call.ids[0]));
}

http::Response create_step(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string message_id = check.text("messageId");
  LogFields fields = read_step(check);
  fields.text = check.any_text("text");
  fields.status = check.choice("status", {"RUNNING", "COMPLETED", "FAILED"});
  fields.order = check.integer("order");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return answer_with(call.on.platform.create_step(message_id, fields), 201);
}

http::Response update_step(const ApiCall& call) {
  BodyCheck check(call.body);
  LogFields fields = read_step(check);
  fields.text = check.optional_text("text");
  fields.status = check.optional_choice("status", {"RUNNING", "COMPLETED", "FAILED"});
  fields.order = check.optional_integer("order", INT64_MIN, INT64_MAX);
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return answer_with(call.on.platform.update_step(call.ids[0], fields));
}

}  // namespace

void add_message_routes(Routes& routes) {
  const Routes mine = {{"GET", "messages", list_messages},       {"POST", "messages", create_message},
                       {"GET", "messages/:", get_message},       {"PATCH", "messages/:", update_message},
                       {"DELETE", "messages/:", remove_message}, {"POST", "messages/:/event", show_message},
                       {"POST", "message-log", create_step},     {"PATCH", "message-log/:", update_step}};
  routes.insert(routes.end(), mine.begin(), mine.end());
}

}  // namespace modhost::playground
