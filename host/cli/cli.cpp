#include "cli/cli.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/json.hpp"
#include "cli/operator_options.hpp"
#include "cli/options.hpp"
#include "config/problems.hpp"
#include "config/values.hpp"
#include "loader/probe.hpp"

namespace modhost::cli {
namespace {

// Everything the parser writes into; `chosen` runs the command that was named.
struct Invocation {
  CommonOptions version;
  ServeOptions run, dev;
  CheckOptions check;
  SendOptions send;
  SignOptions sign;
  VerifyOptions verify;
  OperatorCommands operators;
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
      "Stops on SIGTERM or Ctrl-C after answering what is in flight; a second one hurries. Exit codes then: 0 clean,\n"
      "3 threads stuck in a plugin were abandoned. SIGHUP, or saving a file of the configuration, reloads it.");
  run->callback([&to] { to.chosen = [&to](Terminal& terminal) { return run_serve(to.run, terminal); }; });

  CLI::App* dev = app.add_subcommand("dev", "host, stand-in for the platform and chat page in one; not for production");
  add_common(*dev, to.dev);
  to.dev.app.dev = true;
  dev->add_flag("--persist", to.dev.app.persist, "keep state in state_dir instead of a temporary folder");
  dev->add_flag("--paused", to.dev.app.paused, "accept and keep events, run none");
  dev->add_flag("--no-third-party", to.dev.app.no_third_party, "start without dropped-in plugins");
  dev->add_option("--page-port", to.dev.app.page_port, "port of the chat page, 0 for any free one")
      ->capture_default_str();
  dev->add_option("--knowledge", to.dev.app.knowledge_folder, "folder of .md and .txt files the stand-in searches")
      ->type_name("FOLDER");
  dev->add_option_function<std::string>(
         "--model-delay",
         [&to](const std::string& text) {
           const auto delay = config::parse_duration(text);
           if (!delay) throw CLI::ValidationError("--model-delay", delay.error().message);
           to.dev.app.model_delay = *delay;
         },
         "how long the built-in model waits before its first word, such as 5s")
      ->type_name("TIME");
  dev->add_option("--model-url", to.dev.app.model_url, "an OpenAI-compatible server to answer completions instead")
      ->type_name("URL");
  dev->add_option("--model-name", to.dev.app.model_name, "the model to ask for there, whatever the module names")
      ->type_name("NAME");
  dev->add_option("--model-key-env", to.dev.app.model_key_env, "the variable that holds its API key")
      ->type_name("NAME");
  dev->add_option("--ports-file", to.dev.app.ports_file, "write the ports in use to this file once serving");
  dev->footer(
      "Example:\n  modhost dev            then open the page it prints and type a message\n\n"
      "No account is needed: keys and secrets are made up, nothing leaves this machine unless\n"
      "--model-url says where to.");
  dev->callback([&to] { to.chosen = [&to](Terminal& terminal) { return run_serve(to.dev, terminal); }; });
}

void add_secret_source(CLI::App& command, SecretSource& source) {
  command.add_option("--secret-env", source.env, "sign with the secret in this variable instead of the configured one")
      ->type_name("NAME");
  command.add_option("--secret-file", source.file, "sign with the secret in this file, readable by its owner only")
      ->type_name("FILE");
}

void add_check(CLI::App& app, Invocation& to) {
  CLI::App* check = app.add_subcommand("check", "is this set-up right? one line a finding, and how to mend it");
  add_common(*check, to.check);
  check->add_flag("--show", to.check.show, "print the configuration in force and where each value comes from");
  check->footer(
      "Looks at the configuration, keys and secrets in each other's place, the API base, every plugin (mapped by a\n"
      "child process first), the ports, the disk with a sync probe, and the clock.\n\n"
      "Example:\n  modhost check --show --config /etc/modhost/modules.yaml");
  check->callback([&to] { to.chosen = [&to](Terminal& terminal) { return run_check(to.check, terminal); }; });
}

void add_send(CLI::App& app, Invocation& to) {
  CLI::App* send = app.add_subcommand("send", "make, sign and post an event, as the platform does");
  SendOptions& options = to.send;
  add_common(*send, options);
  send->add_option("event", options.what, "name of an event, its last words, or a JSON file")
      ->required()
      ->type_name("EVENT|FILE");
  send->add_option("--module", options.module, "payload.name: the module that is to run")->type_name("NAME");
  send->add_option("--text", options.text, "what the user wrote");
  send->add_option("--override", options.overrides, "change one place; the value is JSON, else text; may be repeated")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  send->add_option("--corrupt", options.corrupt, "damage it: signature, timestamp, json (before signing)")
      ->delimiter(',')
      ->type_name("LIST")
      ->allow_extra_args(false);
  send->add_flag("--keep", options.keep, "keep the file's id and createdAt; sent twice it is a duplicate");
  send->add_option("--count", options.count, "how many, each with an id of its own")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  send->add_option("--rate", options.rate, "how many a second; without it one after the other")
      ->check(CLI::Range(0.001, 100'000.0));
  send->add_option("--url", options.url, "post there instead of to the configured listen address");
  add_secret_source(*send, options.secret);
  send->footer(
      "Examples:\n  modhost send chosen --module DemoApp --text \"make me a demo please\"\n"
      "  modhost send chosen --corrupt signature          is refused with 401\n"
      "  modhost send event.json --keep                   byte for byte\n"
      "  modhost send chosen --override payload.configuration.limit=3 --count 100 --rate 20\n\n"
      "Exit codes: 0 all answered 200 (the answer says whether it runs), 1 refused, 3 some, 4 nobody answers.");
  send->callback([&to] { to.chosen = [&to](Terminal& terminal) { return run_send(to.send, terminal); }; });
}

void add_sign(CLI::App& app, Invocation& to) {
  CLI::App* sign = app.add_subcommand("sign", "the signature of what comes in on stdin");
  add_common(*sign, to.sign);
  sign->add_flag("--headers", to.sign.headers, "print all headers of a delivery");
  add_secret_source(*sign, to.sign.secret);
  sign->footer(
      "Example:\n  modhost sign --headers < event.json\n\nThe bytes are signed as they are: mind a newline at the "
      "end.");
  sign->callback([&to] { to.chosen = [&to](Terminal& terminal) { return run_sign(to.sign, terminal); }; });
}

void add_verify(CLI::App& app, Invocation& to) {
  CLI::App* verify = app.add_subcommand("verify", "is a signature good, and if not, why exactly");
  VerifyOptions& options = to.verify;
  add_common(*verify, options);
  verify->add_option("-s,--signature", options.signature, "the header X-Unique-Signature")
      ->each([&options](const std::string&) { options.has_signature = true; });
  verify->add_option("-t,--timestamp", options.timestamp, "the header X-Unique-Created-At")
      ->each([&options](const std::string&) { options.has_timestamp = true; });
  verify->add_option("--now", options.now, "when it arrived, unix seconds; without it: now")
      ->each([&options](const std::string&) { options.has_now = true; });
  verify->add_option("body", options.body, "the raw body; without it: stdin")->type_name("FILE");
  add_secret_source(*verify, options.secret);
  verify->footer(
      "Example:\n  modhost verify --signature 4f1c... --timestamp 1760000000 body.json\n\n"
      "Tries every configured secret and the usual mistakes: prefix, case, base64, Stripe style, a newline too many.\n"
      "Exit codes: 0 valid, 1 not valid.");
  verify->callback([&to] { to.chosen = [&to](Terminal& terminal) { return run_verify(to.verify, terminal); }; });
}

void build(CLI::App& app, Invocation& to) {
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 ok, 1 failed, 2 usage, 3 partial, 4 unreachable.\n\n"
      "First steps:\n  modhost dev              try it out, no account needed\n  modhost check            is my set-up "
      "right?\n"
      "  modhost verify --help    why was a delivery refused?\n"
      "  modhost events --help    why did an event die, and how is it run again?");
  add_serve(app, to);
  add_check(app, to);
  add_send(app, to);
  add_sign(app, to);
  add_verify(app, to);
  add_operator_commands(app, to.operators, to.chosen);
  CLI::App* version = app.add_subcommand("version", "versions of the host, the plugin ABI and the libraries");
  version->add_flag("--json", to.version.json, "machine-readable output");
  version->callback([&to] { to.chosen = [&to](Terminal& terminal) { return run_version(to.version, terminal); }; });
}

// What is wrong with the first word of the line, if it is no command and no option.
std::string unknown_command(const CLI::App& app, const std::string& word) {
  if (word.starts_with('-')) return {};
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), word) != names.end()) return {};
  const std::string_view meant = config::nearest(word, {names.begin(), names.end()});
  return "there is no command " + word +
         (meant.empty() ? ": modhost --help lists them" : ": did you mean " + std::string(meant) + "?");
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
  if (args.empty()) {
    terminal.err << app.help();
    return kUsage;
  }
  if (const std::string wrong = unknown_command(app, args.front()); !wrong.empty())
    return fail(terminal, false, wrong, kUsage);
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
  // The child that maps a plugin first is this program too.
  if (argc > 1 && argv[1] == loader::kProbeCommand) return loader::probe_main(argc, argv);
  Terminal terminal{std::cin, std::cout, std::cerr};
  return run_command_line(std::vector<std::string>(argv + 1, argv + argc), terminal);
}

}  // namespace modhost::cli
