// `modhost replay | purge | cancel`: changes events, after a plan that somebody agrees to.
#include "cli/event_filter.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"

namespace modhost::cli {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(200);
constexpr auto kAskAgainEvery = std::chrono::seconds(5);

// What replay and purge have in common.
struct Change {
  const char* target;  // of the admin API
  const char* verb;
  const char* done;
  std::string options;  // further members of the request
};

constexpr std::string_view kSeq = "\"seq\":";  // of a filter that names one event

struct Planned {
  std::vector<std::string> filters;  // members of a JSON object, each with what bounds it to the plan
  std::uint64_t events = 0, refused = 0;
};

struct Totals {
  std::uint64_t events = 0, refused = 0;
  bool is_log_emptied = true;
};

std::string request(const Change& change, const std::string& filter, std::int64_t after, bool is_plan) {
  std::string members = filter;
  if (after > 0) members += ",\"after\":" + std::to_string(after);
  return "{\"filter\":{" + members + "}" + change.options + (is_plan ? ",\"plan\":true}" : "}");
}

// Asks the host what it would change, and prints that.
Result<Planned> plan(AdminClient& client, const Change& change, const std::vector<std::string>& filters,
                     std::ostream* out) {
  Planned planned;
  Table table({"EVENTS", "MODULE", "STATE", "REASON", ""});
  for (const std::string& filter : filters) {
    const auto answer = client.post(change.target, request(change, filter, 0, true));
    if (!answer) return answer.error();
    const bool is_one = filter.starts_with(kSeq);
    if (is_one && number(*answer, "events") + number(*answer, "refused") == 0)
      return not_found("there is no event " + filter.substr(kSeq.size()) + ": `modhost events list` shows the newest");
    planned.events += static_cast<std::uint64_t>(number(*answer, "events"));
    planned.refused += static_cast<std::uint64_t>(number(*answer, "refused"));
    planned.filters.push_back(filter + ",\"before\":" + std::to_string(number(*answer, "before")));
    const rapidjson::Value* const groups = find_member(*answer, "groups");
    if (groups == nullptr || !groups->IsArray()) continue;
    for (const auto& group : groups->GetArray()) {
      const std::string_view refused = string_member(group, "refused"), module = string_member(group, "module");
      table.add({std::to_string(number(group, "events")), module.empty() ? "-" : shown(module),
                 std::string(string_member(group, "state")), shown(string_member(group, "reason")),
                 refused.empty() ? std::string("-> ") + change.verb : "stays: " + shown(refused)});
    }
  }
  if (out != nullptr && planned.events + planned.refused > 0) table.print(*out);
  return planned;
}

Result<Totals> carry_out(AdminClient& client, const Change& change, const Planned& planned) {
  Totals totals;
  for (const std::string& filter : planned.filters)
    for (std::int64_t after = 0;;) {
      const auto answer = client.post(change.target, request(change, filter, after, false));
      if (!answer && totals.events > 0) return Error(answer.error()).within("after " + counted(totals.events, "event"));
      if (!answer) return answer.error();
      totals.events += static_cast<std::uint64_t>(number(*answer, "events"));
      totals.refused += static_cast<std::uint64_t>(number(*answer, "refused"));
      totals.is_log_emptied = totals.is_log_emptied && flag(*answer, "log_emptied");
      after = number(*answer, "next_after");
      if (after == 0) break;
    }
  return totals;
}

// The events that are named, or those of the filter: members of JSON objects.
Result<std::vector<std::string>> filters_of(AdminClient& client, const std::vector<std::string>& events,
                                            const FilterOptions& filter) {
  std::vector<std::string> filters;
  for (const std::string& event : events) {
    const auto seq = seq_of(client, event);
    if (!seq) return seq.error();
    filters.push_back(std::string(kSeq) + std::to_string(*seq));
  }
  if (!is_empty(filter)) {
    const std::string members = json_of(filter);
    filters.push_back(members.substr(1, members.size() - 2));
  }
  return filters;
}

template <class Options>
int run_change(const Options& options, const Change& change, Terminal& terminal) {
  if (options.events.empty() && is_empty(options.filter))
    return fail(terminal, options.json,
                std::string("say which: `modhost ") + change.verb + " SEQ`, or a filter such as `modhost " +
                    change.verb + " --module DemoApp --since 2h`; `modhost " + change.verb + " --help` lists them",
                kUsage);
  if (!options.events.empty() && !is_empty(options.filter))
    return fail(terminal, options.json, "name events or give a filter, not both", kUsage);
  if (options.json && !options.yes && !options.plan)
    return fail(terminal, true, "with --json nobody is asked: add --plan or --yes", kUsage);
  auto client = AdminClient::open(options, change.verb);
  if (!client) return fail(terminal, options, client.error());
  const auto filters = filters_of(*client, options.events, options.filter);
  if (!filters) return fail(terminal, options, filters.error());
  const auto planned = plan(*client, change, *filters, options.json ? nullptr : &terminal.out);
  if (!planned) return fail(terminal, options, planned.error());
  if (options.json && options.plan) {
    JsonObject out;
    terminal.out << out.field("events", planned->events).field("refused", planned->refused).finish() << '\n';
    return kOk;
  }
  if (planned->events == 0) {
    const std::string why = planned->refused > 0 ? "nothing to " : "no event matches: nothing to ";
    return fail(terminal, options.json, why + change.verb, kFailed);
  }
  if (options.plan) {
    terminal.out << "\nA plan: nothing was changed. Without --plan it is done.\n";
    return kOk;
  }
  if (!options.yes &&
      !confirm(terminal, "\n" + std::string(change.verb) + " " + counted(planned->events, "event") + "?")) {
    terminal.out << '\n';
    return fail(terminal, false, "nothing was changed (--yes asks nobody)", kFailed);
  }
  const auto totals = carry_out(*client, change, *planned);
  if (!totals) return fail(terminal, options, totals.error());
  const bool is_whole = totals->refused == 0;
  if (options.json) {
    JsonObject out;
    terminal.out << out.field("events", totals->events).field("refused", totals->refused).finish() << '\n';
  } else {
    terminal.out << counted(totals->events, "event") << ' ' << change.done;
    if (!is_whole) terminal.out << ", " << totals->refused << " could not be";
    terminal.out << '\n';
    if (!totals->is_log_emptied)
      terminal.err
          << "modhost: something was reading the journal: what was purged leaves its log with the next purge, or "
             "when the host stops\n";
  }
  return is_whole ? kOk : kPartial;
}

// True when it has ended before the deadline.
Result<std::string> wait_for_end(AdminClient& client, const std::string& seq, Deadline deadline) {
  SteadyTime ask_again = client.clock().steady_now() + kAskAgainEvery;
  while (true) {
    const auto event = client.get("/api/events/" + seq);
    if (!event) return event.error();
    const std::string state(string_member(*event, "state"));
    if (state != "running" || deadline.has_passed(client.clock())) return state;
    if (client.clock().steady_now() >= ask_again) {  // it may not have been handed to the plugin the last time
      ask_again = client.clock().steady_now() + kAskAgainEvery;
      if (auto asked = client.post("/api/events/" + seq + "/cancel", {});
          !asked && asked.error().code != Code::kConflict)
        return asked.error();
    }
    client.pause(kLookEvery);
  }
}

}  // namespace

