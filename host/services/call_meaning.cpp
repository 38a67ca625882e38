#include "services/call_meaning.hpp"

#include "base/percent.hpp"
#include "event/json_reader.hpp"

namespace modhost::services {

namespace {

constexpr std::string_view kMessageLog = "/message-log";
constexpr std::string_view kEvent = "/event";

bool sets(const rapidjson::Value& body, const char* name) {
  const rapidjson::Value* value = find_member(body, name);
  return value != nullptr && !value->IsNull();
}

// The states in which a step stays. (dossier 3.3)
bool has_ended(std::string_view body) {
  const auto document = parse_json(body);
  if (!document || !document->IsObject()) return false;
  const std::string_view status = string_member(*document, "status");
  return status == "COMPLETED" || status == "FAILED";
}

// .../messages/{the event's assistant message}
bool is_answer(const Event& event, std::string_view path) {
  const auto slash = path.rfind('/');
  return slash != std::string_view::npos && path.substr(0, slash).ends_with("/messages") &&
         !event.assistant_message_id.empty() && percent_decoded(path.substr(slash + 1)) == event.assistant_message_id;
}

}  // namespace

CallMeaning meaning_of(const Event& event, std::string_view method, std::string_view target, std::string_view body) {
  CallMeaning meaning;
  const std::string_view path = target.substr(0, target.find('?'));
  if (method == "POST") {
    meaning.asks_for_upload = path.ends_with("/content/upsert");
    meaning.opens_step = path.ends_with(kMessageLog) && !has_ended(body);
    meaning.shows_answer = path.ends_with(kEvent) && is_answer(event, path.substr(0, path.size() - kEvent.size()));
    meaning.replaces_answer = path.find("/integrated/") != std::string_view::npos;  // the platform writes it
    return meaning;
  }
  if (method != "PATCH") return meaning;
  if (is_answer(event, path)) {
    const auto document = parse_json(body);
    const bool is_object = document && document->IsObject();
    meaning.completes_turn = is_object && sets(*document, "completedAt");
    meaning.stores_answer = is_object && sets(*document, "text");
  }
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos || !path.substr(0, slash).ends_with(kMessageLog)) return meaning;
  if (has_ended(body)) meaning.closes_step = percent_decoded(path.substr(slash + 1));
  return meaning;
}

std::string opened_step(std::string_view answer) {
  const auto step = parse_json(answer);
  return step && step->IsObject() ? std::string(string_member(*step, "id")) : std::string();
}

}  // namespace modhost::services
