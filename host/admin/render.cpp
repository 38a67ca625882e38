#include "admin/render.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "event/json_reader.hpp"

namespace modhost::admin {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void put(Writer& writer, std::string_view text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void member(Writer& writer, const char* name, std::string_view value) {
  writer.Key(name);
  put(writer, value);
}

void member(Writer& writer, const char* name, UnixMillis at) {
  writer.Key(name);
  writer.Int64(at.time_since_epoch().count());
}

template <std::integral Number>
void member(Writer& writer, const char* name, Number value) {
  writer.Key(name);
  if constexpr (std::same_as<Number, bool>)
    writer.Bool(value);
  else
    writer.Int64(static_cast<std::int64_t>(value));
}

void members(Writer& writer, const journal::Row& row) {
  member(writer, "seq", row.seq);
  member(writer, "id", row.id);
  member(writer, "app", row.app);
  member(writer, "event", row.name);
  member(writer, "module", row.module);
  member(writer, "company_id", row.company_id);
  member(writer, "user_id", row.user_id);
  member(writer, "chat_id", row.chat_id);
  member(writer, "state", journal::to_string(row.state));
  member(writer, "reason", row.reason);
  member(writer, "detail", row.detail);
  member(writer, "attempts", row.attempts);
  member(writer, "generation", row.generation);
  member(writer, "received_at_ms", row.received_at);
  member(writer, "updated_at_ms", row.updated_at);
  if (row.state == journal::State::kWaiting) member(writer, "not_before_ms", row.not_before);
}

void timeline(Writer& writer, const std::vector<journal::Attempt>& attempts) {
  writer.Key("timeline");
  writer.StartArray();
  for (const journal::Attempt& attempt : attempts) {
    writer.StartObject();
    member(writer, "attempt", attempt.n);
    member(writer, "generation", attempt.generation);
    member(writer, "started_at_ms", attempt.started_at);
    member(writer, "ended_at_ms", attempt.ended_at);
    member(writer, "outcome", attempt.outcome);
    member(writer, "detail", attempt.detail);
    writer.EndObject();
  }
  writer.EndArray();
}

// The body of an event is JSON, that of a dead letter can be any bytes.
void body_member(Writer& writer, const std::string& body) {
  if (body.empty()) return;
  if (is_utf8(body)) return member(writer, "body", body);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : body) {
    const auto byte = static_cast<unsigned char>(c);
    hex.append({kDigits[byte >> 4], kDigits[byte & 15]});
  }
  member(writer, "body_hex", hex);
}

std::string text_of(const rapidjson::StringBuffer& buffer) { return {buffer.GetString(), buffer.GetSize()}; }

}  // namespace

std::string render(const journal::Page& page, const journal::Filter& filter, const std::vector<std::string>& bodies) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("events");
  writer.StartArray();
  for (std::size_t i = 0; i < page.rows.size(); ++i) {
    writer.StartObject();
    members(writer, page.rows[i]);
    if (i < bodies.size()) body_member(writer, bodies[i]);
    writer.EndObject();
  }
  writer.EndArray();
  // Give it as `before` (as `after` with the oldest first) to get the next page; 0: this was the last.
  member(writer, filter.oldest_first ? "next_after" : "next_before", page.next);
  writer.EndObject();
  return text_of(buffer);
}

std::string render(const journal::Row& row, const std::vector<journal::Attempt>& attempts) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  members(writer, row);
  timeline(writer, attempts);
  writer.EndObject();
  return text_of(buffer);
}

std::string render(const journal::Details& event) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  members(writer, event.row);
  member(writer, "fresh_since_ms", event.fresh_since);
  member(writer, "prior_run", event.prior_run);
  member(writer, "turn_completed", event.turn_completed);
  member(writer, "has_body", event.has_body);
  member(writer, "replayable", event.why_not_replayable.empty());
  member(writer, "why_not_replayable", event.why_not_replayable);
  timeline(writer, event.attempts);
  writer.Key("endings");  // that the platform does not have yet
  writer.StartArray();
  for (const journal::Details::Ending& ending : event.endings) {
    writer.StartObject();
    member(writer, "of", ending.is_step ? "log step" : "answer");
    member(writer, "due", ending.is_due);
    member(writer, "tries", ending.tries);
    member(writer, "not_before_ms", ending.not_before);
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
  return text_of(buffer);
}

std::string render(const std::vector<plugin::RuntimeStatus>& modules, const journal::Stats& stats,
                   const std::vector<journal::PausedModule>& paused) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("modules");
  writer.StartArray();
  for (const plugin::RuntimeStatus& module : modules) {
    writer.StartObject();
    member(writer, "module", module.module);
    member(writer, "plugin", module.plugin);
    member(writer, "version", module.version);
    member(writer, "summary", module.summary);
    member(writer, "sha256", module.sha256);
    member(writer, "running", module.running);
    member(writer, "held", module.held);
    member(writer, "problem", module.problem);
    member(writer, "threads", module.threads);
    member(writer, "in_flight", module.in_flight);
    member(writer, "stuck", module.stuck);
    member(writer, "finishing", module.finishing);
    const auto pause = std::find_if(paused.begin(), paused.end(),
                                    [&](const journal::PausedModule& one) { return one.module == module.module; });
    member(writer, "paused", pause != paused.end());
    if (pause != paused.end()) {
      member(writer, "paused_since_ms", pause->since);
      member(writer, "paused_by", pause->actor);
    }
    writer.Key("events");
    writer.StartObject();
    const auto live = stats.live.find(module.module);
    for (const journal::State state : {journal::State::kReady, journal::State::kRunning, journal::State::kWaiting}) {
      const bool has_some = live != stats.live.end() && live->second.contains(state);
      writer.Key(journal::to_string(state).data());
      writer.Uint64(has_some ? live->second.at(state) : 0);
    }
    writer.EndObject();
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
  return text_of(buffer);
}

std::string render(const journal::Plan& plan) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  member(writer, "events", plan.events);
  member(writer, "refused", plan.refused);
  member(writer, "before", plan.before);
  writer.Key("groups");
  writer.StartArray();
  for (const journal::Plan::Group& group : plan.groups) {
    writer.StartObject();
    member(writer, "module", group.module);
    member(writer, "state", journal::to_string(group.state));
    member(writer, "reason", group.reason);
    member(writer, "events", group.events);
    member(writer, "refused", group.refused);
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
  return text_of(buffer);
}

std::string render(const journal::ChangeResult& result) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  member(writer, "events", result.events);
  member(writer, "refused", result.refused);
  member(writer, "next_after", result.next);  // 0: that was all
  member(writer, "log_emptied", result.log_emptied);
  writer.EndObject();
  return text_of(buffer);
}

std::string render(const std::vector<journal::AuditEntry>& entries, std::size_t limit) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("audit");
  writer.StartArray();
  for (const journal::AuditEntry& entry : entries) {
    writer.StartObject();
    member(writer, "id", entry.id);
    member(writer, "at_ms", entry.at);
    member(writer, "actor", entry.actor);
    member(writer, "action", entry.action);
    member(writer, "detail", entry.detail);
    member(writer, "count", entry.count);
    writer.EndObject();
  }
  writer.EndArray();
  member(writer, "next_before", entries.size() < limit ? 0 : entries.back().id);
  writer.EndObject();
  return text_of(buffer);
}

}  // namespace modhost::admin
