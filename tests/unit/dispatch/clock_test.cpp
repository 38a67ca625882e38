// The dispatcher on the real journal while the wall clock is set: deadlines are those of time that has passed.
#include "base/anchored_clock.hpp"
#include "dispatch/dispatcher.hpp"
#include "journal/sqlite_journal.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/temp_dir.hpp"

namespace modhost::dispatch {
namespace {

using namespace std::chrono_literals;

// Takes events, or none, and holds what it takes.
class Module final : public plugin::PluginRuntime {
 public:
  void submit(plugin::AttemptInput input, plugin::OutcomeListener done) override {
    {
      MutexLock lock(mutex_);
      taken_.push_back(std::move(input));
      listeners_.push_back(std::move(done));
    }
    changed_.notify_all();
  }
  [[nodiscard]] unsigned free_slots() const override { return takes_events ? 64 : 0; }
  void cancel(std::int64_t, plugin::CancelReason) override {}
  void cancel_all(plugin::CancelReason) override {}
  bool stop(Deadline) override { return true; }
  [[nodiscard]] plugin::RuntimeStatus status() const override { return {}; }

  plugin::AttemptInput wait_taken(std::size_t number) {
    MutexLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (taken_.size() < number && lock.wait_until(changed_, until) != std::cv_status::timeout) {
    }
    return taken_.size() < number ? plugin::AttemptInput() : taken_[number - 1];
  }
  void finish(std::size_t number, plugin::Outcome::Kind kind) {
    plugin::OutcomeListener done;
    {
      MutexLock lock(mutex_);
      done = listeners_.at(number - 1);
    }
    plugin::Outcome outcome;
    outcome.kind = kind;
    done(outcome);
  }
  std::atomic<bool> takes_events = true;

 private:
  Mutex mutex_;
  std::condition_variable changed_;
  std::vector<plugin::AttemptInput> taken_ GUARDED_BY(mutex_);
  std::vector<plugin::OutcomeListener> listeners_ GUARDED_BY(mutex_);
};

class DispatcherClock : public testing::TestWithParam<std::chrono::hours> {
 protected:
  void SetUp() override {
    config_.modules["DemoApp"].name = "DemoApp";
    journal::Options options;
    options.state_dir = dir_.path() / "state";
    options.clock = &clock_;
    options.reserve_bytes = 0;
    auto opened = journal::SqliteJournal::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().message;
    journal_ = *std::move(opened);
    dispatcher_ = std::make_unique<Dispatcher>(
        *journal_, [this](const std::string&) { return &module_; }, client_, current_, clock_, log_, metrics_);
    dispatcher_->start();
  }
  void TearDown() override {
    dispatcher_.reset();
    journal_.reset();
  }
  void add(const std::string& id) {
    journal::NewEvent added;
    added.module = "DemoApp";
    added.event.app = "app_1";
    added.event.id = id;
    added.event.name = "some.event";
    added.event.received_at = clock_.unix_now();
    added.event.body = "{}";
    journal_->append(std::move(added), [](const Result<journal::Appended>&) {});
    journal_->flush();
  }
  // Of the one event, when it has ended or waits.
  journal::Row wait_row(journal::State state) {
    for (int i = 0; i < 20'000; ++i) {
      journal_->flush();
      dispatcher_->wake();
      auto rows = journal_->query({});
      if (rows && !rows->empty() && rows->front().state == state) return rows->front();
      std::this_thread::yield();
    }
    ADD_FAILURE() << "it is not " << journal::to_string(state);
    return {};
  }

  test::TempDir dir_;
  test::FakeClock wall_;
  AnchoredClock clock_{wall_};
  test::FakeHttpClient client_;
  config::Config config_;
  config::Current current_{config::Snapshot(config::Snapshot(), &config_)};  // as a test leaves it
  telemetry::Log log_{[] {
    config::LogConfig config;
    config.level = config::LogLevel::kError;
    return config;
  }()};
  telemetry::Metrics metrics_;
  Module module_;
  std::unique_ptr<journal::SqliteJournal> journal_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_P(DispatcherClock, AStepLetsNoEventExpireAndKeepsNoneWaiting) {
  module_.takes_events = false;
  add("evt_1");
  wall_.step_wall(GetParam());
  wall_.advance(5s);
  module_.takes_events = true;
  dispatcher_->wake();
  const plugin::AttemptInput first = module_.wait_taken(1);
  ASSERT_EQ(first.event.id, "evt_1") << "it has expired, or waits";
  EXPECT_EQ(first.deadline.remaining(clock_), config_.modules["DemoApp"].attempt_deadline);

  module_.finish(1, plugin::Outcome::Kind::kRetry);
  wait_row(journal::State::kWaiting);
  wall_.step_wall(GetParam());
  wall_.advance(3s);  // more than the first delay with its jitter
  journal_->flush();
  dispatcher_->wake();
  const plugin::AttemptInput second = module_.wait_taken(2);
  ASSERT_EQ(second.attempt, 2u) << "it has expired, or waits";
  module_.finish(2, plugin::Outcome::Kind::kOk);
  wait_row(journal::State::kCompleted);
}

TEST_P(DispatcherClock, AStepMovesNoDeadline) {
  module_.takes_events = false;
  add("evt_1");
  wall_.step_wall(GetParam());
  wall_.advance(config_.modules["DemoApp"].event_deadline);
  EXPECT_EQ(wait_row(journal::State::kExpired).reason, "event_deadline");
}

INSTANTIATE_TEST_SUITE_P(ByADay, DispatcherClock, testing::Values(24h, -24h));

}  // namespace
}  // namespace modhost::dispatch
