// The commands of operators against a listener on a journal of its own.
#include "cli/table.hpp"
#include "unit/admin/admin_fixture.hpp"
#include "unit/cli/command_line.hpp"

namespace modhost::cli {
namespace {

using journal::State;
using test::has;

class OperatorsCli : public test::AdminFixture {
 protected:
  void SetUp() override {
    AdminFixture::SetUp();
    folder_.write("state/admin.token", "tok");
  }
  int run(std::vector<std::string> args, const std::string& input = "") {
    args.insert(args.end(), {"--admin", "http://127.0.0.1:" + std::to_string(server_->port()), "--state-dir",
                             (folder_.path() / "state").string()});
    return run_exactly(std::move(args), input);
  }
  int run_exactly(std::vector<std::string> args, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out_stream, err_stream;
    Terminal terminal{in, out_stream, err_stream};
    const int code = run_command_line(std::move(args), terminal);
    out = out_stream.str();
    err = err_stream.str();
    return code;
  }
  std::string out, err;
};

TEST(Table, ShowsTextThatDrivesNoTerminal) {
  EXPECT_EQ(shown("a\x1b[31mb\nc"), "a?[31mb?c");
  EXPECT_EQ(shown("grün", 3), "gr...");
  EXPECT_EQ(shown("short", 5), "short");
}

TEST(Table, SaysTimesAsPeopleDo) {
  using namespace std::chrono_literals;
  const UnixMillis now{1'760'000'000'000ms};
  EXPECT_EQ(relative(now, now), "now");
  EXPECT_EQ(relative(now - 40s, now), "40 s ago");
  EXPECT_EQ(relative(now - 3min, now), "3 min ago");
  EXPECT_EQ(relative(now - 5h, now), "5 h ago");
  EXPECT_EQ(relative(now - 72h, now), "3 days ago");
  EXPECT_EQ(relative(now + 10s, now), "in 10 s");
  EXPECT_EQ(span(350ms), "350 ms");
  EXPECT_EQ(span(2500ms), "2.5 s");
  EXPECT_EQ(span(3min), "3 min");
  EXPECT_EQ(counted(1, "event") + counted(2, "event"), "1 event2 events");
}

TEST_F(OperatorsCli, ListsShowsAndReplays) {
  ended("evt_1", State::kDead, "permanent");
  ready("evt_2");
  EXPECT_EQ(run({"events", "list", "--state", "dead"}), kOk) << err;
  EXPECT_TRUE(has(out, "evt_1"));
  EXPECT_EQ(out.find("evt_2"), std::string::npos);
  EXPECT_EQ(run({"events", "list", "--module", "Nowhere"}), kOk);
  EXPECT_EQ(out, "no such event\n");
  EXPECT_EQ(run({"events", "list", "--limit", "1"}), kOk);
  EXPECT_TRUE(has(out, "There are older ones: --before 2"));
  EXPECT_EQ(run({"events", "list", "--json"}), kOk);
  EXPECT_EQ(find_member(*parse_json(out), "events")->Size(), 2u);
  EXPECT_EQ(run({"events", "show", "evt_1"}), kOk);
  EXPECT_TRUE(has(out, "modhost replay 1 --admin http://127.0.0.1:"));
  EXPECT_EQ(run({"events", "show", "evt_9"}), kFailed);
  EXPECT_TRUE(has(err, "`modhost events list` shows numbers and ids"));

  EXPECT_EQ(run({"replay", "1"}), kFailed) << "nobody says yes";
  EXPECT_EQ(state_of(1), State::kDead);
  EXPECT_EQ(run({"replay", "1", "--plan"}), kOk);
  EXPECT_EQ(state_of(1), State::kDead);
  EXPECT_EQ(run({"replay", "evt_1"}, "y\n"), kOk) << err;
  EXPECT_TRUE(has(out, "1 event replayed"));
  EXPECT_EQ(state_of(1), State::kReady);
  EXPECT_EQ(run({"replay", "1", "--yes"}), kFailed);
  EXPECT_TRUE(has(out, "stays: it has not ended"));
}

TEST_F(OperatorsCli, NothingIsChangedWithoutSayingWhat) {
  ended("evt_1", State::kDead, "permanent");
  for (const char* command : {"replay", "purge"}) {
    std::vector<std::string> line = {command, "--yes"};
    if (line[0] == "purge") line.insert(line.end(), {"--because", "x"});
    EXPECT_EQ(run(line), kUsage);
    EXPECT_TRUE(has(err, "say which"));
  }
  EXPECT_EQ(run({"replay", "1", "--state", "dead"}), kUsage);
  EXPECT_EQ(run({"purge", "1", "--yes"}), kUsage);
  EXPECT_TRUE(has(err, "--because says why"));
  EXPECT_EQ(run({"cancel"}), kUsage);
  EXPECT_EQ(state_of(1), State::kDead);
}

TEST_F(OperatorsCli, CancelPurgeAndExportDoWhatTheySay) {
  ended("evt_1", State::kDead, "permanent");
  ready("evt_2");
  EXPECT_EQ(run({"cancel", "evt_2", "1"}), kPartial);
  EXPECT_TRUE(has(out, "event 2: cancelled"));
  EXPECT_TRUE(has(err, "event 1 has ended: it is dead"));
  EXPECT_EQ(run({"events", "export", "--bodies"}), kOk);
  EXPECT_TRUE(has(out, R"("body":"{\"said\":\"1\"}")"));
  EXPECT_EQ(run({"purge", "--user", "user_1", "--because", "asked", "--yes", "--json"}), kOk);
  EXPECT_EQ(out, "{\"events\":2,\"refused\":0}\n");
  EXPECT_EQ(run({"audit"}), kOk);
  for (const char* action : {"cancel", "export with bodies", "purge", "asked"}) EXPECT_TRUE(has(out, action));
  EXPECT_EQ(run({"events", "tail", "--count", "1", "--json", "--state", "gone"}), kFailed) << "a bad filter";
}

TEST_F(OperatorsCli, ModulesBackupAndReload) {
  EXPECT_EQ(run({"modules", "drain", "DemoApp"}), kOk);
  EXPECT_TRUE(has(out, "none runs"));
  EXPECT_EQ(run({"modules", "list"}), kOk);
  EXPECT_TRUE(has(out, "paused now by"));
  EXPECT_EQ(run({"modules", "resume", "DemoApp"}), kOk);
  const auto file = (folder_.path() / "backup.db").string();
  EXPECT_EQ(run({"backup", file}), kOk);
  EXPECT_TRUE(has(out, "modhost restore " + file));
  EXPECT_EQ(run({"reload"}), kFailed);
  EXPECT_TRUE(has(err, "restart it"));
}

TEST_F(OperatorsCli, WhoCanNotReachTheHostIsToldWhatToDo) {
  const auto state = (folder_.path() / "state").string();
  const std::string port = std::to_string(server_->port());
  server_->stop();
  EXPECT_EQ(run({"events", "list"}), kUnreachable);
  EXPECT_TRUE(has(err, "is `modhost run` or `modhost dev` up?"));
  EXPECT_EQ(run({"events", "list", "--json"}), kUnreachable);
  EXPECT_TRUE(has(out, "{\"error\":"));
  EXPECT_EQ(run_exactly({"audit", "--config", folder_.path() / "none.yaml"}), kFailed);
  EXPECT_TRUE(has(err, "name it with --config, or give both --admin and --state-dir"));
  EXPECT_EQ(run_exactly({"audit", "--admin", "localhost:1", "--state-dir", state}), kFailed);
  EXPECT_TRUE(has(err, "must be a URL"));
  EXPECT_EQ(run_exactly({"audit", "--admin", "http://127.0.0.1:" + port, "--state-dir", folder_.path()}), kFailed);
  EXPECT_TRUE(has(err, "has the host been started?"));
  const auto config = folder_.write("modules.yaml", "admin: 127.0.0.1:0\nmodules: {A: '${UNSET_BY_THE_TEST}'}\n");
  EXPECT_EQ(run_exactly({"audit", "--config", config}), kFailed);
  EXPECT_TRUE(has(err, "give --admin with the address that the host printed"));
}

TEST_F(OperatorsCli, AnotherHostsTokenIsRefused) {
  folder_.write("state/admin.token", "wrong");
  EXPECT_EQ(run({"audit"}), kFailed);
  EXPECT_TRUE(has(err, "refuses the token"));
}

}  // namespace
}  // namespace modhost::cli
