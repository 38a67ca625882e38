// `modhost modules | backup | restore | reload | audit`: the host as a whole.
#include "base/percent.hpp"
#include "cli/event_filter.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "config/values.hpp"
#include "journal/schema.hpp"
#include "store/restore.hpp"

namespace modhost::cli {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(500);

std::string state_of(const rapidjson::Value& module, UnixMillis now) {
  if (flag(module, "paused"))
    return "paused " + relative(time(module, "paused_since_ms"), now) + " by " +
           shown(string_member(module, "paused_by"));
  if (flag(module, "held")) return "held: its plugin ended the host; one event at a time until 20 have ended well";
  if (flag(module, "running")) return "runs";
  return "DOES NOT RUN: " + shown(string_member(module, "problem"));
}

Result<std::int64_t> running_of(AdminClient& client, const std::string& name) {
  const auto answer = client.get("/api/modules");
  if (!answer) return answer.error();
  const rapidjson::Value* const modules = find_member(*answer, "modules");
  if (modules != nullptr && modules->IsArray())
    for (const auto& module : modules->GetArray())
      if (string_member(module, "module") == name)
        if (const auto* const events = find_member(module, "events"); events != nullptr && events->IsObject())
          return number(*events, "running");
  return not_found("the host has no module " + name + " any more");
}

}  // namespace

int run_modules_list(const HostOptions& options, Terminal& terminal) {
  auto client = AdminClient::open(options, "modules list");
  if (!client) return fail(terminal, options, client.error());
  const auto answer = client->get("/api/modules");
  if (!answer) return fail(terminal, options, answer.error());
  if (options.json) {
    terminal.out << client->text() << '\n';
    return kOk;
  }
  Table table({"MODULE", "PLUGIN", "READY", "RUNNING", "WAITING", "STATE"});
  const rapidjson::Value* const modules = find_member(*answer, "modules");
  if (modules != nullptr && modules->IsArray())
    for (const auto& module : modules->GetArray()) {
      static const rapidjson::Value kNone(rapidjson::kObjectType);
      const rapidjson::Value* const found = find_member(module, "events");
      const rapidjson::Value& events = found != nullptr && found->IsObject() ? *found : kNone;
      table.add({shown(string_member(module, "module")),
                 shown(string_member(module, "plugin")) + " " + shown(string_member(module, "version")),
                 std::to_string(number(events, "ready")), std::to_string(number(events, "running")),
                 std::to_string(number(events, "waiting")), state_of(module, client->clock().unix_now())});
    }
  table.print(terminal.out);
  return kOk;
}

int run_module_action(const ModuleOptions& options, Terminal& terminal) {
  auto client = AdminClient::open(options, "modules " + options.action);
  if (!client) return fail(terminal, options, client.error());
  const auto answer = client->post("/api/modules/" + percent_encoded(options.module) + "/" + options.action, {});
  if (!answer) return fail(terminal, options, answer.error());
  std::int64_t running = number(*answer, "running");
  const std::string name = shown(options.module);
  if (options.action == "drain") {
    const Deadline deadline = Deadline::after(client->clock(), options.wait);
    for (std::int64_t told = -1; running > 0 && !deadline.has_passed(client->clock());) {
      if (running != std::exchange(told, running) && !options.json)
        terminal.out << counted(static_cast<std::uint64_t>(running), "event") << " of " << name << " still running"
                     << std::endl;
      client->pause(kLookEvery);
      const auto now = running_of(*client, options.module);
      if (!now) return fail(terminal, options, now.error());
      running = *now;
    }
  }
  if (options.json) {
    JsonObject out;
    terminal.out << out.field("module", options.module)
                        .field("paused", options.action != "resume")
                        .field("running", running)
                        .finish()
                 << '\n';
  } else if (options.action == "resume") {
    terminal.out << name << " takes events again\n";
  } else {
    terminal.out << name << " is paused: its events wait, until their deadline; "
                 << (running == 0 ? "none runs"
                                  : counted(static_cast<std::uint64_t>(running), "event") + " still running")
                 << ". modhost modules resume " << name << host_arguments(options) << '\n';
  }
  return options.action == "drain" && running > 0 ? kPartial : kOk;
}

