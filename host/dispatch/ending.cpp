#include "dispatch/ending.hpp"

#include <cstdio>

#include "base/percent.hpp"
#include "event/json_reader.hpp"

namespace modhost::dispatch {

namespace {

// The user has read it: what the module showed stays, though it was not stored.
std::string kept_answer(const std::string& shown) {
  const auto document = parse_json(shown);
  if (!document || !document->IsObject() || string_member(*document, "text").empty()) return {};
  std::string members;
  for (const char* name : {"text", "originalText", "references"})
    if (const auto* value = find_member(*document, name))
      members.append(",\"").append(name).append("\":").append(to_json(*value));
  return members;
}

}  // namespace

std::string message_target(const Event& event) { return "/messages/" + percent_encoded(event.assistant_message_id); }

std::string iso_time(UnixMillis at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return text;
}

std::string ending_for(const config::ModuleConfig& module, const Event& event, journal::State state,
                       const plugin::Outcome& outcome, UnixMillis now) {
  if (!journal::is_terminal(state) || event.name != kExternalModuleChosen) return {};
  if (outcome.turn_completed) return {};  // the answer stands, whatever went wrong after it
  if (event.assistant_message_id.empty() || event.chat_id.empty()) return {};
  const std::string at = "{\"completedAt\":" + quote_json(iso_time(now));
  if (state == journal::State::kCompleted) {
    const bool is_left = !module.complete_turn || outcome.leave_turn_open;
    return is_left ? std::string() : at + "}";
  }
  if (state == journal::State::kCancelled) return at + kept_answer(outcome.shown_answer) + "}";  // by the user
  return at + ",\"text\":" + quote_json(module.on_failure) + "}";
}

Result<EndingCall> ending_call(const Event& event, const std::string& ending) {
  const auto document = parse_json(ending);
  if (!document) return Error(document.error()).within("outbox record");
  EndingCall call;
  call.method = "PATCH";
  if (const std::string_view step = string_member(*document, "step"); !step.empty()) {
    call.target = "/message-log/" + percent_encoded(step);
    call.body = R"({"status":"FAILED"})";
    return call;
  }
  call.target = message_target(event);
  call.body = "{\"chatId\":" + quote_json(event.chat_id);
  for (const char* name : {"text", "originalText", "references", "completedAt"})
    if (const auto* value = find_member(*document, name))
      call.body.append(",\"").append(name).append("\":").append(to_json(*value));
  call.body += "}";
  return call;
}

}  // namespace modhost::dispatch
