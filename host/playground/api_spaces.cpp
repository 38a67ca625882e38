// Spaces, chats, modules, scheduled tasks. (Dossier 3.12, 3.13.)
#include <algorithm>

#include "event/json_reader.hpp"
#include "playground/answer.hpp"
#include "playground/api_call.hpp"
#include "playground/ids.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

constexpr const char *kAccess = "SpaceAccess", *kModule = "Module", *kTask = "ScheduledTask";

std::string module_id(const Space& space) { return "module_" + space.id.substr(space.id.find('_') + 1); }

// The one module of a space.
std::string module_json(const Space& space) {
  return JsonObject()
      .text("id", module_id(space))
      .text("object", "module")
      .text("name", space.module)
      .raw("description", "null")
      .raw("toolDefinition", "null")
      .raw("configuration", "{}")
      .text("assistantId", space.id)
      .number("weight", 1)
      .flag("isExternal", true)
      .flag("isCustomInstructionEnabled", false)
      .raw("moduleTemplateId", "null")
      .time("createdAt", space.created_at)
      .time("updatedAt", space.created_at)
      .str();
}

std::string space_json(const Space& space) {
  return JsonObject()
      .text("id", space.id)
      .text("object", "space")
      .text("name", space.name.empty() ? space.module : space.name)
      .text("title", space.name.empty() ? space.module : space.name)
      .text("fallbackModule", space.module)
      .raw("modules", "[" + module_json(space) + "]")
      .text("chatUpload", "DISABLED")
      .text("uiType", "UNIQUE_CUSTOM")
      .flag("isExternal", false)
      .time("createdAt", space.created_at)
      .time("updatedAt", space.created_at)
      .str();
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return text;
}

std::string file_json(const Content& content) {
  return JsonObject().text("id", content.id).text("title", content.title).text("mimeType", content.mime_type).str();
}

// What the module hears of the files that the user picked for a turn, among all of the chat. (Dossier 2.4.)
std::string selected_files(const ApiCall& call, const std::string& chat_id, BodyCheck& check) {
  const rapidjson::Value* ids = check.value("selectedUploadedFileIds");
  if (ids == nullptr || !ids->IsArray() || ids->Empty()) return "null";
  const auto uploaded = call.on.library.list(
      [&](const Content& content) { return content.owner_type == "CHAT" && content.owner_id == chat_id; });
  std::vector<Content> selected;
  for (const auto& id : ids->GetArray()) {
    if (!id.IsString()) {
      check.complain("each value in selectedUploadedFileIds must be a string");
      return "null";
    }
    Content file;
    file.id.assign(id.GetString(), id.GetStringLength());
    const auto known =
        std::find_if(uploaded.begin(), uploaded.end(), [&](const Content& one) { return one.id == file.id; });
    selected.push_back(known == uploaded.end() ? file : *known);
  }
  return JsonObject()
      .raw("translateToLanguage", "null")
      .raw("contentIdToTranslate", "null")
      .text("userSpaceInstructions", "")
      .raw("uploadedFiles", json_array(uploaded, file_json))
      .raw("selectedUploadedFiles", json_array(selected, file_json))
      .str();
}

http::Response begin_turn(const ApiCall& call) {
  BodyCheck check(call.body);
  TurnRequest turn;
  turn.space_id = check.text("assistantId");
  turn.chat_id = check.optional_text("chatId");
  turn.text = check.optional_text("text").value_or("");
  turn.model = check.optional_text("languageModel");
  turn.tool_choices = check.optional_array("toolChoices").value_or("[]");
  turn.skill_choices = check.optional_array("skillChoices").value_or("[]");
  turn.available_skills = check.optional_array("availableSkills").value_or("[]");
  turn.scope_rules = check.optional_object("scopeRules").value_or("null");
  if (turn.scope_rules == "{}") turn.scope_rules = "null";  // a search with a filter of nothing fails
  check.optional_array("selectedUploadedFileIds");
  turn.additional_parameters = selected_files(call, turn.chat_id.value_or(""), check);
  turn.correlation = check.optional_object("correlation").value_or("null");
  const bool auto_approves = check.optional_flag("autoApproveElicitation").value_or(false);
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  turn.user_id = call.user_id;
  turn.company_id = call.company_id;
  const auto begun = call.on.platform.begin_turn(turn);
  if (!begun) return application_error(begun.error());
  if (auto_approves) call.on.platform.set_auto_approval(begun->user.chat_id);
  if (call.on.deliver) call.on.deliver(begun->event_keys);
  return json_answer(201, to_json(begun->user));
}

