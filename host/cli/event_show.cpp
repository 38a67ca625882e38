// `modhost events show`: what happened to one event, and what can be done about it.
#include "cli/event_filter.hpp"
#include "cli/table.hpp"
#include "config/values.hpp"
#include "event/json_reader.hpp"

namespace modhost::cli {
namespace {

void line(std::ostream& out, const char* name, const std::string& value) {
  if (!value.empty()) out << "  " << name << std::string(10 - std::string_view(name).size(), ' ') << value << '\n';
}

std::string text(const rapidjson::Value& event, std::string_view name) { return shown(string_member(event, name)); }

void print_head(std::ostream& out, const rapidjson::Value& event, UnixMillis now) {
  out << "event " << number(event, "seq") << "  " << text(event, "id") << "  " << text(event, "event") << "\n\n";
  std::string state = text(event, "state");
  if (const auto reason = text(event, "reason"); !reason.empty()) state += " (" + reason + ")";
  line(out, "state", state + ", " + relative(time(event, "updated_at_ms"), now));
  line(out, "error", text(event, "detail"));
  line(out, "module", text(event, "module"));
  line(out, "chat", text(event, "chat_id"));
  line(out, "user", text(event, "user_id"));
  line(out, "company", text(event, "company_id"));
  line(out, "app", text(event, "app"));
}

void print_timeline(std::ostream& out, const rapidjson::Value& event, UnixMillis now) {
  out << "\ntimeline\n";
  const auto at = [&out](UnixMillis moment) -> std::ostream& { return out << "  " << config::to_text(moment) << "  "; };
  at(time(event, "received_at_ms")) << "received\n";
  std::int64_t generation = 0;
  const rapidjson::Value* const attempts = find_member(event, "timeline");
  if (attempts != nullptr && attempts->IsArray())
    for (const auto& attempt : attempts->GetArray()) {
      if (number(attempt, "generation") > generation) out << "                        replayed\n";
      generation = number(attempt, "generation");
      const auto began = time(attempt, "started_at_ms");
      at(began) << "attempt " << number(attempt, "attempt") << ", " << span(time(attempt, "ended_at_ms") - began)
                << ": " << text(attempt, "outcome");
      if (const auto detail = text(attempt, "detail"); !detail.empty()) out << ": " << detail;
      out << '\n';
    }
  if (number(event, "generation") > generation) at(time(event, "fresh_since_ms")) << "replayed\n";
  at(time(event, "updated_at_ms")) << text(event, "state");
  if (string_member(event, "state") == "waiting")
    out << ", next attempt " << relative(time(event, "not_before_ms"), now);
  out << '\n';
}

void print_endings(std::ostream& out, const rapidjson::Value& event, UnixMillis now) {
  const rapidjson::Value* const endings = find_member(event, "endings");
  if (endings == nullptr || !endings->IsArray()) return;
  for (const auto& ending : endings->GetArray()) {
    out << "  the platform does not have the ending of the " << text(ending, "of") << " yet";
    if (!flag(ending, "due"))
      out << ": it is sent when the event ends";
    else if (const auto tries = number(ending, "tries"); tries > 0)
      out << ": tried " << tries << (tries == 1 ? " time" : " times") << ", again "
          << relative(time(ending, "not_before_ms"), now);
    out << '\n';
  }
}

// The commands to enter, as they are.
void print_next(std::ostream& out, const rapidjson::Value& event, const std::string& host) {
  const std::string seq = std::to_string(number(event, "seq"));
  const std::string_view state = string_member(event, "state");
  out << "\nwhat next\n";
  if (state == "ready" || state == "running" || state == "waiting") {
    out << "  end it now              modhost cancel " << seq << host << '\n';
    if (state == "ready") out << "  does its module run?    modhost modules list" << host << '\n';
    return;
  }
  if (flag(event, "replayable") && string_member(event, "reason") == "poison")
    out << "  first                   mend the plugin: its code ended the host in this event, and would again\n";
  if (flag(event, "replayable"))
    out << "  run it again            modhost replay " << seq << host << '\n';
  else if (state == "completed" && flag(event, "has_body"))
    out << "  run it once more        modhost replay " << seq << " --completed" << host << '\n';
  else
    out << "  it can not be replayed: " << text(event, "why_not_replayable") << '\n';
  const auto reason = text(event, "reason"), module = text(event, "module");
  if (flag(event, "replayable") && !reason.empty() && reason != "poison" && !module.empty())
    out << "  and all like it         modhost replay --module '" << module << "' --reason " << reason << host << '\n';
  if (string_member(event, "reason") != "purged")
    out << "  forget what it says     modhost purge " << seq << " --because WHY" << host << '\n';
}

}  // namespace

int run_events_show(const ShowOptions& options, Terminal& terminal) {
  auto client = AdminClient::open(options, "events show");
  if (!client) return fail(terminal, options, client.error());
  const auto seq = seq_of(*client, options.event);
  if (!seq) return fail(terminal, options, seq.error());
  const auto event = client->get("/api/events/" + std::to_string(*seq));
  if (!event) return fail(terminal, options, event.error());
  if (options.json) {
    terminal.out << client->text() << '\n';
    return kOk;
  }
  const UnixMillis now = client->clock().unix_now();
  print_head(terminal.out, *event, now);
  print_timeline(terminal.out, *event, now);
  print_endings(terminal.out, *event, now);
  print_next(terminal.out, *event, host_arguments(options));
  return kOk;
}

}  // namespace modhost::cli
