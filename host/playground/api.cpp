// Routing and header checks of the REST API.
#include "playground/api.hpp"

#include "event/json_reader.hpp"
#include "http/query.hpp"
#include "playground/answer.hpp"
#include "playground/target.hpp"

namespace modhost::playground {

Api::Api(Platform& platform, Credentials credentials, Deliver deliver)
    : platform_(platform), credentials_(std::move(credentials)), deliver_(std::move(deliver)) {}

const std::vector<Api::Route>& Api::routes() {
  static const std::vector<Route> kRoutes = {
      {"GET", "messages", &Api::list_messages},
      {"POST", "messages", &Api::create_message},
      {"GET", "messages/:", &Api::get_message},
      {"PATCH", "messages/:", &Api::update_message},
      {"DELETE", "messages/:", &Api::remove_message},
      {"POST", "messages/:/event", &Api::show_message},
      {"POST", "message-log", &Api::create_step},
      {"PATCH", "message-log/:", &Api::update_step},
      {"POST", "search/search", &Api::search},
      {"POST", "search/search-string", &Api::search_string},
      {"POST", "openai/chat/completions", &Api::completion},
      {"GET", "openai/models", &Api::models},
      {"GET", "space", &Api::list_spaces},
      {"POST", "space/message", &Api::begin_turn},
      {"POST", "space/chat", &Api::create_chat},
      {"GET", "space/chat/:/messages", &Api::chat_messages},
      {"DELETE", "space/chat/:", &Api::remove_chat},
      {"GET", "space/:/messages/latest", &Api::latest_message},
      {"GET", "space/:", &Api::get_space},
  };
  return kRoutes;
}

const Api::Route* Api::find_route(std::string_view method, const std::vector<std::string>& segments,
                                  std::vector<std::string>& ids) {
  for (const Route& route : routes()) {
    if (route.method != method) continue;
    const std::vector<std::string> pattern = segments_of(route.pattern);
    bool is_match = pattern.size() == segments.size();
    ids.clear();
    for (std::size_t i = 0; is_match && i < pattern.size(); ++i) {
      if (pattern[i] == ":" && !segments[i].empty())
        ids.push_back(segments[i]);
      else
        is_match = pattern[i] == segments[i];
    }
    // "messages/tools" is a resource of its own (dossier 3.2), never a message's id.
    if (is_match && !(segments[0] == "messages" && segments.size() == 2 && segments[1] == "tools")) return &route;
  }
  return nullptr;
}

std::optional<http::Response> Api::refuse(const http::Request& request) const {
  const std::string no_route = "Cannot " + request.method + " " + std::string(request.path());
  if (request.header("x-api-version") != kApiVersion)
    return nest_error(404, no_route + ": x-api-version must be " + std::string(kApiVersion));
  const auto authorization = request.header("authorization");
  const std::string expected = "Bearer " + std::string(credentials_.api_key.reveal());
  if (authorization != expected) return nest_error(401, "Unauthorized");
  if (request.header("x-app-id") != credentials_.app_id)
    return nest_error(403, "x-app-id is missing or names an app that does not own this API key");
  std::vector<std::string> missing;
  for (const char* name : {"x-user-id", "x-company-id"})
    if (request.header(name).value_or("").empty()) missing.push_back(std::string(name) + " header is missing");
  if (!missing.empty()) return validation_error(missing);
  return std::nullopt;
}

http::Response Api::handle(const http::Request& request) const {
  Call call{request, {}, http::parse_query(request.query()), {}, {}, {}};
  const auto segments = segments_of(below_base(request.path()));
  const Route* route = find_route(request.method, segments, call.ids);
  if (route == nullptr) return nest_error(404, "Cannot " + request.method + " " + std::string(request.path()));
  if (auto refusal = refuse(request)) return *refusal;
  call.user_id = request.header("x-user-id").value_or("");
  call.company_id = request.header("x-company-id").value_or("");
  if (request.method == "POST" || request.method == "PATCH") {
    auto body = parse_json(request.body);
    if (!body) return nest_error(400, "the body is not JSON: " + body.error().message);
    if (!body->IsObject()) return nest_error(400, "the body must be a JSON object");
    call.body = std::move(*body);
  }
  return (this->*route->handler)(call);
}

std::optional<std::string> Api::Call::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

Result<std::string> Api::Call::chat_id() const {
  const auto id = parameter("chatId");
  if (!id) return invalid("chatId must be a string");
  if (id->empty()) return invalid("chatId should not be empty");
  return *id;
}

Api::Subject Api::subject_of(const http::Request& request) {
  Subject subject;
  const auto segments = segments_of(below_base(request.path()));
  if (segments.size() >= 2 && (segments[0] == "messages" || segments[0] == "message-log"))
    subject.thing_id = segments[1];
  if (segments.size() >= 3 && segments[0] == "space")
    subject.chat_id = segments[1] == "chat" ? segments[2] : segments[1];
  for (const auto& [name, value] : http::parse_query(request.query()))
    if (name == "chatId") subject.chat_id = value;
  if (const auto body = parse_json(request.body)) {
    if (const auto id = string_member(*body, "chatId"); !id.empty()) subject.chat_id = id;
    if (const auto id = string_member(*body, "messageId"); !id.empty()) subject.thing_id = id;
  }
  if (subject.chat_id.empty()) subject.chat_id = request.header("x-chat-id").value_or("");
  return subject;
}

}  // namespace modhost::playground