int run_replay(const ReplayOptions& options, Terminal& terminal) {
  return run_change(options, {"/api/replay", "replay", "replayed", options.completed ? ",\"completed\":true" : ""},
                    terminal);
}

int run_purge(const PurgeOptions& options, Terminal& terminal) {
  if (options.reason.empty() && !options.plan)
    return fail(terminal, options.json, "--because says why, and the audit keeps it", kUsage);
  return run_change(options,
                    {"/api/purge", "purge", "purged",
                     ",\"reason\":" + quote_json(options.reason) + (options.live ? ",\"live\":true" : "")},
                    terminal);
}

int run_cancel(const CancelOptions& options, Terminal& terminal) {
  auto client = AdminClient::open(options, "cancel");
  if (!client) return fail(terminal, options, client.error());
  std::size_t cancelled = 0;
  JsonObject out;
  out.begin_object("events");
  for (const std::string& event : options.events) {
    const auto seq = seq_of(*client, event);
    if (!seq) return fail(terminal, options, seq.error());
    const std::string number = std::to_string(*seq);
    const auto asked = client->post("/api/events/" + number + "/cancel", {});
    if (!asked && asked.error().code == Code::kUnavailable) return fail(terminal, options, asked.error());
    if (!asked) {
      terminal.err << "modhost: " << asked.error().message << '\n';
      continue;
    }
    const auto state = wait_for_end(*client, number, Deadline::after(client->clock(), options.wait));
    if (!state) return fail(terminal, options, state.error());
    cancelled += *state == "cancelled" ? 1 : 0;
    out.field(number, *state);
    if (options.json) continue;
    terminal.out << "event " << number << ": " << *state;
    if (*state == "running") terminal.out << ": its plugin was asked to end and has not yet";
    terminal.out << '\n';
  }
  if (options.json) terminal.out << out.end_object().finish() << '\n';
  return cancelled == options.events.size() ? kOk : cancelled > 0 ? kPartial : kFailed;
}

}  // namespace modhost::cli
