// The page's own API.
#include "playground/control.hpp"

#include <algorithm>

#include "event/json_reader.hpp"
#include "http/query.hpp"
#include "playground/answer.hpp"
#include "playground/body_check.hpp"
#include "playground/elicitation.hpp"
#include "playground/json_object.hpp"
#include "playground/target.hpp"

namespace modhost::playground {

namespace {

constexpr std::int64_t kDelayMsMax = 120'000;
constexpr std::int64_t kFaultCountMax = 1'000'000'000;
constexpr std::size_t kChatsShown = 100;  // the newest

std::string fault_json(const Fault& fault) {
  return JsonObject()
      .text("mode", to_string(fault.mode))
      .number("count", static_cast<std::int64_t>(fault.count))
      .number("delayMs", fault.delay.count())
      .text("path", fault.path)
      .flag("sparesChat", fault.spares_chat)
      .str();
}

template <class Things>
std::string page_array(const Things& things) {
  return json_array(things, [](const auto& one) { return to_page_json(one); });
}

}  // namespace

Control::Control(ApiServices services, Faults& faults, Sender& sender, Identity identity)
    : on_(std::move(services)),
      platform_(on_.platform),
      faults_(faults),
      sender_(sender),
      identity_(std::move(identity)) {}

http::Response Control::handle(const http::Request& request) const {
  const std::string_view path = request.path();
  if (request.method == "GET" && path == "/dev/state") return state(request);
  if (request.method == "GET" && path == "/dev/document") return document(request);
  using Handler = http::Response (Control::*)(const rapidjson::Value&) const;
  struct PageRoute {
    std::string_view path;
    Handler handler;
  };
  static constexpr PageRoute kRoutes[] = {
      {"/dev/messages", &Control::send_message},       {"/dev/stop", &Control::stop_turn},
      {"/dev/events", &Control::send_event},           {"/dev/resend", &Control::send_again},
      {"/dev/elicitation", &Control::answer_question}, {"/dev/faults", &Control::set_faults}};
  const auto* const route = std::find_if(std::begin(kRoutes), std::end(kRoutes), [&](const PageRoute& one) {
    return request.method == "POST" && one.path == path;
  });
  if (route == std::end(kRoutes)) return nest_error(404, "Cannot " + request.method + " " + std::string(path));
  // A form of a foreign page can not send this type without asking first.
  if (!request.header("content-type").value_or("").starts_with("application/json"))
    return nest_error(400, "send the body as Content-Type: application/json");
  const auto body = parse_json(request.body);
  if (!body) return nest_error(400, "the body is not JSON: " + body.error().message);
  if (!body->IsObject()) return nest_error(400, "the body must be a JSON object");
  return (this->*route->handler)(*body);
}

http::Response Control::state(const http::Request& request) const {
  std::string chat_id;
  for (const auto& [name, value] : http::parse_query(request.query()))
    if (name == "chatId") chat_id = value;
  const std::string modules = json_array(platform_.spaces(), [](const Space& space) {
    return JsonObject().text("spaceId", space.id).text("name", space.name.empty() ? space.module : space.name).str();
  });
  const auto messages = platform_.messages(chat_id);
  const auto questions = on_.records.list(kElicitation, chat_id);
  std::vector<std::string> executions;
  if (messages)
    for (const Message& message : *messages)
      if (const auto found = on_.records.find("MessageExecution", message.id)) executions.push_back(*found);
  return json_answer(200, JsonObject()
                              .raw("modules", modules)
                              .raw("chats", page_array(platform_.chats(kChatsShown)))
                              .text("chatId", chat_id)
                              .raw("messages", messages ? page_array(*messages) : "[]")
                              .raw("steps", page_array(platform_.steps(chat_id)))
                              .raw("events", page_array(platform_.events(chat_id)))
                              .raw("calls", page_array(platform_.calls(chat_id)))
                              .raw("elicitations", json_list(questions))
                              .raw("executions", json_list(executions))
                              .raw("faults", fault_json(faults_.current()))
                              .text("webhookUrl", sender_.webhook_url())
                              .text("userId", identity_.user_id)
                              .text("companyId", identity_.company_id)
                              .str());
}

http::Response Control::send_message(const rapidjson::Value& body) const {
  BodyCheck check(body);
  TurnRequest turn;
  turn.space_id = check.text("spaceId");
  turn.chat_id = check.optional_text("chatId");
  turn.text = check.text("text");
  if (!check.is_good()) return validation_error(check.complaints());
  turn.user_id = identity_.user_id;
  turn.company_id = identity_.company_id;
  const auto begun = platform_.begin_turn(turn);
  if (!begun) return application_error(begun.error());
  for (const std::string& key : begun->event_keys) sender_.deliver(key);
  return json_answer(
      201, JsonObject()
               .text("chatId", begun->user.chat_id)
               .text("userMessageId", begun->user.id)
               .text("assistantMessageId", begun->assistant.id)
               .raw("eventKeys", json_array(begun->event_keys, [](const std::string& key) { return quote_json(key); }))
               .str());
}

http::Response Control::stop_turn(const rapidjson::Value& body) const {
  BodyCheck check(body);
  const std::string chat_id = check.text("chatId");
  if (!check.is_good()) return validation_error(check.complaints());
  const auto stopped = platform_.abort_turn(chat_id);
  return stopped ? json_answer(200, to_json(*stopped)) : application_error(stopped.error());
}

http::Response Control::send_event(const rapidjson::Value& body) const {
  BodyCheck check(body);
  const std::string event = check.any_text("body");
  const auto corrupt = corrupt_named(check.optional_text("corrupt").value_or(""));
  const bool is_sent = check.optional_flag("send").value_or(true);
  if (!corrupt) check.complain("corrupt must be one of the following values: signature, timestamp, body");
  if (!check.is_good()) return validation_error(check.complaints());
  const std::string key = platform_.add_event(event);
  if (is_sent) sender_.deliver(key, *corrupt);
  const auto record = platform_.event(key);
  return json_answer(201, JsonObject().text("key", key).text("chatId", record ? record->chat_id : "").str());
}

http::Response Control::send_again(const rapidjson::Value& body) const {
  BodyCheck check(body);
  const std::string key = check.text("key");
  if (!check.is_good()) return validation_error(check.complaints());
  if (const auto record = platform_.event(key); !record) return application_error(record.error());
  sender_.deliver(key);
  return json_answer(201, JsonObject().text("key", key).str());
}

http::Response Control::set_faults(const rapidjson::Value& body) const {
  BodyCheck check(body);
  Fault fault;
  const auto mode = fault_named(check.text("mode"));
  if (!mode) check.complain("mode must be one of the following values: none, 429, 500, slow");
  fault.mode = mode.value_or(FaultMode::kNone);
  fault.count = static_cast<std::uint64_t>(check.optional_integer("count", 0, kFaultCountMax).value_or(0));
  if (const auto delay = check.optional_integer("delayMs", 0, kDelayMsMax))
    fault.delay = std::chrono::milliseconds(*delay);
  fault.path = check.optional_text("path").value_or("");
  fault.spares_chat = check.optional_flag("sparesChat").value_or(false);
  if (!check.is_good()) return validation_error(check.complaints());
  faults_.set(fault);
  return json_answer(200, fault_json(fault));
}

http::Response Control::answer_question(const rapidjson::Value& body) const {
  BodyCheck check(body);
  const std::string id = check.text("id"), action = check.choice("action", {"ACCEPT", "DECLINE", "CANCEL"});
  const std::string content = check.optional_object("content").value_or("null");
  if (!check.is_good()) return validation_error(check.complaints());
  return record_answer(respond_to(on_.records, id, action, content, on_.clock.unix_now()));
}

// What a reference of an answer leads to; the page draws it.
http::Response Control::document(const http::Request& request) const {
  std::string content_id;
  for (const auto& [name, value] : http::parse_query(request.query()))
    if (name == "contentId") content_id = value;
  const auto content = on_.library.find(content_id);
  if (!content) return application_error(content.error());
  const bool is_shown = content->bytes && is_text(content->mime_type, content->key) && is_utf8(*content->bytes);
  return json_answer(200, JsonObject()
                              .text("id", content->id)
                              .text("key", content->key)
                              .text("title", content->title)
                              .text("mimeType", content->mime_type)
                              .number("byteSize", content->byte_size)
                              .raw("text", is_shown ? quote_json(*content->bytes) : "null")
                              .str());
}

std::optional<http::Response> refuse_foreign(const http::Request& request, std::uint16_t port,
                                             std::string_view configured_address) {
  const std::string host(request.header("host").value_or(""));
  std::string address(configured_address);
  if (address.find(':') != std::string::npos && address.front() != '[') address = "[" + address + "]";
  bool is_ours = false;
  for (const std::string& name : {std::string("127.0.0.1"), std::string("localhost"), std::string("[::1]"), address})
    is_ours = is_ours || host == name + ":" + std::to_string(port);
  if (!is_ours || request.count("host") != 1)
    return nest_error(403,
                      "the Host header does not name this server: open the page by the URL that modhost dev prints");
  const auto origin = request.header("origin");
  // Browsers say so of themselves where they send no Origin: a script element of another page, say.
  const bool is_embedded = request.path().starts_with("/dev/") &&
                           request.header("sec-fetch-site").value_or("none") != "none" &&
                           request.header("sec-fetch-site") != "same-origin";
  if ((origin && *origin != "http://" + host) || is_embedded)
    return nest_error(403, "another page asks this: only the playground's own page may ask this");
  return std::nullopt;
}

}  // namespace modhost::playground
