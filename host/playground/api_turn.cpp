// What hangs on a message or a chat: tool calls, long jobs, assessments, short-term memory. (Dossier 3.2, 3.4 to 3.6.)
#include <algorithm>

#include "event/json_reader.hpp"
#include "playground/answer.hpp"
#include "playground/api_call.hpp"
#include "playground/event_body.hpp"
#include "playground/ids.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

constexpr std::size_t kToolsMax = 50, kMessageIdsMax = 200, kMemoryCharactersMax = 10'000;

std::string list_object(const std::vector<std::string>& rows) {
  return JsonObject().text("object", "list").raw("data", json_list(rows)).flag("has_more", false).str();
}

// ---- Tool calls of a message

std::string tool_row(BodyCheck& check, const std::string& message_id, const std::string& now) {
  const std::string id = new_id("message_tool_");
  const std::string call_id = check.text("externalToolCallId");
  JsonObject row;
  row.text("id", id)
      .text("object", "message_tool")
      .text("externalToolCallId", call_id)
      .text("functionName", check.text("functionName"))
      .raw("arguments", check.optional_object("arguments").value_or("null"))
      .number("roundIndex", check.integer("roundIndex"))
      .number("sequenceIndex", check.integer("sequenceIndex"))
      .text("messageId", message_id);
  const auto response = check.optional_object("response");
  const rapidjson::Value* inner = check.value("response");
  if (!response || inner == nullptr) return row.raw("response", "null").str();
  const rapidjson::Value* content = find_member(*inner, "content");
  return row
      .raw("response", JsonObject()
                           .text("id", new_id("message_tool_response_"))
                           .raw("content", content == nullptr ? "null" : to_json(*content))
                           .text("toolCallId", id)
                           .raw("createdAt", now)
                           .str())
      .str();
}

http::Response create_tools(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string message_id = check.text("messageId");
  const rapidjson::Value* tools = check.array("tools");
  check.refuse_others();
  std::vector<std::string> complaints = check.complaints();
  if (tools != nullptr && tools->Size() > kToolsMax)
    complaints.push_back("tools must contain no more than " + std::to_string(kToolsMax) + " elements");
  const std::string now = quote_json(to_iso(call.on.clock.unix_now()));
  std::vector<std::string> rows;
  for (rapidjson::SizeType i = 0; tools != nullptr && i < tools->Size(); ++i) {
    if (!(*tools)[i].IsObject()) {
      complaints.push_back("tools." + std::to_string(i) + " must be an object");
      continue;
    }
    BodyCheck row((*tools)[i]);
    rows.push_back(tool_row(row, message_id, now));
    for (const std::string& one : row.complaints()) complaints.push_back("tools." + std::to_string(i) + "." + one);
  }
  if (!complaints.empty()) return validation_error(complaints);
  if (!call.on.platform.chat_of_message(message_id))
    return application_error(not_found("Message " + message_id + " not found"));
  for (std::string& row : rows) {
    const std::string id(string_member(parse_json(row).value(), "id"));
    row = call.on.records.put("MessageTool", id, message_id, row);
  }
  return json_answer(201, list_object(rows));
}

http::Response list_tools(const ApiCall& call) {
  std::vector<std::string> ids;
  for (std::string rest = call.parameter("messageIds").value_or(""); !rest.empty();) {
    const auto comma = rest.find(',');
    ids.push_back(rest.substr(0, comma));
    rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
  }
  if (ids.empty()) return validation_error({"messageIds must be a string"});
  if (ids.size() > kMessageIdsMax)
    return validation_error({"messageIds must contain no more than " + std::to_string(kMessageIdsMax) + " elements"});
  std::vector<std::string> rows;
  for (const std::string& id : ids)
    for (std::string& row : call.on.records.list("MessageTool", id)) rows.push_back(std::move(row));
  return json_answer(200, list_object(rows));
}

// ---- Long jobs

// The platform's queue takes a queueable job at once here: the module gets its event again, with the job's id.
void run_queued(const ApiCall& call, const std::string& message_id, const std::string& execution_id) {
  const auto again = call.on.platform.event_about(message_id);
  if (!again) return;
  const auto body = with_execution(again->body, new_id("evt_"), execution_id);
  if (!body) return;
  const std::string key = call.on.platform.add_event(*body);
  if (call.on.deliver) call.on.deliver({key});
}

http::Response create_execution(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string message_id = check.text("messageId");
  const std::string type = check.choice("type", {"DEEP_RESEARCH"});
  const bool is_queueable = check.optional_flag("isQueueable").value_or(true);
  const auto options = check.optional_object("executionOptions");
  const auto title = check.optional_text("progressTitle");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  if (!call.on.platform.chat_of_message(message_id))
    return application_error(not_found("Message " + message_id + " not found"));
  const std::string id = new_id("message_execution_");
  const std::string made = call.on.records.put("MessageExecution", message_id, message_id,
                                               JsonObject()
                                                   .text("id", id)
                                                   .text("object", "message_execution")
                                                   .text("messageId", message_id)
                                                   .text("status", is_queueable ? "PENDING" : "RUNNING")
                                                   .text("type", type)
                                                   .raw("secondsRemaining", "null")
                                                   .number("percentageCompleted", 0)
                                                   .flag("isQueueable", is_queueable)
                                                   .raw("executionOptions", options.value_or("null"))
                                                   .text_or_null("progressTitle", title)
                                                   .raw("positionInQueue", is_queueable ? "1" : "null")
                                                   .str());
  if (is_queueable) run_queued(call, message_id, id);
  return json_answer(201, made);
}

