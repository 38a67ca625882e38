#include "cli/cli.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/json.hpp"
#include "cli/options.hpp"

namespace modhost::cli {
namespace {

// Everything the parser writes into; `chosen` runs the command that was named.
struct Invocation {
  CommonOptions common;
  ServeOptions run, dev;
  std::function<int(Terminal&)> chosen;
};

void add_common(CLI::App& command, CommonOptions& options) {
  command.add_option("-c,--config", options.config, "the configuration")
      ->capture_default_str()
      ->each([&options](const std::string&) { options.has_config = true; });
  command.add_flag("--json", options.json, "machine-readable output");
}

void add_serve(CLI::App& app, Invocation& to) {
  CLI::App* run = app.add_subcommand("run", "serve: receive signed events and run the plugins");
  add_common(*run, to.run);
  run->add_flag("--paused", to.run.app.paused, "accept and keep events, run none");
  run->add_flag("--no-third-party", to.run.app.no_third_party, "start without dropped-in plugins");
  run->add_option("--ports-file", to.run.app.ports_file, "write the ports in use to this file once serving");
  run->footer(
      "Example:\n  modhost run --config /etc/modhost/modules.yaml\n\n"
      "Stops on SIGTERM or Ctrl-C after answering what is in flight.");
  run->callback([&to] { to.chosen = [&to](Terminal& terminal) { return run_serve(to.run, terminal); }; });

  CLI::App* dev = app.add_subcommand("dev", "host, stand-in for the platform and chat page in one; not for production");
  add_common(*dev, to.dev);
  to.dev.app.dev = true;
  dev->add_flag("--persist", to.dev.app.persist, "keep state in state_dir instead of a temporary folder");
  dev->add_flag("--paused", to.dev.app.paused, "accept and keep events, run none");
  dev->add_flag("--no-third-party", to.dev.app.no_third_party, "start without dropped-in plugins");
  dev->add_option("--page-port", to.dev.app.page_port, "port of the chat page, 0 for any free one")
      ->capture_default_str();
  dev->add_option("--ports-file", to.dev.app.ports_file, "write the ports in use to this file once serving");
  dev->footer(
      "Example:\n  modhost dev            then open the page it prints and type a message\n\n"
      "No account is needed: keys and secrets are made up, nothing leaves this machine.");
  dev->callback([&to] { to.chosen = [&to](Terminal& terminal) { return run_serve(to.dev, terminal); }; });
}

void build(CLI::App& app, Invocation& to) {
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 ok, 1 failed, 2 usage, 3 partial, 4 unreachable.\n\n"
      "First steps:\n  modhost dev              try it out, no account needed\n  modhost check            is my set-up "
      "right?\n"
      "  modhost send chosen --module DemoApp --text hello");
  add_serve(app, to);
  CLI::App* version = app.add_subcommand("version", "versions of the host, the plugin ABI and the libraries");
  version->add_flag("--json", to.common.json, "machine-readable output");
  version->callback([&to] { to.chosen = [&to](Terminal& terminal) { return run_version(to.common, terminal); }; });
}

}  // namespace

int fail(Terminal& terminal, bool json, std::string_view message, ExitCode code) {
  if (json)
    terminal.out << JsonObject().field("error", message).finish() << '\n';
  else
    terminal.err << "modhost: " << message << '\n';
  return code;
}

int run_command_line(std::vector<std::string> args, Terminal& terminal) {
  CLI::App app("modhost: many Unique AI modules behind one signed webhook endpoint", "modhost");
  Invocation invocation;
  build(app, invocation);
  try {
    std::reverse(args.begin(), args.end());  // CLI11 takes them from the back
    app.parse(args);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error, terminal.out, terminal.err);
    return code == 0 ? kOk : kUsage;
  }
  return invocation.chosen(terminal);
}

int run_command_line(int argc, char** argv) {
  Terminal terminal{std::cin, std::cout, std::cerr};
  return run_command_line(std::vector<std::string>(argv + 1, argv + argc), terminal);
}

}  // namespace modhost::cli
