// Endings on the real journal, through a platform that refuses, answers nothing or is cut off, and through hosts that
// go away in the middle: each arrives, always the same, and no more once its arrival is durable. Seeds are the tests'
// numbers.
#include "dispatch/ender.hpp"

#include <future>
#include <random>

#include "journal/open_steps.hpp"
#include "journal/sqlite_journal.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/faulty_vfs.hpp"
#include "support/temp_dir.hpp"

namespace modhost::dispatch {
namespace {

using namespace std::chrono_literals;
using Started = test::FakeHttpClient::Started;

constexpr int kEvents = 6;

class EnderTest : public testing::TestWithParam<int> {
 protected:
  EnderTest() {
    config::App app;
    app.id = "app_1";
    app.api_base = "http://127.0.0.1:1/public/chat";
    app.api_key = Secret(std::string("ukey_x"));
    config_.apps.push_back(app);
    open();
  }
  void TearDown() override { close(); }

  void open() {
    journal::Options options;
    options.state_dir = dir_.path() / "state";
    options.clock = &clock_;
    options.reserve_bytes = 0;
    options.vfs = disk_.name();  // whose syncs cost nothing
    auto opened = journal::SqliteJournal::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().message;
    journal_ = *std::move(opened);
    client_ = std::make_unique<test::FakeHttpClient>();
    ender_ = std::make_unique<Ender>(*journal_, *client_, current_, clock_, log_, metrics_, [] {});
    answered_ = 0;
  }
  // As a host that goes away: what is in flight is heard of no more.
  void close() {
    ender_.reset();
    journal_.reset();
  }

  // An event that failed, with a step that stays open.
  void end_one(int number) {
    journal::NewEvent added;
    added.module = "DemoApp";
    added.event.app = "app_1";
    added.event.id = "evt_" + std::to_string(number);
    added.event.name = kExternalModuleChosen;
    added.event.chat_id = "chat_" + std::to_string(number);
    added.event.assistant_message_id = "msg_" + std::to_string(number);
    added.event.body = "{}";
    journal_->append(std::move(added), [](const Result<journal::Appended>&) {});
    journal_->flush();
    const auto claims = journal_->claim("DemoApp", 1);
    ASSERT_EQ(claims.size(), 1u);
    std::promise<journal::OpenSteps::StepRecord> record;
    journal_->opening(claims[0].seq, [&](const auto& recorded) { record.set_value(recorded.value()); });
    journal_->opened(record.get_future().get(), journal::step_ending("step_" + std::to_string(number)));
    journal::Settlement dead;
    dead.seq = claims[0].seq;
    dead.token = claims[0].token;
    dead.state = journal::State::kDead;
    dead.reason = "permanent";
    dead.ending = R"({"completedAt":"t)" + std::to_string(number) + R"(","text":"sorry"})";
    journal_->settle(std::move(dead));
    journal_->flush();
  }

  // The platform's answer to one call; true when it has done what was asked.
  bool answer(const Started& call) {
    bodies_[call.request.method + " " + call.request.url].insert(call.request.body);
    switch (random_() % 8) {
      case 0:
        return client_->done(call.id, Error{Code::kTimeout, "no answer in time"}), random_() % 2 == 0;
      case 1:
        return client_->done(call.id, Error{Code::kUnavailable, "connection reset"}), random_() % 2 == 0;
      case 2:
        return client_->respond(call, 500, "{}"), false;
      case 3:
        return client_->respond(call, 429, "{}"), false;
      case 4:
        return client_->respond(call, 401, "{}"), false;
      case 5:
        return true;  // done, and the host goes away before it hears of it
      default:
        return client_->respond(call, 200, "{}"), true;
    }
  }

  std::vector<Started> new_calls() {
    ender_->pump();
    auto calls = client_->requests();
    calls.erase(calls.begin(), calls.begin() + static_cast<std::ptrdiff_t>(answered_));
    answered_ += calls.size();
    return calls;
  }

  void answer_all() {
    for (const Started& call : new_calls())
      if (answer(call)) ++done_[call.request.method + " " + call.request.url];
    journal_->flush();
  }

  test::TempDir dir_;
  test::FaultyVfs disk_;
  test::FakeClock clock_;
  config::Config config_;
  config::Current current_{config::Snapshot(config::Snapshot(), &config_)};  // as a test leaves it
  telemetry::Log log_{[] {
    config::LogConfig config;
    config.level = config::LogLevel::kError;
    return config;
  }()};
  telemetry::Metrics metrics_;
  std::mt19937 random_{static_cast<unsigned>(GetParam())};
  std::unique_ptr<journal::SqliteJournal> journal_;
  std::unique_ptr<test::FakeHttpClient> client_;
  std::unique_ptr<Ender> ender_;
  std::size_t answered_ = 0;
  std::map<std::string, std::set<std::string>> bodies_;  // by method and url
  std::map<std::string, int> done_;
};

TEST_P(EnderTest, EveryEndingArrivesAndIsAlwaysTheSame) {
  for (int number = 0; number < kEvents; ++number) {
    end_one(number);
    answer_all();
    if (random_() % 3 == 0) {
      close();
      open();
    }
    clock_.advance(std::chrono::milliseconds(random_() % 3000));
  }
  for (int round = 0; round < 12; ++round) {  // a platform in trouble, hosts that go and come
    answer_all();
    clock_.advance(61s);
    journal_->flush();
    if (random_() % 2 == 0) {
      close();
      open();
    }
  }
  close();
  open();
  for (int round = 0; round < 2; ++round) {  // then all is well
    for (const Started& call : new_calls()) {
      bodies_[call.request.method + " " + call.request.url].insert(call.request.body);
      client_->respond(call, 200, "{}");
      ++done_[call.request.method + " " + call.request.url];
    }
    clock_.advance(61s);
    journal_->flush();
  }
  EXPECT_TRUE(new_calls().empty()) << "nothing is owed any more";
  close();
  open();
  EXPECT_TRUE(new_calls().empty()) << "and that is durable";
  EXPECT_EQ(done_.size(), 2u * kEvents) << "a message and a step each";
  EXPECT_EQ(bodies_.size(), done_.size());
  for (const auto& [what, bodies] : bodies_) EXPECT_EQ(bodies.size(), 1u) << what;
}

INSTANTIATE_TEST_SUITE_P(Seeds, EnderTest, testing::Range(1, 41));

class EnderRestart : public EnderTest {};

// Acknowledged, and its removal durable: the next host does not send it again.
TEST_P(EnderRestart, IsNotSentAgainOnceItsArrivalIsDurable) {
  end_one(1);
  auto calls = new_calls();
  ASSERT_EQ(calls.size(), 2u);
  for (const Started& call : calls) client_->respond(call, 200, "{}");
  journal_->flush();
  close();
  open();
  clock_.advance(61s);
  EXPECT_TRUE(new_calls().empty());
}

INSTANTIATE_TEST_SUITE_P(One, EnderRestart, testing::Values(1));

}  // namespace
}  // namespace modhost::dispatch
