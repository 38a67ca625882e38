// How the commands of operators are parsed, and what --help teaches about them.
#include <CLI/CLI.hpp>

#include "cli/operator_options.hpp"
#include "config/values.hpp"

namespace modhost::cli {
namespace {

constexpr const char* kWhichHost =
    "\n\nThe host is found by modules.yaml (`admin` and `state_dir`); --admin and --state-dir name another, such as\n"
    "that of `modhost dev`. It needs the token <state_dir>/admin.token: be the user of the host.";

void add_host(CLI::App& command, HostOptions& options) {
  command.add_option("-c,--config", options.config, "the configuration of the host")
      ->capture_default_str()
      ->each([&options](const std::string&) { options.has_config = true; });
  command.add_option("--admin", options.admin, "the host's admin address instead")->type_name("URL");
  command.add_option("--state-dir", options.state_dir, "the host's state folder instead")->type_name("FOLDER");
  command.add_flag("--json", options.json, "machine-readable output");
}

void add_filter(CLI::App& command, FilterOptions& filter) {
  const auto add = [&command](const char* name, std::string& value, const char* help, const char* type) {
    command.add_option(name, value, help)->type_name(type)->group("Which events");
  };
  add("--state", filter.state, "ready, running, waiting, completed, cancelled, expired or dead", "STATE");
  add("--module", filter.module, "of this module", "NAME");
  add("--reason", filter.reason, "that ended for it, such as exhausted or permanent", "WORD");
  add("--since", filter.since, "received since then: 2h (ago) or 2026-08-01T12:00:00Z", "TIME");
  add("--until", filter.until, "received before then", "TIME");
  add("--chat", filter.chat_id, "of this chat", "ID");
  add("--user", filter.user_id, "of this user", "ID");
  add("--company", filter.company_id, "of this company", "ID");
  add("--app", filter.app, "of this app", "ID");
  add("--event", filter.event, "of this name, such as unique.chat.external-module.chosen", "NAME");
  add("--id", filter.id, "with this id of the platform", "ID");
}

void add_wait(CLI::App& command, std::chrono::milliseconds& wait, const char* help) {
  command
      .add_option_function<std::string>(
          "--wait",
          [&wait](const std::string& text) {
            const auto time = config::parse_duration(text);
            if (!time) throw CLI::ValidationError("--wait", time.error().message);
            wait = *time;
          },
          help)
      ->type_name("TIME");
}

void add_named(CLI::App& command, std::vector<std::string>& events) {
  command.add_option("events", events, "numbers (SEQ of `modhost events list`) or ids")->type_name("SEQ|ID");
}

template <class Options>
void finish(CLI::App& command, const Options& options, int (*run)(const Options&, Terminal&), const std::string& help,
            std::function<int(Terminal&)>& chosen) {
  command.footer(help + kWhichHost);
  command.callback(
      [&options, run, &chosen] { chosen = [&options, run](Terminal& terminal) { return run(options, terminal); }; });
}

void add_events(CLI::App& app, OperatorCommands& to, std::function<int(Terminal&)>& chosen) {
  CLI::App* events = app.add_subcommand("events", "the events of the running host: list, show, tail, export");
  events->require_subcommand(1);
  events->footer(
      "A dead event is found, understood and run again like this:\n"
      "  modhost events list --state dead         which events died, newest first\n"
      "  modhost events show 17                   what happened to number 17, and what can be done\n"
      "  modhost replay 17                        run it again");

  CLI::App* list = events->add_subcommand("list", "which events there are, newest first");
  add_host(*list, to.list);
  add_filter(*list, to.list.filter);
  list->add_option("--limit", to.list.limit, "how many")->check(CLI::Range(1, 500))->capture_default_str();
  list->add_option("--before", to.list.before, "older ones than this number")->type_name("SEQ");
  finish(*list, to.list, run_events_list,
         "Examples:\n  modhost events list --state dead --since 24h\n"
         "  modhost events list --module DemoApp --reason exhausted --limit 100\n"
         "  modhost events list --chat chat_1\n\n"
         "States: ready (to be run), running, waiting (for its next attempt), and the ends completed, cancelled,\n"
         "expired (its deadline passed) and dead (REASON says why: permanent, exhausted, interrupted, or what is wrong "
         "with its body).",
         chosen);

  CLI::App* show = events->add_subcommand("show", "what happened to one event, and what can be done about it");
  add_host(*show, to.show);
  show->add_option("event", to.show.event, "its number (SEQ of `modhost events list`) or id")
      ->required()
      ->type_name("SEQ|ID");
  finish(*show, to.show, run_events_show, "Examples:\n  modhost events show 17\n  modhost events show evt_abc", chosen);

  CLI::App* tail = events->add_subcommand(
      "tail", "follow: events as they come, and how they end; with --since those of the past first");
  add_host(*tail, to.tail);
  add_filter(*tail, to.tail.filter);
  tail->add_option("--count", to.tail.count, "end after so many lines; without it: with Ctrl-C")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  finish(*tail, to.tail, run_events_tail, "Example:\n  modhost events tail --module DemoApp", chosen);

  CLI::App* exported = events->add_subcommand("export", "events as JSON lines, oldest first");
  add_host(*exported, to.exported);
  add_filter(*exported, to.exported.filter);
  exported->add_option("-o,--out", to.exported.out, "a new file, readable by you only; without it: standard output")
      ->type_name("FILE");
  exported->add_flag("--bodies", to.exported.bodies, "with what users wrote; the audit keeps that you took it");
  finish(*exported, to.exported, run_events_export,
         "Example:\n  modhost events export --state dead --since 7d --out dead.jsonl", chosen);
}

void add_replay(CLI::App& app, OperatorCommands& to, std::function<int(Terminal&)>& chosen) {
  CLI::App* replay = app.add_subcommand("replay", "run ended events again: by number, or all that a filter finds");
  add_host(*replay, to.replay);
  add_named(*replay, to.replay.events);
  add_filter(*replay, to.replay.filter);
  replay->add_flag("--completed", to.replay.completed, "also what has completed: its effects happen twice");
  replay->add_flag("--plan", to.replay.plan, "only say what would be done");
  replay->add_flag("-y,--yes", to.replay.yes, "ask nobody");
  finish(*replay, to.replay, run_replay,
         "Prints what it would do and asks. A replayed event begins anew: all its attempts, its deadline from now on;\n"
         "its plugin sees the flag REPLAY. What has completed needs --completed; what users stopped needs\n"
         "--state cancelled, or its number; a body that is gone can not be run.\n\n"
         "Examples:\n  modhost events list --state dead              find it\n"
         "  modhost events show 17                        understand it\n"
         "  modhost replay 17                             run it again\n"
         "  modhost replay --module DemoApp --reason exhausted --since 2h\n"
         "  modhost replay --state dead --since 2026-08-01T08:00:00Z --until 2026-08-01T09:00:00Z --plan\n\n"
         "Exit codes: 0 all replayed, 1 none, 3 some, 4 nobody answers.",
         chosen);

  CLI::App* cancel = app.add_subcommand("cancel", "end events that have not ended");
  add_host(*cancel, to.cancel);
  add_named(*cancel, to.cancel.events);
  cancel->get_option("events")->required();
  add_wait(*cancel, to.cancel.wait, "how long for those that run [30s]");
  finish(*cancel, to.cancel, run_cancel,
         "One that is ready or waits ends at once; the plugin of one that runs is asked to end. The chat's input "
         "unlocks.\n\n"
         "Example:\n  modhost cancel 17 18",
         chosen);

  CLI::App* purge = app.add_subcommand("purge", "forget what ended events say, for good");
  add_host(*purge, to.purge);
  add_named(*purge, to.purge.events);
  add_filter(*purge, to.purge.filter);
  purge->add_option("--because", to.purge.reason, "why; the audit keeps it")->type_name("TEXT");
  purge->add_flag("--live", to.purge.live,
                  "cancel and purge those that are ready or wait, too: their chats get no ending");
  purge->add_flag("--plan", to.purge.plan, "only say what would be done");
  purge->add_flag("-y,--yes", to.purge.yes, "ask nobody");
  finish(
      *purge, to.purge, run_purge,
      "Body, attempts and everything about the user go, and are overwritten in the file; a number, the event's id and\n"
      "a digest stay, so that the same delivery is still a duplicate. It can not be undone. Backups are not reached,\n"
      "nor what modules keep themselves (their key-value state).\n\n"
      "Examples:\n  modhost purge --user 284719305518067713 --because \"request 4711\"\n"
      "  modhost purge --company 251906337744912385 --live --because \"contract ended\"",
      chosen);
}

void add_module_action(CLI::App& modules, const char* action, const char* help, const char* more,
                       ModuleOptions& options, std::function<int(Terminal&)>& chosen) {
  options.action = action;
  CLI::App* command = modules.add_subcommand(action, help);
  add_host(*command, options);
  command->add_option("module", options.module, "its name in modules.yaml")->required()->type_name("NAME");
  if (options.action == "drain") add_wait(*command, options.wait, "how long for what runs [5m]");
  finish(*command, options, run_module_action, more, chosen);
}

void add_modules(CLI::App& app, OperatorCommands& to, std::function<int(Terminal&)>& chosen) {
  CLI::App* modules = app.add_subcommand("modules", "the modules of the running host: list, pause, resume, drain");
  modules->require_subcommand(1);
  modules->footer("Example:\n  modhost modules list");
  CLI::App* list = modules->add_subcommand("list", "what runs, what waits, what is paused");
  add_host(*list, to.modules);
  finish(*list, to.modules, run_modules_list, "Example:\n  modhost modules list", chosen);
  add_module_action(*modules, "pause", "let the events of a module wait",
                    "Events go on being accepted and wait, also over a restart of the host, until their deadline\n"
                    "(event_deadline); then they expire, and can be replayed. What runs goes on.\n\n"
                    "Example:\n  modhost modules pause DemoApp",
                    to.pause, chosen);
  add_module_action(*modules, "resume", "give a paused module its events again",
                    "Example:\n  modhost modules resume DemoApp", to.resume, chosen);
  add_module_action(
      *modules, "drain", "pause a module and wait until none of its events runs",
      "Exit codes: 0 none runs, 3 some still do after --wait.\n\nExample:\n  modhost modules drain DemoApp", to.drain,
      chosen);
}

void add_host_commands(CLI::App& app, OperatorCommands& to, std::function<int(Terminal&)>& chosen) {
  CLI::App* backup = app.add_subcommand("backup", "copy the journal of the running host");
  add_host(*backup, to.backup);
  backup->add_option("file", to.backup.file, "a new file, in a folder that the host may write to")->required();
  finish(*backup, to.backup, run_backup,
         "The copy is the journal at one moment, while the host goes on; it is never half there and overwrites "
         "nothing.\n\n"
         "Example:\n  modhost backup /backup/journal-2026-08-01.db",
         chosen);

  CLI::App* restore = app.add_subcommand("restore", "put a backup in the journal's place, with the host stopped");
  add_host(*restore, to.restore);
  restore->add_option("file", to.restore.file, "a backup, or journal.db.v<N> of an upgrade")->required();
  restore->add_flag("-y,--yes", to.restore.yes, "ask nobody");
  restore->footer(
      "Checks the copy first. The journal that was there is kept as journal.db.before-restore. What was accepted "
      "after\n"
      "the copy was made is not in it, and the same delivery would run again.\n\n"
      "Example:\n  systemctl stop modhost && modhost restore /backup/journal-2026-08-01.db");
  restore->callback(
      [&to, &chosen] { chosen = [&to](Terminal& terminal) { return run_restore(to.restore, terminal); }; });

  CLI::App* reload = app.add_subcommand("reload", "make the running host read modules.yaml and the secrets again");
  add_host(*reload, to.reload);
  finish(*reload, to.reload, run_reload,
         "With a mistake in it the old configuration stays in force, and the answer says what is wrong.\n\n"
         "Example:\n  modhost check && modhost reload",
         chosen);

  CLI::App* audit = app.add_subcommand("audit", "who did what to the running host, newest first");
  add_host(*audit, to.audit);
  audit->add_option("--limit", to.audit.limit, "how many")->check(CLI::Range(1, 500))->capture_default_str();
  audit->add_option("--before", to.audit.before, "older ones than this id")->type_name("ID");
  finish(*audit, to.audit, run_audit, "Example:\n  modhost audit --limit 100", chosen);
}

}  // namespace

void add_operator_commands(CLI::App& app, OperatorCommands& to, std::function<int(Terminal&)>& chosen) {
  add_events(app, to, chosen);
  add_replay(app, to, chosen);
  add_modules(app, to, chosen);
  add_host_commands(app, to, chosen);
}

}  // namespace modhost::cli