http::Response create_chat(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string title = check.any_text("title");
  const std::string space_id = check.text("assistantId");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  const auto chat = call.on.platform.create_chat(space_id, title);
  if (!chat) return application_error(chat.error());
  return json_answer(201, JsonObject()
                              .text("id", chat->id)
                              .text("title", chat->title)
                              .time("createdAt", chat->created_at)
                              .text("object", "chat")
                              .str());
}

http::Response remove_chat(const ApiCall& call) {
  if (const auto removed = call.on.platform.remove_chat(call.ids[0]); !removed)
    return application_error(removed.error());
  return json_answer(200, JsonObject().text("chat_id", call.ids[0]).str());
}

http::Response chat_messages(const ApiCall& call) {
  std::vector<std::string> complaints;
  const std::size_t skip = call.number("skip", 0, call.on.platform.limits().messages_per_chat, complaints);
  const std::size_t take = call.number("take", 10, 100, complaints);
  if (!complaints.empty()) return validation_error(complaints);
  const auto all = call.on.platform.messages(call.ids[0]);
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

http::Response latest_message(const ApiCall& call) {
  const auto latest = call.on.platform.latest_message(call.ids[0]);
  return latest ? json_answer(200, to_json(*latest)) : application_error(latest.error());
}

http::Response list_spaces(const ApiCall& call) {
  std::vector<std::string> complaints;
  const std::size_t skip = call.number("skip", 0, SIZE_MAX, complaints);
  const std::size_t take = call.number("take", 50, 1000, complaints);
  if (!complaints.empty()) return validation_error(complaints);
  const std::string part = lower(call.parameter("name").value_or(""));
  std::vector<Space> spaces = call.on.platform.spaces();
  std::erase_if(spaces, [&](const Space& space) {
    return lower(space.module).find(part) == std::string::npos && lower(space.name).find(part) == std::string::npos;
  });
  spaces.erase(spaces.begin(), spaces.begin() + static_cast<std::ptrdiff_t>(std::min(skip, spaces.size())));
  if (spaces.size() > take) spaces.resize(take);
  return json_answer(200, JsonObject().raw("data", json_array(spaces, space_json)).str());
}

http::Response get_space(const ApiCall& call) {
  const auto space = call.on.platform.space(call.ids[0]);
  return space ? json_answer(200, space_json(*space)) : application_error(space.error());
}

http::Response create_space(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string name = check.text("name"), module = check.text("fallbackModule");
  check.array("modules");
  if (!check.is_good()) return validation_error(check.complaints());
  return json_answer(201, space_json(call.on.platform.add_space(name, module)));
}

http::Response update_space(const ApiCall& call) {
  BodyCheck check(call.body);
  auto name = check.optional_text("name");
  if (!name) name = check.optional_text("title");
  const auto module = check.optional_text("fallbackModule");
  if (!check.is_good()) return validation_error(check.complaints());
  const auto space = call.on.platform.change_space(call.ids[0], name, module);
  return space ? json_answer(200, space_json(*space)) : application_error(space.error());
}

http::Response remove_space(const ApiCall& call) {
  const auto removed = call.on.platform.remove_space(call.ids[0]);
  return removed ? json_answer(200, JsonObject().text("id", call.ids[0]).str()) : application_error(removed.error());
}

std::string access_json(const ApiCall& call) {
  return JsonObject().raw("access", json_list(call.on.records.list(kAccess, call.ids[0]))).str();
}

http::Response get_access(const ApiCall& call) {
  const auto space = call.on.platform.space(call.ids[0]);
  return space ? json_answer(200, access_json(call)) : application_error(space.error());
}

http::Response add_access(const ApiCall& call) {
  if (const auto space = call.on.platform.space(call.ids[0]); !space) return application_error(space.error());
  BodyCheck check(call.body);
  const rapidjson::Value* list = check.array("access");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  for (const auto& one : list->GetArray()) {
    if (!one.IsObject()) return validation_error({"each value in access must be an object"});
    BodyCheck access(one);
    const std::string entity = access.text("entityId"), who = access.choice("entityType", {"USER", "GROUP"}),
                      type = access.choice("type", {"USE", "MANAGE", "UPLOAD"});
    if (!access.is_good()) return validation_error(access.complaints());
    const std::string id = new_id("access_");
    call.on.records.put(
        kAccess, id, call.ids[0],
        JsonObject().text("id", id).text("entityId", entity).text("entityType", who).text("type", type).str());
  }
  return json_answer(201, access_json(call));
}

http::Response remove_access(const ApiCall& call) {
  if (const auto space = call.on.platform.space(call.ids[0]); !space) return application_error(space.error());
  for (const std::string& id : call.parameters("accessIds"))
    [[maybe_unused]] const auto was = call.on.records.remove(kAccess, id);  // twice gone is gone
  return json_answer(200, R"({"success":true})");
}

http::Response list_modules(const ApiCall& call) {
  const auto space_id = call.parameter("assistantId");
  std::vector<std::string> modules;
  for (const Space& space : call.on.platform.spaces())
    if (!space_id || space.id == *space_id) modules.push_back(module_json(space));
  const auto more = space_id ? call.on.records.list(kModule, *space_id) : call.on.records.list(kModule);
  modules.insert(modules.end(), more.begin(), more.end());
  return json_answer(200, json_list(modules));
}

http::Response get_module(const ApiCall& call) {
  for (const Space& space : call.on.platform.spaces())
    if (module_id(space) == call.ids[0]) return json_answer(200, module_json(space));
  return record_answer(call.on.records.find(kModule, call.ids[0]));
}

http::Response create_module(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string space_id = check.text("assistantId"), name = check.text("name");
  if (!check.is_good()) return validation_error(check.complaints());
  if (const auto space = call.on.platform.space(space_id); !space) return application_error(space.error());
  const std::string id = new_id("module_");
  call.on.records.put(kModule, id, space_id, JsonObject().text("id", id).text("object", "module").str());
  return record_answer(call.on.records.merge(kModule, id, call.body), 201);
}

http::Response update_module(const ApiCall& call) {
  return record_answer(call.on.records.merge(kModule, call.ids[0], call.body));
}

http::Response remove_module(const ApiCall& call) {
  const auto was = call.on.records.remove(kModule, call.ids[0]);
  if (!was) return application_error(was.error());
  return json_answer(200,
                     JsonObject().text("id", call.ids[0]).text("object", "deleted-module").flag("deleted", true).str());
}

// Tasks are kept, not run: nothing here wakes up by itself.
http::Response list_tasks(const ApiCall& call) { return json_answer(200, json_list(call.on.records.list(kTask))); }
http::Response get_task(const ApiCall& call) { return record_answer(call.on.records.find(kTask, call.ids[0])); }

http::Response create_task(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string when = check.text("cronExpression"), space_id = check.text("assistantId"),
                    prompt = check.text("prompt");
  const auto chat_id = check.optional_text("chatId");
  const bool is_enabled = check.optional_flag("enabled").value_or(true);
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  const auto space = call.on.platform.space(space_id);
  if (!space) return application_error(space.error());
  const std::string id = new_id("task_");
  return json_answer(201, call.on.records.put(kTask, id, space_id,
                                              JsonObject()
                                                  .text("id", id)
                                                  .text("object", "scheduled_task")
                                                  .text("cronExpression", when)
                                                  .text("assistantId", space_id)
                                                  .text("assistantName", space->module)
                                                  .text("prompt", prompt)
                                                  .text_or_null("chatId", chat_id)
                                                  .flag("enabled", is_enabled)
                                                  .raw("lastRunAt", "null")
                                                  .str()));
}

http::Response update_task(const ApiCall& call) {
  return record_answer(call.on.records.merge(kTask, call.ids[0], call.body));
}

http::Response remove_task(const ApiCall& call) {
  const auto was = call.on.records.remove(kTask, call.ids[0]);
  if (!was) return application_error(was.error());
  return json_answer(200,
                     JsonObject().text("id", call.ids[0]).text("object", "scheduled_task").flag("deleted", true).str());
}

}  // namespace