http::Response get_execution(const ApiCall& call) {
  const auto message_id = call.parameter("messageId");
  if (!message_id) return validation_error({"messageId must be a string"});
  return record_answer(call.on.records.find("MessageExecution", *message_id));
}

http::Response update_execution(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string message_id = check.text("messageId");
  check.optional_choice("status", {"COMPLETED", "FAILED"});
  check.optional_integer("secondsRemaining", 0, INT32_MAX);
  check.optional_integer("percentageCompleted", 0, 100);
  check.optional_text("progressTitle");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return record_answer(call.on.records.merge("MessageExecution", message_id, call.body));
}

// ---- Assessments

void show_assessments(const ApiCall& call, const std::string& message_id) {
  call.on.platform.set_assessments(message_id, json_list(call.on.records.list("MessageAssessment", message_id)));
}

http::Response create_assessment(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string message_id = check.text("messageId");
  const std::string status = check.choice("status", {"PENDING", "DONE", "ERROR"});
  const std::string type = check.choice("type", {"HALLUCINATION", "COMPLIANCE"});
  const bool is_visible = check.optional_flag("isVisible").value_or(true);
  const auto title = check.optional_text("title"), explanation = check.optional_text("explanation");
  const auto label = check.optional_choice("label", {"RED", "YELLOW", "GREEN"});
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  if (!call.on.platform.chat_of_message(message_id))
    return application_error(not_found("Message " + message_id + " not found"));
  const std::string made = call.on.records.put("MessageAssessment", message_id + "/" + type, message_id,
                                               JsonObject()
                                                   .text("id", new_id("assessment_"))
                                                   .text("object", "message-assessment")
                                                   .text("messageId", message_id)
                                                   .text("status", status)
                                                   .text("type", type)
                                                   .flag("isVisible", is_visible)
                                                   .text_or_null("title", title)
                                                   .text_or_null("explanation", explanation)
                                                   .text_or_null("label", label)
                                                   .str());
  show_assessments(call, message_id);
  return json_answer(201, made);
}

http::Response update_assessment(const ApiCall& call) {
  BodyCheck check(call.body);
  check.optional_text("messageId");
  check.choice("status", {"PENDING", "DONE", "ERROR"});
  const std::string type = check.choice("type", {"HALLUCINATION", "COMPLIANCE"});
  check.optional_text("title");
  check.optional_text("explanation");
  check.optional_choice("label", {"RED", "YELLOW", "GREEN"});
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  const auto changed = call.on.records.merge("MessageAssessment", call.ids[0] + "/" + type, call.body);
  if (changed) show_assessments(call, call.ids[0]);
  return record_answer(changed);
}

// ---- Short-term memory

struct MemoryKey {
  std::string name;
  std::optional<std::string> chat_id, message_id;
  [[nodiscard]] std::string id() const { return name + "\n" + chat_id.value_or("") + "\n" + message_id.value_or(""); }
};

MemoryKey read_key(BodyCheck& check) {
  MemoryKey key;
  key.name = check.text("memoryName");
  key.chat_id = check.optional_text("chatId");
  key.message_id = check.optional_text("messageId");
  if (key.chat_id.has_value() == key.message_id.has_value())
    check.complain("exactly one of chatId and messageId must be a string");
  return key;
}

std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

http::Response remember(const ApiCall& call) {
  BodyCheck check(call.body);
  const MemoryKey key = read_key(check);
  const auto data = check.optional_text("data");
  if (data && characters_of(*data) > kMemoryCharactersMax)
    check.complain("data must be shorter than or equal to " + std::to_string(kMemoryCharactersMax) + " characters");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  const std::string memory = JsonObject()
                                 .text("id", new_id("stm_"))
                                 .text("object", key.name)
                                 .text("memoryName", key.name)
                                 .text_or_null("chatId", key.chat_id)
                                 .text_or_null("messageId", key.message_id)
                                 .text_or_null("data", data)
                                 .str();
  return json_answer(201, call.on.records.put("Memory", key.id(), "", memory, Records::Times::kWithout));
}

http::Response recall(const ApiCall& call) {
  BodyCheck check(call.body);
  const MemoryKey key = read_key(check);
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return json_answer(201, call.on.records.find("Memory", key.id()).value_or("{}"));
}

}  // namespace

void add_turn_routes(Routes& routes) {
  const Routes mine = {{"POST", "messages/tools", create_tools},
                       {"GET", "messages/tools", list_tools},
                       {"POST", "message-execution", create_execution},
                       {"GET", "message-execution", get_execution},
                       {"PATCH", "message-execution", update_execution},
                       {"POST", "message-assessment", create_assessment},
                       {"PATCH", "message-assessment/:", update_assessment},
                       {"POST", "short-term-memory", remember},
                       {"POST", "short-term-memory/find-latest", recall}};
  routes.insert(routes.end(), mine.begin(), mine.end());
}

}  // namespace modhost::playground
