// Spaces and chats. (Dossier 3.12.)
#include <algorithm>
#include <charconv>

#include "playground/answer.hpp"
#include "playground/api.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

std::string space_json(const Space& space) {
  const std::string module = JsonObject()
                                 .text("id", "module_" + space.id.substr(space.id.find('_') + 1))
                                 .text("name", space.module)
                                 .flag("isExternal", true)
                                 .raw("configuration", "{}")
                                 .str();
  return JsonObject()
      .text("id", space.id)
      .text("object", "space")
      .text("name", space.module)
      .text("title", space.module)
      .text("fallbackModule", space.module)
      .raw("modules", "[" + module + "]")
      .text("chatUpload", "DISABLED")
      .text("uiType", "UNIQUE_CUSTOM")
      .flag("isExternal", false)
      .time("createdAt", space.created_at)
      .time("updatedAt", space.created_at)
      .str();
}

// A number from the query within its limits; complains otherwise.
std::size_t number_parameter(const std::optional<std::string>& text, std::string_view name, std::size_t fallback,
                             std::size_t max, std::vector<std::string>& complaints) {
  if (!text) return fallback;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size() && value <= max) return value;
  complaints.push_back(std::string(name) + " must be an integer number from 0 to " + std::to_string(max));
  return fallback;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return text;
}

}  // namespace

http::Response Api::begin_turn(const Call& call) const {
  BodyCheck check(call.body);
  TurnRequest turn;
  turn.space_id = check.text("assistantId");
  turn.chat_id = check.optional_text("chatId");
  turn.text = check.optional_text("text").value_or("");
  turn.model = check.optional_text("languageModel");
  turn.tool_choices = check.optional_array("toolChoices").value_or("[]");
  turn.skill_choices = check.optional_array("skillChoices").value_or("[]");
  check.optional_array("availableSkills");
  check.optional_object("scopeRules");
  check.optional_array("selectedUploadedFileIds");
  check.optional_object("correlation");
  check.optional_flag("autoApproveElicitation");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  turn.user_id = call.user_id;
  turn.company_id = call.company_id;
  const auto begun = platform_.begin_turn(turn);
  if (!begun) return application_error(begun.error());
  if (deliver_) deliver_(begun->event_keys);
  return json_answer(201, to_json(begun->user));
}

http::Response Api::create_chat(const Call& call) const {
  BodyCheck check(call.body);
  const std::string title = check.any_text("title");
  const std::string space_id = check.text("assistantId");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  const auto chat = platform_.create_chat(space_id, title);
  if (!chat) return application_error(chat.error());
  return json_answer(201, JsonObject()
                              .text("id", chat->id)
                              .text("title", chat->title)
                              .time("createdAt", chat->created_at)
                              .text("object", "chat")
                              .str());
}

http::Response Api::remove_chat(const Call& call) const {
  if (const auto removed = platform_.remove_chat(call.ids[0]); !removed) return application_error(removed.error());
  return json_answer(200, JsonObject().text("chat_id", call.ids[0]).str());
}

http::Response Api::chat_messages(const Call& call) const {
  std::vector<std::string> complaints;
  const std::size_t skip =
      number_parameter(call.parameter("skip"), "skip", 0, platform_.limits().messages_per_chat, complaints);
  const std::size_t take = number_parameter(call.parameter("take"), "take", 10, 100, complaints);
  if (!complaints.empty()) return validation_error(complaints);
  const auto all = platform_.messages(call.ids[0]);
  if (!all) return application_error(all.error());
  const auto first = all->begin() + static_cast<std::ptrdiff_t>(std::min(skip, all->size()));
  const auto last =
      first + static_cast<std::ptrdiff_t>(std::min<std::size_t>(take, all->size() - std::min(skip, all->size())));
  return json_answer(200, JsonObject()
                              .raw("messages", json_array(std::vector<Message>(first, last),
                                                          [](const Message& one) { return to_json(one); }))
                              .number("totalCount", static_cast<std::int64_t>(all->size()))
                              .str());
}

http::Response Api::latest_message(const Call& call) const {
  const auto latest = platform_.latest_message(call.ids[0]);
  return latest ? json_answer(200, to_json(*latest)) : application_error(latest.error());
}

http::Response Api::list_spaces(const Call& call) const {
  std::vector<std::string> complaints;
  const std::size_t skip = number_parameter(call.parameter("skip"), "skip", 0, SIZE_MAX, complaints);
  const std::size_t take = number_parameter(call.parameter("take"), "take", 50, 1000, complaints);
  if (!complaints.empty()) return validation_error(complaints);
  const std::string part = lower(call.parameter("name").value_or(""));
  std::vector<Space> spaces = platform_.spaces();
  std::erase_if(spaces, [&](const Space& space) { return lower(space.module).find(part) == std::string::npos; });
  spaces.erase(spaces.begin(), spaces.begin() + static_cast<std::ptrdiff_t>(std::min(skip, spaces.size())));
  if (spaces.size() > take) spaces.resize(take);
  return json_answer(200, JsonObject().raw("data", json_array(spaces, space_json)).str());
}

http::Response Api::get_space(const Call& call) const {
  const auto space = platform_.space(call.ids[0]);
  return space ? json_answer(200, space_json(*space)) : application_error(space.error());
}

}  // namespace modhost::playground
