// The endpoint without its disk: the real server, verifier, decoder and ingest over a journal that keeps nothing and
// answers from a thread of its own, as the real one does. Shows what receiving costs by itself.
#include <signal.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "webhook/endpoint.hpp"

namespace modhost::bench {
namespace {

class ForgetfulJournal final : public journal::Journal {
 public:
  ForgetfulJournal() : writer_([this] { answer_all(); }) {}
  ~ForgetfulJournal() override {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    given_.notify_one();
    writer_.join();
  }

  void append(journal::NewEvent, AppendDone done) override {
    bool was_empty = false;
    {
      MutexLock lock(mutex_);
      was_empty = waiting_.empty();
      waiting_.push_back(std::move(done));
    }
    if (was_empty) given_.notify_one();
  }

  std::vector<journal::Claim> claim(const std::string&, std::size_t, journal::ClaimOrder) override { return {}; }
  std::vector<journal::EventSeq> take_superseded(const std::string&) override { return {}; }
  void release_unstarted(const std::string&) override {}
  std::vector<std::string> modules_ready() override { return {}; }
  void on_ready(ReadyListener) override {}
  void settle(journal::Settlement) override {}
  bool withdraw(journal::Settlement) override { return true; }
  std::vector<journal::Claim> waiting(std::size_t) override { return {}; }
  std::optional<UnixMillis> oldest_ready(const std::string&) override { return {}; }
  void checkpoint(journal::EventSeq, std::string, std::function<void(Result<void>)> done) override { done({}); }
  std::vector<journal::OutboxItem> outbox_due(std::size_t) override { return {}; }
  void outbox_done(std::int64_t) override {}
  void outbox_later(std::int64_t, UnixMillis) override {}
  Result<std::vector<journal::Row>> query(const journal::Filter&) override { return {}; }
  Result<std::vector<journal::Attempt>> attempts(journal::EventSeq) override { return {}; }
  journal::Stats stats() override { return {}; }
  void flush() override {}

 private:
  void answer_all() {
    std::vector<AppendDone> batch;
    while (true) {
      {
        MutexLock lock(mutex_);
        while (waiting_.empty() && !stopping_) lock.wait(given_);
        if (waiting_.empty()) return;
        batch.swap(waiting_);
      }
      for (AppendDone& done : batch) done(journal::Appended::kStored);
      batch.clear();
    }
  }

  Mutex mutex_;
  std::condition_variable given_;
  std::vector<AppendDone> waiting_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread writer_;
};

config::Config config_for(std::uint16_t port, const char* secret) {
  config::Config config;
  config.listen = {"127.0.0.1", port};
  config::App app;
  app.id = "app_bench";
  app.secrets.push_back({"bench", Secret(secret), {}, {}});
  config.apps.push_back(std::move(app));
  config.log.level = config::LogLevel::kWarn;
  return config;
}

int serve(std::uint16_t port, const char* secret) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  const SystemClock clock;
  const config::Config config = config_for(port, secret);
  telemetry::Log log(config.log);
  telemetry::Metrics metrics;
  const signature::Verifier verifier(config.apps, config.limits.timestamp_tolerance, clock);
  ForgetfulJournal journal;
  const auto route = [](const Event& event) { return std::optional<std::string>(event.reference); };
  ingest::Ingest ingest(verifier, journal, route, clock, log, metrics);
  webhook::Endpoint endpoint(config, ingest, clock);
  if (const auto bound = endpoint.bind(); !bound) {
    std::fprintf(stderr, "%s\n", bound.error().message.c_str());
    return 1;
  }
  endpoint.start();
  int signal = 0;
  sigwait(&ends, &signal);
  endpoint.drain(Deadline::after(clock, std::chrono::seconds(2)));
  return 0;
}

}  // namespace
}  // namespace modhost::bench

int main(int argc, char** argv) {
  const char* secret = std::getenv("BENCH_SECRET");
  if (argc != 2 || secret == nullptr) {
    std::fprintf(stderr, "usage: BENCH_SECRET=<text> bench_endpoint <port>\n");
    return 2;
  }
  return modhost::bench::serve(static_cast<std::uint16_t>(std::atoi(argv[1])), secret);
}