void add_space_routes(Routes& routes) {
  const Routes mine = {{"GET", "space", list_spaces},
                       {"POST", "space", create_space},
                       {"POST", "space/message", begin_turn},
                       {"POST", "space/chat", create_chat},
                       {"GET", "space/chat/:/messages", chat_messages},
                       {"DELETE", "space/chat/:", remove_chat},
                       {"GET", "space/:/messages/latest", latest_message},
                       {"GET", "space/:/access", get_access},
                       {"POST", "space/:/access", add_access},
                       {"DELETE", "space/:/access", remove_access},
                       {"GET", "space/:", get_space},
                       {"PATCH", "space/:", update_space},
                       {"DELETE", "space/:", remove_space},
                       {"GET", "modules", list_modules},
                       {"POST", "modules", create_module},
                       {"GET", "modules/:", get_module},
                       {"PATCH", "modules/:", update_module},
                       {"DELETE", "modules/:", remove_module},
                       {"GET", "scheduled-tasks", list_tasks},
                       {"POST", "scheduled-tasks", create_task},
                       {"GET", "scheduled-tasks/:", get_task},
                       {"PATCH", "scheduled-tasks/:", update_task},
                       {"DELETE", "scheduled-tasks/:", remove_task}};
  routes.insert(routes.end(), mine.begin(), mine.end());
}

}  // namespace modhost::playground
