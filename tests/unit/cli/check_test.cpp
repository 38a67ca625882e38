// check: one line a finding, and what it makes of a machine.
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/unique_fd.hpp"
#include "cli/findings.hpp"
#include "unit/cli/command_line.hpp"

namespace modhost::cli {
namespace {

using test::has;

class Check : public test::CommandLine {
 protected:
  std::string good(const std::string& more = "") {
    return "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\nstate_dir: state\nplugins_dir: plugins\nlimits: {ready_bytes: "
           "1MiB, connections: 10}\n" +
           more;
  }
};

TEST_F(Check, AGoodSetUpIsZero) {
  std::filesystem::create_directory(folder.path() / "plugins");
  folder.write("modules.yaml", good());
  EXPECT_EQ(run({"check"}), kOk) << out;
  EXPECT_TRUE(has(out, "OK    config: " + (folder.path() / "modules.yaml").string() + ": 1 app, 0 modules\n"));
  EXPECT_TRUE(has(out, "OK    app app_cli: calls go to https://gateway.example.com/public/chat (used as written)\n"));
  EXPECT_TRUE(has(out, "OK    app app_cli: deliveries to /webhook are checked with 1 secret\n"));
  EXPECT_TRUE(has(out, "OK    app app_cli: secret app_cli/1: active\n"));
  EXPECT_TRUE(has(out, "OK    disk: state_dir " + (folder.path() / "state").string() + " can be written\n"));
  EXPECT_TRUE(has(out, "(p50), "));
  EXPECT_TRUE(has(out, "events/s"));
  EXPECT_TRUE(has(out, "WARN  config: "));
  EXPECT_TRUE(has(out, "0 errors, "));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "state")) << "check leaves nothing behind";
}

