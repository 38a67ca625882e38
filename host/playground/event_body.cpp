// Composes and reads event bodies.
#include "playground/event_body.hpp"

#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

std::string envelope(const std::string& event_id, std::string_view name, const TurnRequest& turn, UnixMillis at,
                     std::string_view payload) {
  return JsonObject()
      .text("id", event_id)
      .text("version", "1.0.0")
      .text("event", name)
      .number("createdAt", std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count())
      .text("userId", turn.user_id)
      .text("companyId", turn.company_id)
      .raw("payload", payload)
      .str();
}

}  // namespace

std::string user_message_created(const std::string& event_id, const TurnRequest& turn, const Message& user) {
  const std::string payload =
      JsonObject().text("chatId", user.chat_id).text("assistantId", turn.space_id).text("text", turn.text).str();
  return envelope(event_id, "unique.chat.user-message.created", turn, user.created_at, payload);
}

std::string external_module_chosen(const std::string& event_id, const TurnRequest& turn, const Space& space,
                                   const Message& user, const Message& assistant) {
  const std::string user_message = JsonObject()
                                       .text("id", user.id)
                                       .text("text", turn.text)
                                       .text("originalText", turn.text)
                                       .time("createdAt", user.created_at)
                                       .text("language", "English")
                                       .str();
  const std::string assistant_message =
      JsonObject().text("id", assistant.id).time("createdAt", assistant.created_at).str();
  JsonObject payload;
  payload.text("name", space.module)
      .text("description", space.module + " in the playground")
      .raw("configuration", "{}")
      .text("chatId", user.chat_id)
      .text("assistantId", space.id)
      .raw("userMessage", user_message)
      .raw("assistantMessage", assistant_message)
      .raw("text", "null")
      .raw("additionalParameters", turn.additional_parameters)
      .raw("userMetadata", "{}");
  if (turn.model)
    payload.text("modelChoice", *turn.model);  // absent means the default; null is not accepted by clients
  payload.raw("toolChoices", turn.tool_choices)
      .raw("skillChoices", turn.skill_choices)
      .raw("availableSkills", turn.available_skills)
      .raw("disabledTools", "[]")
      .raw("toolParameters", "{}")
      .raw("rawScopeRules", turn.scope_rules)
      .raw("metadataFilter", turn.scope_rules)  // the platform also replaces the rules' variables
      .raw("correlation", turn.correlation)
      .raw("messageExecutionId", "null");
  return envelope(event_id, "unique.chat.external-module.chosen", turn, assistant.created_at, payload.str());
}

std::optional<std::string> with_execution(std::string_view body, const std::string& event_id,
                                          const std::string& execution_id) {
  auto event = parse_json(body);
  if (!event || !event->IsObject()) return std::nullopt;
  auto& memory = event->GetAllocator();
  const auto set = [&](rapidjson::Value& object, const char* name, const std::string& text) {
    object.RemoveMember(name);
    object.AddMember(rapidjson::Value(name, memory), rapidjson::Value(text.c_str(), memory), memory);
  };
  const auto payload = event->FindMember("payload");
  if (payload == event->MemberEnd() || !payload->value.IsObject()) return std::nullopt;
  set(payload->value, "messageExecutionId", execution_id);
  set(*event, "id", event_id);
  return to_json(*event);
}

EventNames names_of(std::string_view body) {
  const auto document = parse_json(body);
  EventNames names;
  if (!document || !document->IsObject()) return names;
  names.id = string_member(*document, "id");
  names.name = string_member(*document, "event");
  names.user_id = string_member(*document, "userId");
  names.company_id = string_member(*document, "companyId");
  const rapidjson::Value* payload = find_member(*document, "payload");
  if (payload == nullptr || !payload->IsObject()) return names;
  names.module = string_member(*payload, "name");
  names.chat_id = string_member(*payload, "chatId");
  if (names.chat_id.empty()) names.chat_id = string_member(*payload, "chatid");
  names.space_id = string_member(*payload, "assistantId");
  names.user_text = string_member(*payload, "text");
  if (const auto* user = find_member(*payload, "userMessage"); user != nullptr && user->IsObject()) {
    names.user_message_id = string_member(*user, "id");
    names.user_text = string_member(*user, "text");
  }
  if (const auto* assistant = find_member(*payload, "assistantMessage"); assistant != nullptr && assistant->IsObject())
    names.assistant_message_id = string_member(*assistant, "id");
  return names;
}

}  // namespace modhost::playground