int run_backup(const FileOptions& options, Terminal& terminal) {
  std::error_code failed;
  const std::filesystem::path file = std::filesystem::absolute(options.file, failed);
  auto client = AdminClient::open(options, "backup");
  if (!client) return fail(terminal, options, client.error());
  const auto answer = client->post("/api/backup", "{\"file\":" + quote_json(file.string()) + "}");
  if (!answer) return fail(terminal, options, answer.error());
  if (options.json)
    terminal.out << client->text() << '\n';
  else
    terminal.out << "the journal as of now is in " << file.string() << " (" << number(*answer, "bytes")
                 << " bytes)\nIt holds what users wrote: keep it as private as the state folder.\n"
                 << "To go back to it, with the host stopped: modhost restore " << file.string()
                 << host_arguments(options) << '\n';
  return kOk;
}

int run_restore(const FileOptions& options, Terminal& terminal) {
  const auto state_dir = state_dir_of(options);
  if (!state_dir) return fail(terminal, options, state_dir.error());
  if (options.json && !options.yes) return fail(terminal, true, "with --json nobody is asked: add --yes", kUsage);
  if (!options.yes &&
      !confirm(terminal, "The journal in " + state_dir->string() + " becomes what " + options.file.string() +
                             " says; what was accepted since is set aside. Go on?"))
    return fail(terminal, false, "nothing was changed (--yes asks nobody)", kFailed);
  const auto restored = store::restore(*state_dir, options.file, journal::kMigrations, options.file.string());
  if (!restored) return fail(terminal, options.json, restored.error().message);
  if (options.json) {
    JsonObject out;
    terminal.out << out.field("restored", options.file.string())
                        .field("schema_version", restored->version)
                        .field("kept", restored->kept.string())
                        .finish()
                 << '\n';
    return kOk;
  }
  terminal.out << "restored (schema version " << restored->version << ")\n";
  if (!restored->kept.empty())
    terminal.out << "What was there is " << restored->kept.string() << ": delete it when it is not needed.\n";
  return kOk;
}

int run_reload(const HostOptions& options, Terminal& terminal) {
  auto client = AdminClient::open(options, "reload");
  if (!client) return fail(terminal, options, client.error());
  const auto answer = client->post("/api/reload", {});
  if (!answer) return fail(terminal, options, answer.error());
  if (options.json)
    terminal.out << client->text() << '\n';
  else
    terminal.out << "reloaded: " << shown(string_member(*answer, "detail")) << '\n';
  return kOk;
}

int run_audit(const AuditOptions& options, Terminal& terminal) {
  auto client = AdminClient::open(options, "audit");
  if (!client) return fail(terminal, options, client.error());
  const auto answer =
      client->get("/api/audit?limit=" + std::to_string(options.limit) + "&before=" + std::to_string(options.before));
  if (!answer) return fail(terminal, options, answer.error());
  if (options.json) {
    terminal.out << client->text() << '\n';
    return kOk;
  }
  Table table({"TIME", "ACTION", "COUNT", "ACTOR", "WHAT"});
  const rapidjson::Value* const entries = find_member(*answer, "audit");
  if (entries != nullptr && entries->IsArray())
    for (const auto& entry : entries->GetArray())
      table.add({config::to_text(time(entry, "at_ms")), shown(string_member(entry, "action")),
                 std::to_string(number(entry, "count")), shown(string_member(entry, "actor")),
                 shown(string_member(entry, "detail"))});
  table.print(terminal.out);
  if (const auto before = number(*answer, "next_before"); before != 0)
    terminal.out << "There are older ones: --before " << before << '\n';
  return kOk;
}

}  // namespace modhost::cli