TEST_F(Check, SecretsAreListedWithTheirDates) {
  config::Config config;
  config::App app;
  app.id = "app_1";
  const UnixMillis now{std::chrono::seconds(1'760'000'000)};  // 2025-10-09T08:53:20Z
  const auto day = std::chrono::hours(24);
  app.secrets = {{"plain", Secret(std::string("usig_TAINT")), {}, {}},
                 {"old", Secret(std::string("usig_TAINT")), {}, now},
                 {"ending", Secret(std::string("usig_TAINT")), now - day, now + 14 * day},
                 {"later", Secret(std::string("usig_TAINT")), {}, now + 15 * day},
                 {"next", Secret(std::string("usig_TAINT")), now + day, {}}};
  config.apps = {app};
  Findings found;
  check_apps(config, now, found);
  ASSERT_EQ(found.size(), 7u);
  EXPECT_EQ(found[2].what, "secret plain: active");
  EXPECT_EQ(found[3].what, "secret old: expired, until 2025-10-09T08:53:20Z");
  EXPECT_EQ(found[4].what,
            "secret ending: active, from 2025-10-08T08:53:20Z, until 2025-10-23T08:53:20Z: it ends within 14 days, "
            "list its successor before that");
  EXPECT_EQ(found[5].what, "secret later: active, until 2025-10-24T08:53:20Z");
  EXPECT_EQ(found[6].what, "secret next: not yet, from 2025-10-10T08:53:20Z");
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_EQ(found[i].level, i == 4 ? Level::kWarning : Level::kOk) << found[i].what;

  config.apps[0].secrets = {app.secrets[1], app.secrets[4]};
  found.clear();
  check_apps(config, now, found);
  EXPECT_EQ(found.back().level, Level::kWarning);
  EXPECT_TRUE(has(found.back().what, "no secret counts now, so every delivery is answered 401"));
}

TEST_F(Check, MistakesOfTheConfigurationAreFindings) {
  set("UNIQUE_APP_ID", "ukey_TAINT");
  set("UNIQUE_API_BASE_URL", "https://gateway.example.com/chat/public/");
  folder.write("modules.yaml", good());
  EXPECT_EQ(run({"check"}), kFailed);
  EXPECT_TRUE(has(out, "ERROR config: "));
  EXPECT_TRUE(has(out, "this is an API key (ukey_): it goes to api_key"));
  EXPECT_TRUE(has(out, "ends in '/'"));
  EXPECT_TRUE(has(out, "not /chat/public"));
}

TEST_F(Check, JsonHasTheSame) {
  folder.write("modules.yaml", good("modules: {A: missing}\n"));
  EXPECT_EQ(run({"check", "--json", "--show"}), kFailed);
  const auto report = json();
  EXPECT_FALSE(report["ok"].GetBool());
  EXPECT_GE(report["errors"].GetInt(), 1);
  EXPECT_GT(report["findings"].Size(), 4u);
  EXPECT_TRUE(has(std::string(string_member(report, "config")), "app.api_key: (set)"));
}

TEST_F(Check, ShowPrintsWhatIsInForce) {
  folder.write("modules.yaml", good());
  run({"check", "--show"});
  EXPECT_TRUE(has(out, "\nlimits.ready_bytes: 1MiB  # "));
  EXPECT_TRUE(has(out, "\napp.secrets[]: app_cli/1 (set)  # environment UNIQUE_APP_ENDPOINT_SECRET\n"));
}

TEST_F(Check, PluginsAreLookedAt) {
  folder.write("plugins/broken.so", "this is not ELF");
  folder.write("plugins/extra.so", "neither is this");
  folder.write("modules.yaml", good("modules: {A: broken, B: broken, C: missing}\n"));
  EXPECT_EQ(run({"check"}), kFailed);
  EXPECT_TRUE(has(out, "ERROR plugin broken: "));
  EXPECT_EQ(out.find("ERROR plugin broken"), out.rfind("ERROR plugin broken")) << "once, though two modules use it";
  EXPECT_TRUE(has(out, "ERROR plugin missing: "));
  EXPECT_TRUE(has(out, "WARN  plugin extra: "));
}

TEST_F(Check, AGoodPluginIsMappedByAChildFirst) {
  const std::filesystem::path built = std::filesystem::path(MODHOST_BINARY_DIR) / "plugins/echo_c.so";
  if (!std::filesystem::exists(built)) GTEST_SKIP() << built << " is not built";
  std::filesystem::create_directory(folder.path() / "plugins");
  std::filesystem::copy(built, folder.path() / "plugins/echo_c.so");
  folder.write("modules.yaml", good("modules: {EchoC: echo_c}\n"));
  EXPECT_EQ(run({"check"}), kOk) << out;
  EXPECT_TRUE(has(out, "OK    plugin echo_c: "));
  EXPECT_TRUE(has(out, ", ABI 1."));
}

TEST(CheckPorts, ATakenPortIsAnError) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(fd.get(), 1), 0);
  ASSERT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  config::Config config;
  config.listen = {"127.0.0.1", ntohs(address.sin_port)};
  config.admin = {"192.0.2.1", 1};
  Findings findings;
  check_ports(config, findings);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].level, Level::kError);
  EXPECT_TRUE(has(findings[0].what, "something listens there, perhaps another modhost: stop it or change listen"));
  EXPECT_EQ(findings[1].level, Level::kError);
  EXPECT_TRUE(has(findings[1].what, "admin 192.0.2.1:1 can not be used"));
  config.listen = {"no-such-host.invalid", 80};
  config.admin = {"127.0.0.1", 0};
  findings.clear();
  check_ports(config, findings);
  EXPECT_TRUE(has(findings.at(0).what, "the host is not known here"));
  EXPECT_EQ(findings.at(1).level, Level::kOk);
}

TEST(CheckState, AFolderThatCanNotBeWrittenIsAnError) {
  config::Config config;
  config.state_dir = "/proc/modhost";
  Findings findings;
  check_state(config, findings);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].level, Level::kError);
  EXPECT_TRUE(has(findings[0].what, "state_dir /proc/modhost can not be written"));
}

TEST(CheckState, TooLittleRoomIsAWarning) {
  const test::TempDir folder;
  config::Config config;
  config.state_dir = folder.path();
  config.limits.ready_bytes = 1ull << 50;
  Findings findings;
  check_state(config, findings);
  EXPECT_EQ(findings.back().level, Level::kWarning);
  EXPECT_TRUE(has(findings.back().what, "less than limits.ready_bytes (1048576GiB)"));
}

TEST(CheckDescriptors, TooFewAreAWarning) {
  config::Config config;
  config.limits.connections = 1;
  Findings findings;
  check_descriptors(config, findings);
  EXPECT_TRUE(findings.empty());
  config.limits.connections = 2'000'000'000;
  check_descriptors(config, findings);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_TRUE(has(findings[0].what, "raise LimitNOFILE"));
}

TEST(CheckClock, TellsTheTime) {
  Findings findings;
  check_clock(findings);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].level, Level::kError);
  EXPECT_TRUE(has(findings[0].what, "it is 20"));
}

}  // namespace
}  // namespace modhost::cli
