// Asking the user, and tools of MCP servers. (Dossier 3.14, 3.15, 5.5.)
#include "event/json_reader.hpp"
#include "playground/answer.hpp"
#include "playground/api_call.hpp"
#include "playground/elicitation.hpp"
#include "playground/ids.hpp"
#include "playground/json_object.hpp"
#include "playground/model_answer.hpp"

namespace modhost::playground {

namespace {

constexpr std::int64_t kExpiresInMax = 7 * 24 * 3600;

http::Response create(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string mode = check.choice("mode", {"FORM", "URL"});
  const std::string message = check.text("message"), tool = check.text("toolName");
  const auto schema = check.optional_object("schema");
  const auto url = check.optional_text("url"), external = check.optional_text("externalElicitationId"),
             chat_id = check.optional_text("chatId"), message_id = check.optional_text("messageId");
  const auto expires_in = check.optional_integer("expiresInSeconds", 1, kExpiresInMax);
  const auto metadata = check.optional_object("metadata");
  if (mode == "FORM" && !schema) check.complain("schema must be an object");
  if (mode == "URL" && !url) check.complain("url must be a string");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  const UnixMillis now = call.on.clock.unix_now();
  std::optional<UnixMillis> expires_at;
  if (expires_in) expires_at = now + std::chrono::seconds(*expires_in);
  const std::string id = new_id("elicit_");
  std::string made = call.on.records.put(kElicitation, id, chat_id.value_or(""),
                                         JsonObject()
                                             .text("id", id)
                                             .text("object", "elicitation")
                                             .text("source", "INTERNAL_TOOL")
                                             .text("mode", mode)
                                             .text("status", "PENDING")
                                             .text("message", message)
                                             .raw("mcpServerId", "null")
                                             .text("toolName", tool)
                                             .raw("schema", schema.value_or("null"))
                                             .text_or_null("url", url)
                                             .text_or_null("externalElicitationId", external)
                                             .raw("responseContent", "null")
                                             .raw("respondedAt", "null")
                                             .text("companyId", call.company_id)
                                             .text("userId", call.user_id)
                                             .text_or_null("chatId", chat_id)
                                             .text_or_null("messageId", message_id)
                                             .raw("metadata", metadata.value_or("null"))
                                             .time("expiresAt", expires_at)
                                             .str());
  if (chat_id && call.on.platform.auto_approves(*chat_id) && schema) {
    const std::string content = fill_schema(*find_member(call.body, "schema"), "yes");
    if (auto answered = respond_to(call.on.records, id, "ACCEPT", content, now)) made = *answered;
  }
  return json_answer(201, made);
}

http::Response get(const ApiCall& call) {
  return record_answer(current_elicitation(call.on.records, call.ids[0], call.on.clock.unix_now()));
}

http::Response pending(const ApiCall& call) {
  std::vector<std::string> mine;
  for (std::string& one : pending_elicitations(call.on.records, call.on.clock.unix_now()))
    if (string_member(parse_json(one).value(), "userId") == call.user_id) mine.push_back(std::move(one));
  return json_answer(200, json_list(mine));
}

http::Response respond(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string id = check.text("elicitationId");
  const std::string action = check.choice("action", {"ACCEPT", "DECLINE", "CANCEL", "REJECT"});
  const auto content = check.optional_object("content");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  const auto answered = respond_to(call.on.records, id, action, content.value_or("null"), call.on.clock.unix_now());
  if (!answered) return application_error(answered.error());
  return json_answer(201, R"({"success":true,"message":null})");
}

http::Response call_tool(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string name = check.text("name");
  check.text("messageId");
  check.text("chatId");
  const std::string arguments = check.optional_object("arguments").value_or("{}");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  const std::string text =
      JsonObject()
          .text("type", "text")
          .text("text", "No MCP server is connected to the stand-in: " + name + " was not called with " + arguments)
          .str();
  return json_answer(201, JsonObject()
                              .text("object", "mcp.call_tool")
                              .raw("content", "[" + text + "]")
                              .flag("isError", true)
                              .raw("mcpServerId", "null")
                              .text("name", name)
                              .str());
}

}  // namespace

void add_elicitation_routes(Routes& routes) {
  const Routes mine = {{"POST", "elicitation", create},
                       {"GET", "elicitation/pending", pending},
                       {"POST", "elicitation/respond", respond},
                       {"GET", "elicitation/:", get},
                       {"POST", "mcp/call-tool", call_tool}};
  routes.insert(routes.end(), mine.begin(), mine.end());
}

}  // namespace modhost::playground
