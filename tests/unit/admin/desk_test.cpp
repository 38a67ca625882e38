// What an operator may do over HTTP, and that each of it is in the audit.
#include "admin/desk.hpp"

#include <sys/stat.h>

#include "unit/admin/admin_fixture.hpp"

namespace modhost::admin {
namespace {

using journal::State;

class DeskTest : public test::AdminFixture {
 protected:
  void SetUp() override {
    actions_.cancelled_ending = [](const Event& event, const std::string& module, bool) {
      return R"({"ended":")" + event.id + module + R"("})";
    };
    actions_.cancel_running = [this](const std::string& module, journal::EventSeq seq) {
      told_.push_back("cancel " + module + " " + std::to_string(seq));
    };
    actions_.forget = [this](journal::EventSeq seq) { told_.push_back("forget " + std::to_string(seq)); };
    actions_.pause = [this](const std::string& module) { told_.push_back("pause " + module); };
    actions_.resume = [this](const std::string& module) { told_.push_back("resume " + module); };
    AdminFixture::SetUp();
  }
  rapidjson::Document ask(const std::string& target, const std::string& body, int status = 200) {
    const auto answer = post(target, body);
    EXPECT_EQ(answer.status, status) << answer.body;
    auto document = parse_json(answer.body);
    EXPECT_TRUE(document && document->IsObject()) << answer.body;
    return document ? *std::move(document) : rapidjson::Document(rapidjson::kObjectType);
  }
  static std::int64_t number(const rapidjson::Value& object, std::string_view name) {
    const auto* const found = find_member(object, name);
    return found != nullptr && found->IsInt64() ? found->GetInt64() : -1;
  }
  journal::AuditEntry last_audit() {
    const auto entries = journal_->operations().audited(0, 1);
    return entries && !entries->empty() ? entries->front() : journal::AuditEntry{};
  }
  std::vector<std::string> told_;  // by actions, which end before their answer is sent
};

TEST_F(DeskTest, NothingIsDoneWithoutTheTokenOrForAForeignPage) {
  const auto seq = ended("evt_1", State::kDead, "permanent");
  const std::string body = R"({"filter":{"seq":1}})";
  EXPECT_EQ(post("/api/replay", body, "").status, 401);
  EXPECT_EQ(post("/api/replay", body, "Authorization: Bearer wrong\r\n").status, 401);
  EXPECT_EQ(post("/api/replay", body, std::string(kToken) + "Origin: https://evil.example\r\n").status, 403);
  EXPECT_EQ(state_of(seq), State::kDead);
  EXPECT_EQ(last_audit().action, "");
}

TEST_F(DeskTest, AReplayIsPlannedThenDone) {
  ended("evt_1", State::kDead, "permanent");
  ended("evt_2", State::kDead, "permanent");
  const auto plan = ask("/api/replay", R"({"filter":{"reason":"permanent"},"plan":true})");
  EXPECT_EQ(number(plan, "events"), 2);
  EXPECT_EQ(number(plan, "before"), 3);
  EXPECT_EQ(string_member(find_member(plan, "groups")->GetArray()[0], "module"), "DemoApp");
  EXPECT_EQ(state_of(1), State::kDead);
  EXPECT_EQ(last_audit().action, "") << "a plan changes nothing";
  const auto done = ask("/api/replay", R"({"filter":{"reason":"permanent","before":3}})");
  EXPECT_EQ(number(done, "events"), 2);
  EXPECT_EQ(number(done, "next_after"), 0);
  EXPECT_EQ(state_of(1), State::kReady);
  EXPECT_EQ(last_audit().action, "replay");
  EXPECT_EQ(last_audit().actor, "admin token from 127.0.0.1");
}

TEST_F(DeskTest, WhatIsAskedWronglyIsRefusedWithTheReason) {
  const auto why = [&](const std::string& target, const std::string& body) {
    const auto answer = ask(target, body, 400);
    return std::string(string_member(answer, "error"));
  };
  EXPECT_NE(why("/api/replay", "{}").find("a filter is needed"), std::string::npos);
  EXPECT_NE(why("/api/replay", R"({"filter":{}})").find("needs a filter"), std::string::npos);
  EXPECT_NE(why("/api/replay", R"({"filter":{"module":""}})").find("needs a filter"), std::string::npos);
  EXPECT_NE(why("/api/replay", R"({"filter":{"seq":1},"paln":true})").find("unknown member paln"), std::string::npos);
  EXPECT_NE(why("/api/replay", R"({"filter":{"seq":1},"plan":"yes"})").find("true or false"), std::string::npos);
  EXPECT_NE(why("/api/replay", R"({"filter":{"stat":1}})").find("unknown filter stat"), std::string::npos);
  EXPECT_NE(why("/api/replay", "[").find("the request's body"), std::string::npos);
  EXPECT_NE(why("/api/purge", R"({"filter":{"seq":1}})").find("a purge needs a reason"), std::string::npos);
  EXPECT_NE(why("/api/backup", R"({"file":"here.db"})").find("absolute path"), std::string::npos);
  EXPECT_EQ(post("/api/replay", std::string(70'000, ' ')).status, 413);
}

TEST_F(DeskTest, TheActorIsWhoTheHeaderSaysAndWhereFrom) {
  ended("evt_1", State::kDead, "permanent");
  const std::string body = R"({"filter":{"seq":1}})";
  EXPECT_EQ(post("/api/replay", body, std::string(kToken) + "X-Modhost-Actor: anna (modhost replay)\r\n").status, 200);
  EXPECT_EQ(last_audit().actor, "anna (modhost replay) from 127.0.0.1");
  for (const std::string& actor : {std::string(101, 'a'), std::string("a\xc3\xa4")})
    EXPECT_EQ(post("/api/replay", body, std::string(kToken) + "X-Modhost-Actor: " + actor + "\r\n").status, 400);
}

TEST_F(DeskTest, ACancelledEventThatWaitsEndsAndSoDoesItsChat) {
  const auto seq = ready("evt_1");
  EXPECT_EQ(string_member(ask("/api/events/1/cancel", ""), "state"), "cancelled");
  EXPECT_EQ(journal_->operations().details(seq)->row.reason, "stopped_by_operator");
  const auto endings = journal_->outbox_due(5);
  ASSERT_EQ(endings.size(), 1u);
  EXPECT_EQ(endings[0].ending, R"({"ended":"evt_1DemoApp"})");
  EXPECT_EQ(told_, std::vector<std::string>{"forget 1"});
  EXPECT_EQ(last_audit().action, "cancel");
  ask("/api/events/1/cancel", "", 409);
  ask("/api/events/7/cancel", "", 404);
  ask("/api/events/x/cancel", "", 400);
}

TEST_F(DeskTest, ARunningEventIsAskedToEnd) {
  const auto claim = running("evt_1");
  const auto answer = ask("/api/events/" + std::to_string(claim.seq) + "/cancel", "");
  EXPECT_EQ(string_member(answer, "was"), "running");
  EXPECT_EQ(told_, std::vector<std::string>{"cancel DemoApp 1"});
  EXPECT_EQ(state_of(claim.seq), State::kRunning);
}

TEST_F(DeskTest, PurgeNeedsAReasonAndLeavesATombstone) {
  ended("evt_1", State::kDead, "permanent");
  ready("evt_2");
  const auto plan = ask("/api/purge", R"({"filter":{"user_id":"user_1"},"plan":true})");
  EXPECT_EQ(number(plan, "events"), 1);
  EXPECT_EQ(number(plan, "refused"), 1);
  const auto done = ask("/api/purge", R"({"filter":{"user_id":"user_1"},"live":true,"reason":"they left"})");
  EXPECT_EQ(number(done, "events"), 2);
  EXPECT_TRUE(find_member(done, "log_emptied")->GetBool());
  EXPECT_EQ(told_, std::vector<std::string>{"forget 2"});
  EXPECT_FALSE(journal_->operations().details(2)->has_body);
  EXPECT_NE(last_audit().detail.find("they left"), std::string::npos);
}

TEST_F(DeskTest, ModulesArePausedDrainedAndResumed) {
  running("evt_1");
  EXPECT_EQ(number(ask("/api/modules/DemoApp/drain", ""), "running"), 1);
  const auto modules = parse_json(get("/api/modules").body);
  const auto& module = find_member(*modules, "modules")->GetArray()[0];
  EXPECT_TRUE(find_member(module, "paused")->GetBool());
  EXPECT_NE(string_member(module, "paused_by").find("admin token"), std::string::npos);
  EXPECT_EQ(number(*find_member(module, "events"), "running"), 1);
  EXPECT_FALSE(find_member(ask("/api/modules/DemoApp/resume", ""), "paused")->GetBool());
  EXPECT_EQ(told_, (std::vector<std::string>{"pause DemoApp", "resume DemoApp"}));
  ask("/api/modules/Nowhere/pause", "", 404);
  ask("/api/modules/DemoApp/explode", "", 404);
}

TEST_F(DeskTest, ABackupIsMadeOnceUnderItsName) {
  ended("evt_1", State::kDead, "permanent");
  const auto file = folder_.path() / "backup.db";
  const std::string body = R"({"file":")" + file.string() + "\"}";
  const auto made = ask("/api/backup", body);
  EXPECT_EQ(number(made, "bytes"), static_cast<std::int64_t>(std::filesystem::file_size(file)));
  ask("/api/backup", body, 409);
  EXPECT_EQ(last_audit().detail, file.string());
}

TEST_F(DeskTest, BodiesLeaveOnlyWithALineInTheAudit) {
  ended("evt_1", State::kDead, "permanent");
  ended("evt_2", State::kCompleted, "ok");
  const auto plain = ask("/api/export", R"({"filter":{"limit":1}})");
  const auto& row = find_member(plain, "events")->GetArray()[0];
  EXPECT_EQ(string_member(row, "id"), "evt_1");
  EXPECT_EQ(find_member(row, "body"), nullptr);
  EXPECT_EQ(number(plain, "next_after"), 1);
  EXPECT_EQ(last_audit().action, "");
  const auto whole = ask("/api/export", R"({"filter":{"after":1},"bodies":true})");
  EXPECT_EQ(string_member(find_member(whole, "events")->GetArray()[0], "body"), R"({"said":"2"})");
  EXPECT_EQ(last_audit().action, "export with bodies");
  EXPECT_EQ(last_audit().count, 1u);
}

TEST_F(DeskTest, ReloadSaysThatItIsNotOffered) {
  EXPECT_NE(string_member(ask("/api/reload", "", 501), "error").find("restart it"), std::string::npos);
}

TEST_F(DeskTest, TheAuditIsReadInPages) {
  for (int i = 0; i < 3; ++i) ask("/api/modules/DemoApp/pause", "");
  const auto page = parse_json(get("/api/audit?limit=2").body);
  EXPECT_EQ(find_member(*page, "audit")->Size(), 2u);
  const auto next = number(*page, "next_before");
  const auto last = parse_json(get("/api/audit?limit=2&before=" + std::to_string(next)).body);
  EXPECT_EQ(find_member(*last, "audit")->Size(), 1u);
  EXPECT_EQ(number(*last, "next_before"), 0);
}

class Reloads : public test::AdminFixture {
 protected:
  void SetUp() override {
    actions_.reload = []() -> Result<std::string> { return invalid("modules.yaml:1:1: no"); };
    AdminFixture::SetUp();
  }
};

TEST_F(Reloads, ARefusedReloadIsTheCallersToMendAndAudited) {
  const auto answer = post("/api/reload", "");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("modules.yaml:1:1"), std::string::npos);
  const auto entries = journal_->operations().audited(0, 1);
  EXPECT_EQ(entries->at(0).count, 0u);
}

}  // namespace
}  // namespace modhost::admin
