// The parser: commands, help, exit codes of wrong usage.
#include "base/version.hpp"
#include "unit/cli/command_line.hpp"

namespace modhost::cli {
namespace {

using test::has;

class Cli : public test::CommandLine {};

TEST_F(Cli, WithoutAnythingExplainsItself) {
  EXPECT_EQ(run_exactly({}), kUsage);
  EXPECT_TRUE(has(err, "Subcommands:"));
  EXPECT_TRUE(has(err, "modhost dev"));
}

TEST_F(Cli, HelpIsNoErrorAndTeaches) {
  EXPECT_EQ(run_exactly({"--help"}), kOk);
  EXPECT_TRUE(has(out, "First steps:"));
  EXPECT_TRUE(has(out, "Exit codes: 0 ok, 1 failed, 2 usage, 3 partial, 4 unreachable."));
  for (const char* command : {"run", "dev", "check", "send", "sign", "verify", "replay", "cancel", "purge", "backup",
                              "restore", "reload", "audit", "version"}) {
    EXPECT_EQ(run_exactly({command, "--help"}), kOk) << command;
    EXPECT_TRUE(has(out, std::string("Usage: modhost ") + command));
    EXPECT_TRUE(has(out, "--json"));
    EXPECT_EQ(err, "");
    EXPECT_TRUE(std::string(command) == "version" || has(out, "Example"));
  }
}

TEST_F(Cli, HelpLeadsFromADeadEventToItsReplay) {
  EXPECT_EQ(run_exactly({"--help"}), kOk);
  EXPECT_TRUE(has(out, "modhost events --help    why did an event die, and how is it run again?"));
  EXPECT_EQ(run_exactly({"events", "--help"}), kOk);
  for (const char* step : {"modhost events list --state dead", "modhost events show 17", "modhost replay 17"})
    EXPECT_TRUE(has(out, step));
  for (const auto& [group, command] : std::vector<std::pair<const char*, const char*>>{{"events", "list"},
                                                                                       {"events", "show"},
                                                                                       {"events", "tail"},
                                                                                       {"events", "export"},
                                                                                       {"modules", "list"},
                                                                                       {"modules", "pause"},
                                                                                       {"modules", "resume"},
                                                                                       {"modules", "drain"}}) {
    EXPECT_EQ(run_exactly({group, command, "--help"}), kOk);
    EXPECT_TRUE(has(out, std::string("Usage: modhost ") + group + " " + command));
    EXPECT_TRUE(has(out, "Example"));
    EXPECT_TRUE(has(out, "admin.token"));
  }
}

TEST_F(Cli, WrongUsageIsTwo) {
  EXPECT_EQ(run_exactly({"chek"}), kUsage);
  EXPECT_EQ(err, "modhost: there is no command chek: did you mean check?\n");
  EXPECT_EQ(run_exactly({"frobnicate"}), kUsage);
  EXPECT_EQ(err, "modhost: there is no command frobnicate: modhost --help lists them\n");
  EXPECT_EQ(run_exactly({"--nonsense"}), kUsage);
  EXPECT_EQ(run_exactly({"check", "--nonsense"}), kUsage);
  EXPECT_TRUE(has(err, "--nonsense"));
  EXPECT_EQ(run_exactly({"send"}), kUsage);
  EXPECT_TRUE(has(err, "event is required"));
  EXPECT_EQ(run_exactly({"send", "chosen", "--count", "0"}), kUsage);
  EXPECT_EQ(run_exactly({"send", "chosen", "--rate", "fast"}), kUsage);
  EXPECT_EQ(run_exactly({"dev", "--page-port", "70000"}), kUsage);
  EXPECT_EQ(run_exactly({"verify", "--now", "today"}), kUsage);
  EXPECT_EQ(out, "");
}

TEST_F(Cli, SecretsCanNotBeGivenInClear) {
  for (const char* command : {"sign", "verify", "send"})
    EXPECT_EQ(run_exactly({command, "--secret", "x"}), kUsage) << command;
}

TEST_F(Cli, VersionSaysWhatABugReportNeeds) {
  EXPECT_EQ(run_exactly({"version"}), kOk);
  EXPECT_TRUE(has(out, "modhost " + std::string(kVersion) + " (plugin ABI 1."));
  EXPECT_TRUE(has(out, "libyaml-cpp"));
  EXPECT_EQ(run_exactly({"version", "--json"}), kOk);
  const auto version = json();
  EXPECT_EQ(string_member(version, "version"), kVersion);
  EXPECT_EQ(version["abi"]["major"].GetInt(), 1);
  EXPECT_GT(version["libraries"].Size(), 3u);
}

TEST_F(Cli, RunFailsWellWithoutAConfiguration) {
  const std::string file = (folder.path() / "none.yaml").string();
  EXPECT_EQ(run_exactly({"run", "--config", file}), kFailed);
  EXPECT_EQ(
      err, "modhost: " + file + " can not be opened: No such file or directory: write one, or name it with --config\n");
  EXPECT_EQ(run_exactly({"dev", "--json", "--config", file}), kFailed);
  EXPECT_TRUE(has(std::string(string_member(json(), "error")), "can not be opened"));
}

TEST_F(Cli, RunReportsEveryMistake) {
  folder.write("modules.yaml", "lisen: 1\nmodules: {A: a.so}\n");
  EXPECT_EQ(run({"run"}), kFailed);
  EXPECT_TRUE(has(err, "modules.yaml:1:1: unknown key \"lisen\": did you mean \"listen\"?"));
  EXPECT_TRUE(has(err, "modules.yaml:2:14: modules.A \"a.so\": the name goes without .so"));
}

}  // namespace
}  // namespace modhost::cli
