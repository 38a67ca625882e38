// Routing and header checks of the REST API.
#include "playground/api.hpp"

#include <charconv>

#include "crypto/digest.hpp"
#include "event/json_reader.hpp"
#include "http/query.hpp"
#include "playground/answer.hpp"
#include "playground/target.hpp"

namespace modhost::playground {

bool Credentials::are_in(std::optional<std::string_view> authorization) const {
  constexpr std::string_view kScheme = "Bearer ";
  return authorization && authorization->starts_with(kScheme) &&
         crypto::equal_constant_time(authorization->substr(kScheme.size()), api_key.reveal());
}

Api::Api(ApiServices services, Credentials credentials)
    : services_(std::move(services)), credentials_(std::move(credentials)) {
  for (const auto add :
       {add_turn_routes, add_message_routes, add_search_routes, add_model_routes, add_content_routes, add_folder_routes,
        add_space_routes, add_elicitation_routes, add_people_routes, add_table_routes, add_report_routes})
    add(routes_);
}

const Route* Api::find_route(std::string_view method, const std::vector<std::string>& segments,
                             std::vector<std::string>& ids) const {
  for (const Route& route : routes_) {
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
    if (is_match) return &route;
  }
  return nullptr;
}

std::optional<http::Response> Api::refuse(const http::Request& request) const {
  const std::string no_route = "Cannot " + request.method + " " + std::string(request.path());
  if (request.header("x-api-version") != kApiVersion)
    return nest_error(404, no_route + ": x-api-version must be " + std::string(kApiVersion));
  if (!credentials_.are_in(request.header("authorization"))) return nest_error(401, "Unauthorized");
  if (request.header("x-app-id") != credentials_.app_id)
    return nest_error(403, "x-app-id is missing or names an app that does not own this API key");
  std::vector<std::string> missing;
  for (const char* name : {"x-user-id", "x-company-id"})
    if (request.header(name).value_or("").empty()) missing.push_back(std::string(name) + " header is missing");
  if (!missing.empty()) return validation_error(missing);
  return std::nullopt;
}

http::Response Api::handle(const http::Request& request) const {
  ModelOutcome outcome = begin(request);
  if (auto* answer = std::get_if<http::Response>(&outcome)) return std::move(*answer);
  return finish_now(services_.platform, std::get<ModelJob>(outcome), services_.clock.unix_now());
}

ModelOutcome Api::begin(const http::Request& request) const {
  ApiCall call{request, services_, {}, http::parse_query(request.query()), {}, {}, {}};
  const auto segments = segments_of(below_base(request.path()));
  const Route* route = find_route(request.method, segments, call.ids);
  if (route == nullptr) return nest_error(404, "Cannot " + request.method + " " + std::string(request.path()));
  if (auto refusal = refuse(request)) return *refusal;
  call.user_id = request.header("x-user-id").value_or("");
  call.company_id = request.header("x-company-id").value_or("");
  if (request.method == "POST" || request.method == "PATCH" || request.method == "PUT") {
    // Methods without parameters send nothing or {}.
    auto body = parse_json(request.body.empty() ? std::string_view("{}") : std::string_view(request.body));
    if (!body) return nest_error(400, "the body is not JSON: " + body.error().message);
    if (!body->IsObject()) return nest_error(400, "the body must be a JSON object");
    call.body = std::move(*body);
  }
  if (route->model_handler != nullptr) return route->model_handler(call);
  return route->handler(call);
}

std::optional<std::string> ApiCall::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string> ApiCall::parameters(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : query)
    if (key == name || (key.starts_with(name) && key.substr(name.size()).starts_with('['))) values.push_back(value);
  return values;
}

bool ApiCall::flag(std::string_view name) const {
  const auto value = parameter(name);
  return value == "True" || value == "true" || value == "1";
}

std::size_t ApiCall::number(std::string_view name, std::size_t fallback, std::size_t max,
                            std::vector<std::string>& complaints) const {
  const auto text = parameter(name);
  if (!text) return fallback;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size() && value <= max) return value;
  complaints.push_back(std::string(name) + " must be an integer number from 0 to " + std::to_string(max));
  return fallback;
}

Result<std::string> ApiCall::chat_id() const {
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
