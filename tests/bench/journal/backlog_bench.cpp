// A backlog of N waiting events: how long it takes to open, how fast it hands them out, and how much memory it takes.
// Prints one line of JSON. usage: bench_backlog [events] [claims] [folder]
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "journal/sqlite_journal.hpp"

namespace {

using namespace modhost;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kInFlight = 2048;

journal::NewEvent make_event(std::size_t number) {
  journal::NewEvent added;
  added.module = "DemoApp";
  Event& event = added.event;
  event.app = "app_kqzhb5ylqm2s6d8f4ucdjt0r";
  event.id = "evt_" + std::to_string(number);
  event.name = kExternalModuleChosen;
  event.reference = "DemoApp";
  event.chat_id = "chat_" + std::to_string(number);
  event.user_id = event.company_id = event.assistant_id = event.assistant_message_id = "id_kqzhb5ylqm2s6d8f4ucdjt0r";
  event.body = std::string(2048, 'x');
  return added;
}

// Resident memory now, in MB.
double resident_mb() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0, resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

double seconds_since(Steady::time_point start) { return std::chrono::duration<double>(Steady::now() - start).count(); }

bool fill(journal::Journal& journal, std::size_t events) {
  std::mutex mutex;
  std::condition_variable room;
  std::size_t open = 0;
  std::atomic<std::size_t> failures = 0;
  for (std::size_t i = 0; i < events; ++i) {
    {
      std::unique_lock lock(mutex);
      room.wait(lock, [&] { return open < kInFlight; });
      ++open;
    }
    journal.append(make_event(i), [&](const Result<journal::Appended>& result) {
      if (!result) ++failures;
      const std::lock_guard lock(mutex);
      --open;
      room.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  room.wait(lock, [&] { return open == 0; });
  return failures == 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::size_t claims = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 20'000;
  const std::filesystem::path dir =
      argc > 3 ? argv[3] : std::filesystem::temp_directory_path() / "modhost-backlog-bench";
  std::filesystem::remove_all(dir);
  const SystemClock clock;
  journal::Options options;
  options.state_dir = dir;
  options.clock = &clock;
  options.ready_events_max = 2 * events;
  options.ready_bytes_max = ~0ull;
  const auto open = [&] { return journal::SqliteJournal::open(options); };
  auto journal = open();
  if (!journal || !fill(**journal, events)) {
    std::fprintf(stderr, "can not fill the journal in %s\n", dir.c_str());
    return 1;
  }
  journal->reset();
  const auto opening = Steady::now();
  journal = open();
  const double open_s = seconds_since(opening);
  if (!journal) {
    std::fprintf(stderr, "%s\n", journal.error().message.c_str());
    return 1;
  }
  const double before_mb = resident_mb();
  std::vector<double> times;
  std::size_t seen = 0;
  for (std::size_t turn = 0; seen < claims && turn < 10 * claims; ++turn) {
    const auto start = Steady::now();
    const auto claimed = (*journal)->claim("DemoApp", 1, journal::ClaimOrder::kPerChat);
    if (claimed.empty()) {  // the marks of the ones before are on their way to the disk
      (*journal)->flush();
      continue;
    }
    times.push_back(1000 * seconds_since(start));
    journal::Settlement end;
    end.seq = claimed.front().seq;
    end.token = claimed.front().token;
    end.reason = "ok";
    (*journal)->settle(std::move(end));
    ++seen;
  }
  std::sort(times.begin(), times.end());
  std::printf(
      "{\"events\":%zu,\"open_s\":%.2f,\"claims\":%zu,\"claim_p50_ms\":%.4f,\"claim_p99_ms\":%.4f,"
      "\"rss_open_mb\":%.1f,\"rss_end_mb\":%.1f}\n",
      events, open_s, seen, times[times.size() / 2], times[times.size() * 99 / 100], before_mb, resident_mb());
  journal->reset();
  std::filesystem::remove_all(dir);
  return seen == claims ? 0 : 1;
}
