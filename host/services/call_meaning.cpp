#include "services/call_meaning.hpp"

#include "event/json_reader.hpp"

namespace modhost::services {

namespace {

constexpr std::string_view kMessageLog = "/message-log";

bool sets_completed_at(std::string_view body) {
  const auto document = parse_json(body);
  if (!document || !document->IsObject()) return false;
  const rapidjson::Value* completed_at = find_member(*document, "completedAt");
  return completed_at != nullptr && !completed_at->IsNull();
}

// The states in which a step stays. (dossier 3.3)
bool has_ended(std::string_view body) {
  const auto document = parse_json(body);
  if (!document || !document->IsObject()) return false;
  const std::string_view status = string_member(*document, "status");
  return status == "COMPLETED" || status == "FAILED";
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// RFC 3986 2.1; a malformed escape stays as it is.
std::string unescape(std::string_view segment) {
  std::string text;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const bool is_escape =
        segment[i] == '%' && i + 2 < segment.size() && hex_value(segment[i + 1]) >= 0 && hex_value(segment[i + 2]) >= 0;
    text += is_escape ? static_cast<char>(hex_value(segment[i + 1]) * 16 + hex_value(segment[i + 2])) : segment[i];
    if (is_escape) i += 2;
  }
  return text;
}

}  // namespace

CallMeaning meaning_of(const Event& event, std::string_view method, std::string_view target, std::string_view body) {
  CallMeaning meaning;
  const std::string_view path = target.substr(0, target.find('?'));
  if (method == "POST") {
    meaning.asks_for_upload = path.ends_with("/content/upsert");
    meaning.opens_step = path.ends_with(kMessageLog) && !has_ended(body);
    return meaning;
  }
  if (method != "PATCH") return meaning;
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos || slash + 1 == path.size()) return meaning;
  const std::string_view parent = path.substr(0, slash);
  const std::string id = unescape(path.substr(slash + 1));
  if (parent.ends_with("/messages"))
    meaning.completes_turn = id == event.assistant_message_id && sets_completed_at(body);
  if (parent.ends_with(kMessageLog) && has_ended(body)) meaning.closes_step = id;
  return meaning;
}

std::string opened_step(std::string_view answer) {
  const auto step = parse_json(answer);
  return step && step->IsObject() ? std::string(string_member(*step, "id")) : std::string();
}

}  // namespace modhost::services
