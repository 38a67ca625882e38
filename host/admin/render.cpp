#include "admin/render.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

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

void members(Writer& writer, const journal::Row& row) {
  writer.Key("seq");
  writer.Int64(row.seq);
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
  writer.Key("attempts");
  writer.Uint(row.attempts);
  member(writer, "received_at_ms", row.received_at);
  member(writer, "updated_at_ms", row.updated_at);
}

std::string text_of(const rapidjson::StringBuffer& buffer) { return {buffer.GetString(), buffer.GetSize()}; }

}  // namespace

std::string render(const std::vector<journal::Row>& rows) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("events");
  writer.StartArray();
  for (const journal::Row& row : rows) {
    writer.StartObject();
    members(writer, row);
    writer.EndObject();
  }
  writer.EndArray();
  // The next page starts below the last row of this one.
  writer.Key("next_before");
  writer.Int64(rows.empty() ? 0 : rows.back().seq);
  writer.EndObject();
  return text_of(buffer);
}

std::string render(const journal::Row& row, const std::vector<journal::Attempt>& attempts) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  members(writer, row);
  writer.Key("timeline");
  writer.StartArray();
  for (const journal::Attempt& attempt : attempts) {
    writer.StartObject();
    writer.Key("attempt");
    writer.Uint(attempt.n);
    member(writer, "started_at_ms", attempt.started_at);
    member(writer, "ended_at_ms", attempt.ended_at);
    member(writer, "outcome", attempt.outcome);
    member(writer, "detail", attempt.detail);
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
  return text_of(buffer);
}

std::string render(const std::vector<plugin::RuntimeStatus>& modules) {
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
    writer.Key("running");
    writer.Bool(module.running);
    member(writer, "problem", module.problem);
    writer.Key("threads");
    writer.Uint(module.threads);
    writer.Key("in_flight");
    writer.Uint(module.in_flight);
    writer.Key("stuck");
    writer.Uint(module.stuck);
    writer.Key("finishing");
    writer.Uint(module.finishing);
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
  return text_of(buffer);
}

}  // namespace modhost::admin
