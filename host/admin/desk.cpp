#include "admin/desk.hpp"

#include <algorithm>

#include "admin/filter.hpp"
#include "admin/render.hpp"
#include "admin/reply.hpp"
#include "base/percent.hpp"
#include "event/json_reader.hpp"

namespace modhost::admin {

namespace {

using journal::Change;

constexpr std::string_view kEvents = "/api/events/";
constexpr std::string_view kModules = "/api/modules/";
constexpr std::string_view kCancel = "/cancel";
constexpr std::size_t kActorBytesMax = 100;
constexpr std::size_t kReasonBytesMax = 500;
constexpr std::size_t kExportBytesMax = 8 * 1024 * 1024;  // bodies in one page

// Who the audit names: what the header says, and always where the request came from.
Result<std::string> actor_of(const http::Request& request) {
  const std::string from = request.peer.empty() ? std::string() : " from " + request.peer;
  const auto named = request.header("X-Modhost-Actor");
  if (!named || named->empty()) return "admin token" + from;
  const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (named->size() > kActorBytesMax || !std::all_of(named->begin(), named->end(), is_printable))
    return invalid("X-Modhost-Actor must be at most 100 printable ASCII characters");
  return std::string(*named) + from;
}

Result<rapidjson::Document> body_of(const http::Request& request) {
  if (request.body.empty()) return parse_json("{}");
  auto body = parse_json(request.body);
  if (!body) return Error(body.error()).within("the request's body");
  if (!body->IsObject()) return invalid("the request's body must be a JSON object");
  return body;
}

// Only names that are known: a misspelt option must not be left out.
Result<void> check_names(const rapidjson::Value& body, std::initializer_list<std::string_view> known) {
  for (const auto& member : body.GetObject()) {
    const std::string_view name(member.name.GetString(), member.name.GetStringLength());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string names;
    for (const std::string_view one : known) names.append(names.empty() ? "" : ", ").append(one);
    return invalid("unknown member " + std::string(name) + "; there are " + names);
  }
  return {};
}

Result<bool> flag(const rapidjson::Value& body, std::string_view name) {
  const rapidjson::Value* const value = find_member(body, name);
  if (value == nullptr) return false;
  if (!value->IsBool()) return invalid(std::string(name) + " must be true or false");
  return value->GetBool();
}

Result<journal::ChangeRequest> request_of(Change change, const rapidjson::Value& body, UnixMillis now) {
  auto known = change == Change::kReplay ? check_names(body, {"filter", "plan", "completed"})
                                         : check_names(body, {"filter", "plan", "live", "reason"});
  if (!known) return known.error();
  journal::ChangeRequest request;
  const rapidjson::Value* const filter = find_member(body, "filter");
  if (filter == nullptr) return invalid("a filter is needed, such as {\"filter\":{\"state\":\"dead\"}}");
  auto read = filter_of_json(*filter, now);
  if (!read) return read.error();
  request.filter = *std::move(read);
  auto wide = flag(body, change == Change::kReplay ? "completed" : "live");
  if (!wide) return wide.error();
  (change == Change::kReplay ? request.completed_too : request.live_too) = *wide;
  request.reason = string_member(body, "reason");
  if (request.reason.size() > kReasonBytesMax) return invalid("reason must have at most 500 bytes");
  return request;
}

}  // namespace

bool Desk::is_action(std::string_view path) {
  if (path == "/api/replay" || path == "/api/purge" || path == "/api/reload" || path == "/api/export" ||
      is_backup(path))
    return true;
  if (path.starts_with(kEvents)) return path.ends_with(kCancel);
  return path.starts_with(kModules);
}

http::Response Desk::act(const http::Request& request) {
  const auto actor = actor_of(request);
  if (!actor) return problem(actor.error());
  const auto body = body_of(request);
  if (!body) return problem(body.error());
  const std::string_view path = request.path();
  if (path == "/api/replay") return change(Change::kReplay, *body, *actor);
  if (path == "/api/purge") return change(Change::kPurge, *body, *actor);
  if (path == "/api/export") return export_page(*body, *actor);
  if (is_backup(path)) return backup(*body, *actor);
  if (path == "/api/reload") return reload(*actor);
  if (path.starts_with(kModules)) return module_action(path.substr(kModules.size()), *actor);
  return cancel(path.substr(kEvents.size(), path.size() - kEvents.size() - kCancel.size()), *actor);
}

http::Response Desk::change(Change change, const rapidjson::Value& body, const std::string& actor) {
  auto request = request_of(change, body, clock_.unix_now());
  if (!request) return problem(request.error());
  const auto plan_only = flag(body, "plan");
  if (!plan_only) return problem(plan_only.error());
  if (*plan_only) {
    const auto plan = operations_.plan(change, *request);
    return plan ? json(render(*plan)) : problem(plan.error());
  }
  if (change == Change::kPurge && request->reason.empty())
    return problem(invalid("a purge needs a reason, which the audit keeps: {\"filter\":{...},\"reason\":\"...\"}"));
  request->actor = actor;
  const auto done = operations_.change(change, *request);
  if (!done) return problem(done.error());
  if (actions_.forget)
    for (const journal::EventSeq seq : done->withdrawn) actions_.forget(seq);
  return json(render(*done));
}

http::Response Desk::cancel(std::string_view text, const std::string& actor) {
  const auto seq = parse_number("the event's seq", text);
  if (!seq) return problem(seq.error());
  const auto event = operations_.details(*seq);
  if (!event) return problem(event.error());
  if (journal::is_terminal(event->row.state))
    return problem(Error{Code::kConflict, "event " + std::to_string(*seq) + " has ended: it is " +
                                              std::string(journal::to_string(event->row.state))});
  if (event->row.state != journal::State::kRunning) return cancel_idle(*event, actor);
  if (!actions_.cancel_running) return problem(Error{Code::kUnsupported, "this host can not cancel what runs"});
  actions_.cancel_running(event->row.module, *seq);
  if (auto kept = note(actor, "cancel", "seq=" + std::to_string(*seq) + " while it ran", 1); !kept)
    return problem(kept.error());
  return json("{\"seq\":" + std::to_string(*seq) +
              ",\"was\":\"running\",\"state\":\"running\",\"is_asked_to_end\":true}");
}

// Ready or waiting: it ends here and now, and so does its chat.
http::Response Desk::cancel_idle(const journal::Details& event, const std::string& actor) {
  const journal::EventSeq seq = event.row.seq;
  journal::Settlement end;
  end.seq = seq;
  end.state = journal::State::kCancelled;
  end.reason = "stopped_by_operator";
  end.detail = "before it ran";
  if (event.row.attempts > 0) end.detail = "while it waited for its next attempt";
  if (actions_.cancelled_ending)
    end.ending = actions_.cancelled_ending(event.event, event.row.module, event.turn_completed);
  const bool is_idle = journal_.withdraw(std::move(end));
  journal_.flush();
  const auto now = operations_.details(seq);
  if (!now) return problem(now.error());
  if (!is_idle || now->row.state == journal::State::kRunning)
    return problem(Error{Code::kConflict, "event " + std::to_string(seq) + " began to run just now: cancel it again"});
  if (!journal::is_terminal(now->row.state))
    return problem(unavailable("the journal can not be written: the event ends when it can be"));
  if (actions_.forget) actions_.forget(seq);
  if (auto kept = note(actor, "cancel", "seq=" + std::to_string(seq), 1); !kept) return problem(kept.error());
  return json("{\"seq\":" + std::to_string(seq) + ",\"was\":" + quote_json(journal::to_string(event.row.state)) +
              ",\"state\":" + quote_json(journal::to_string(now->row.state)) + "}");
}

http::Response Desk::module_action(std::string_view rest, const std::string& actor) {
  const auto slash = rest.rfind('/');
  if (slash == std::string_view::npos) return error(404, "POST to /api/modules/<name>/pause, /resume or /drain");
  const std::string action(rest.substr(slash + 1));
  const auto module = percent_decoded(rest.substr(0, slash));
  if (action != "pause" && action != "resume" && action != "drain")
    return error(404, "a module can be paused, resumed and drained; there is no " + action);
  const auto modules = modules_();
  const auto is_named = [&](const plugin::RuntimeStatus& one) { return one.module == module; };
  if (std::none_of(modules.begin(), modules.end(), is_named))
    return problem(not_found("modules.yaml has no module " + module));
  const bool is_resume = action == "resume";
  auto done = is_resume ? operations_.resume(module, actor) : operations_.pause(module, actor);
  if (!done) return problem(done.error());
  if (const auto& tell = is_resume ? actions_.resume : actions_.pause; tell) tell(module);
  std::uint64_t running = 0;
  const journal::Stats stats = journal_.stats();
  if (const auto states = stats.live.find(module); states != stats.live.end())
    if (const auto found = states->second.find(journal::State::kRunning); found != states->second.end())
      running = found->second;
  return json("{\"module\":" + quote_json(module) + ",\"paused\":" + (is_resume ? "false" : "true") +
              ",\"running\":" + std::to_string(running) + "}");
}

http::Response Desk::backup(const rapidjson::Value& body, const std::string& actor) {
  if (auto known = check_names(body, {"file"}); !known) return problem(known.error());
  const std::filesystem::path file = std::string(string_member(body, "file"));
  if (!file.is_absolute())
    return problem(invalid("file must be an absolute path in a folder that the host may write to"));
  const auto made = operations_.backup(file, actor, is_stopping_);
  if (!made) return problem(made.error());
  return json("{\"file\":" + quote_json(made->file.string()) + ",\"bytes\":" + std::to_string(made->bytes) + "}");
}

http::Response Desk::reload(const std::string& actor) {
  if (!actions_.reload)
    return problem(Error{Code::kUnsupported, "this host does not reload its configuration: restart it"});
  const auto done = actions_.reload();
  if (auto kept = note(actor, "reload", done ? *done : "refused: " + done.error().message, done ? 1 : 0); !kept)
    return problem(kept.error());
  return done ? json("{\"reloaded\":true,\"detail\":" + quote_json(*done) + "}") : problem(done.error());
}

// A page of whole events, oldest first. What users wrote leaves the journal only with a line in the audit.
http::Response Desk::export_page(const rapidjson::Value& body, const std::string& actor) {
  if (auto known = check_names(body, {"filter", "bodies"}); !known) return problem(known.error());
  journal::Filter filter;
  if (const rapidjson::Value* const given = find_member(body, "filter"); given != nullptr) {
    auto read = filter_of_json(*given, clock_.unix_now());
    if (!read) return problem(read.error());
    filter = *std::move(read);
  }
  const auto with_bodies = flag(body, "bodies");
  if (!with_bodies) return problem(with_bodies.error());
  filter.oldest_first = true;
  auto page = operations_.page(filter);
  if (!page) return problem(page.error());
  if (!*with_bodies) return json(render(*page, filter));
  std::vector<std::string> bodies;
  std::size_t bytes = 0;
  for (const journal::Row& row : page->rows) {
    auto found = operations_.body(row.seq);
    if (!found && found.error().code != Code::kGone) return problem(found.error());
    bodies.push_back(found ? *std::move(found) : std::string());
    bytes += bodies.back().size();
    if (bytes >= kExportBytesMax) break;
  }
  if (bodies.size() < page->rows.size()) {
    page->rows.resize(bodies.size());
    page->next = page->rows.back().seq;
  }
  if (!bodies.empty()) {
    const std::string detail = describe(filter) + " (seq " + std::to_string(page->rows.front().seq) + " to " +
                               std::to_string(page->rows.back().seq) + ")";
    if (auto kept = note(actor, "export with bodies", detail, bodies.size()); !kept) return problem(kept.error());
  }
  return json(render(*page, filter, bodies));
}

Result<void> Desk::note(const std::string& actor, const char* action, std::string detail, std::uint64_t count) {
  journal::AuditEntry entry;
  entry.actor = actor;
  entry.action = action;
  entry.detail = std::move(detail);
  entry.count = count;
  return operations_.audit(std::move(entry));
}

}  // namespace modhost::admin
