// How many durable appends a second: N events of 2 KiB with K in flight, from two threads as the host has them. Prints
// one line. usage: journal_bench [events] [in flight] [body bytes] [folder]
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "crypto/digest.hpp"
#include "journal/sqlite_journal.hpp"

namespace {

using namespace modhost;
using Steady = std::chrono::steady_clock;

journal::NewEvent make_event(const std::string& body) {
  journal::NewEvent added;
  added.module = "DemoApp";
  Event& event = added.event;
  event.app = "app_kqzhb5ylqm2s6d8f4ucdjt0r";
  event.id = "evt_" + crypto::random_token(24);
  event.name = kExternalModuleChosen;
  event.reference = "DemoApp";
  for (std::string* id : {&event.user_id, &event.company_id, &event.chat_id, &event.assistant_id,
                          &event.assistant_message_id, &event.user_message_id})
    *id = "id_kqzhb5ylqm2s6d8f4ucdjt0r";
  event.created_at_s = 1'760'000'000;
  event.key_id = "app/1";
  event.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  event.body = body;
  added.body_sha256 = std::string(32, 's');
  return added;
}

struct Load {
  std::size_t events, in_flight;
  std::string body;
};

// One producer: keeps its share in flight; an answer makes room for the next.
void produce(journal::Journal& journal, const Load& load, std::vector<double>& latencies,
             std::atomic<std::size_t>& failures) {
  std::mutex mutex;
  std::condition_variable room;
  std::size_t open = 0;
  latencies.resize(load.events);
  for (std::size_t i = 0; i < load.events; ++i) {
    {
      std::unique_lock lock(mutex);
      room.wait(lock, [&] { return open < load.in_flight; });
      ++open;
    }
    auto added = make_event(load.body);
    const auto start = Steady::now();
    journal.append(std::move(added), [&, i, start](Result<journal::Appended> result) {
      latencies[i] = std::chrono::duration<double, std::milli>(Steady::now() - start).count();
      if (!result) ++failures;
      const std::lock_guard lock(mutex);
      --open;
      room.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  room.wait(lock, [&] { return open == 0; });
}

double cpu_seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int at, std::size_t otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
  };
  const std::size_t events = number(1, 200'000), in_flight = number(2, 64);
  const std::filesystem::path dir =
      argc > 4 ? argv[4] : std::filesystem::temp_directory_path() / "modhost-journal-bench";
  std::filesystem::remove_all(dir);
  const SystemClock clock;
  journal::Options options;
  options.state_dir = dir;
  options.clock = &clock;
  options.ready_events_max = 10 * events;
  auto journal = journal::SqliteJournal::open(options);
  if (!journal) {
    std::fprintf(stderr, "%s\n", journal.error().message.c_str());
    return 1;
  }
  const std::size_t threads = std::min<std::size_t>(2, in_flight);
  const Load load{events / threads, std::max<std::size_t>(1, in_flight / threads), std::string(number(3, 2048), 'x')};
  std::vector<std::vector<double>> latencies(threads);
  std::atomic<std::size_t> failures = 0;
  std::vector<std::thread> producers;
  const auto start = Steady::now();
  for (std::size_t i = 0; i < threads; ++i)
    producers.emplace_back([&, i] { produce(**journal, load, latencies[i], failures); });
  for (std::thread& producer : producers) producer.join();
  const double seconds = std::chrono::duration<double>(Steady::now() - start).count();
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  std::vector<double> all;
  for (const auto& part : latencies) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  const auto count = static_cast<double>(all.size());
  const journal::Stats stats = (*journal)->stats();
  std::printf(
      "%zu in flight: %.0f events/s, p50 %.2f ms, p99 %.2f ms, max %.1f ms, %.1f us CPU an event (user %.1f), %.1f a "
      "commit, "
      "%zu failures, peak RSS %ld MiB\n",
      in_flight, count / seconds, all[all.size() / 2], all[all.size() * 99 / 100], all.back(),
      (cpu_seconds(used.ru_utime) + cpu_seconds(used.ru_stime)) / count * 1e6, cpu_seconds(used.ru_utime) / count * 1e6,
      count / static_cast<double>(stats.commits), failures.load(), used.ru_maxrss / 1024);
  journal->reset();
  std::filesystem::remove_all(dir);
  return failures == 0 ? 0 : 1;
}
