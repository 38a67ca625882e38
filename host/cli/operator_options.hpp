// The commands of operators, over the admin listener of the running host: one struct a command, and the function that
// does it. Only operator_line.cpp knows how they are parsed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/options.hpp"

namespace CLI {
class App;
}

namespace modhost::cli {

// Which host: its address and its token, from modules.yaml unless they are given.
struct HostOptions : CommonOptions {
  std::string admin;                // URL
  std::filesystem::path state_dir;  // holds admin.token
};

// Which events; empty fields pick everything.
struct FilterOptions {
  std::string state, module, reason, event, app, company_id, user_id, chat_id, id, since, until;
};

struct ListOptions : HostOptions {
  FilterOptions filter;
  std::int64_t before = 0;
  std::uint64_t limit = 20;
};

struct ShowOptions : HostOptions {
  std::string event;  // number or id
};

struct TailOptions : HostOptions {
  FilterOptions filter;
  std::uint64_t count = 0;  // lines, then it ends; 0: never
};

struct ExportOptions : HostOptions {
  FilterOptions filter;
  std::filesystem::path out;  // empty: standard output
  bool bodies = false;
};

struct ReplayOptions : HostOptions {
  FilterOptions filter;
  std::vector<std::string> events;  // numbers or ids
  bool completed = false, plan = false, yes = false;
};

struct CancelOptions : HostOptions {
  std::vector<std::string> events;
  std::chrono::milliseconds wait = std::chrono::seconds(30);  // for those that run
};

struct PurgeOptions : HostOptions {
  FilterOptions filter;
  std::vector<std::string> events;
  std::string reason;
  bool live = false, plan = false, yes = false;
};

struct ModuleOptions : HostOptions {
  std::string module;
  std::string action;                                        // pause, resume or drain
  std::chrono::milliseconds wait = std::chrono::minutes(5);  // drain: for what runs
};

struct FileOptions : HostOptions {
  std::filesystem::path file;
  bool yes = false;
};

struct AuditOptions : HostOptions {
  std::int64_t before = 0;
  std::uint64_t limit = 20;
};

int run_events_list(const ListOptions& options, Terminal& terminal);
int run_events_show(const ShowOptions& options, Terminal& terminal);
int run_events_tail(const TailOptions& options, Terminal& terminal);
int run_events_export(const ExportOptions& options, Terminal& terminal);
int run_replay(const ReplayOptions& options, Terminal& terminal);
int run_cancel(const CancelOptions& options, Terminal& terminal);
int run_purge(const PurgeOptions& options, Terminal& terminal);
int run_modules_list(const HostOptions& options, Terminal& terminal);
int run_module_action(const ModuleOptions& options, Terminal& terminal);
int run_backup(const FileOptions& options, Terminal& terminal);
int run_restore(const FileOptions& options, Terminal& terminal);
int run_reload(const HostOptions& options, Terminal& terminal);
int run_audit(const AuditOptions& options, Terminal& terminal);

// Everything their parsers write into.
struct OperatorCommands {
  ListOptions list;
  ShowOptions show;
  TailOptions tail;
  ExportOptions exported;
  ReplayOptions replay;
  CancelOptions cancel;
  PurgeOptions purge;
  HostOptions modules, reload;
  ModuleOptions pause, resume, drain;
  FileOptions backup, restore;
  AuditOptions audit;
};

// `chosen` becomes what runs the command that was named.
void add_operator_commands(CLI::App& app, OperatorCommands& to, std::function<int(Terminal&)>& chosen);

}  // namespace modhost::cli
