// kill -9 at random moments: what a client was told is accepted is there afterwards, and nothing is half there. The ids
// come from the client's side, a pipe, never from the journal.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <set>
#include <thread>

#include "journal_test_support.hpp"
#include "store/connection.hpp"

namespace modhost::journal::test {
namespace {

struct Report {
  char kind = 0;  // 'a'ccepted, 's'ettled and committed
  int number = 0;
};

std::string id_of(int number) { return "evt_" + std::to_string(number); }

// The host that is going to be killed: accepts, claims, ends half of what it claims for the first time and all that it
// claims again, and reports what it was told.
[[noreturn]] void run_host(Options options, int first, int out) {
  auto opened = SqliteJournal::open(std::move(options));
  if (!opened) ::_exit(1);
  Journal& journal = **opened;
  const auto report = [out](char kind, int number) {
    const Report line{kind, number};
    if (::write(out, &line, sizeof(line)) != sizeof(line)) ::_exit(2);
  };
  std::vector<int> settled;
  for (int number = first;; ++number) {
    journal.append(event(id_of(number), "DemoApp", "body of " + id_of(number)), [=](Result<Appended> result) {
      if (result) report('a', number);
    });
    if (number % 8 != 0) continue;
    for (const Claim& claim : journal.claim("DemoApp", 4)) {
      if (claim.seq % 2 == 0 && claim.attempt == 1) continue;
      journal.settle(end(claim, State::kCompleted));
      settled.push_back(std::stoi(claim.event.id.substr(4)));
    }
    if (number % 32 != 0) continue;
    journal.flush();
    for (const int one : settled) report('s', one);
    settled.clear();
  }
}

class Crash : public JournalTest {
 protected:
  // Lets a host run until it has reported a random number of things, kills it, and returns all it reported.
  std::vector<Report> run_and_kill(int first, int reports_before_kill) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      Options with = options();
      static const SystemClock kClock;
      with.clock = &kClock;
      run_host(std::move(with), first, ends[1]);
    }
    ::close(ends[1]);
    std::vector<Report> reports;
    Report one;
    while (static_cast<int>(reports.size()) < reports_before_kill && ::read(ends[0], &one, sizeof(one)) == sizeof(one))
      reports.push_back(one);
    ::kill(child, SIGKILL);
    while (::read(ends[0], &one, sizeof(one)) == sizeof(one)) reports.push_back(one);
    ::close(ends[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it ended by itself: " << status;
    return reports;
  }
  std::int64_t number(store::Connection& connection, const std::string& sql) {
    return std::stoll(connection.value(sql).value().value());
  }
  // On the file alone, before a host repairs anything: the transactions themselves are whole.
  void expect_whole_file() {
    auto opened = store::Connection::open(options().state_dir / "journal.db", store::Connection::Mode::kWriter);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->value("PRAGMA integrity_check").value(), "ok");
    const auto accepted = number(*opened, "SELECT count(*) FROM event");
    const auto ended = number(*opened, "SELECT count(*) FROM event WHERE state>=3");
    EXPECT_EQ(number(*opened, "SELECT accepted FROM ledger"), accepted);
    EXPECT_EQ(number(*opened, "SELECT ended FROM ledger"), ended);
    EXPECT_EQ(number(*opened, "SELECT count(*) FROM body"), accepted) << "an event without its body";
    EXPECT_EQ(number(*opened, "SELECT count(*) FROM event WHERE state>=3 AND seq NOT IN (SELECT seq FROM attempt)"), 0);
    EXPECT_EQ(number(*opened, "SELECT count(*) FROM (SELECT 1 FROM event GROUP BY app, id HAVING count(*)>1)"), 0);
    EXPECT_GT(accepted, ended) << "the kill came when nothing was unsettled: it proves nothing";
  }
};

TEST_F(Crash, NothingAcknowledgedIsLostByKill) {
  std::mt19937 random(20'26);
  std::set<int> accepted, settled;
  int first = 1;
  for (int round = 0; round < 24; ++round) {
    const int reports = std::uniform_int_distribution(1, 250)(random);
    for (const Report& report : run_and_kill(first, reports))
      (report.kind == 'a' ? accepted : settled).insert(report.number);
    ASSERT_FALSE(accepted.empty());
    first = *accepted.rbegin() + 10'000;
    expect_whole_file();

    open();
    expect_balanced();
    Filter running;
    running.state = State::kRunning;
    EXPECT_TRUE(rows(running).empty()) << "recovery leaves nobody running";
    for (const int number : settled) {
      Filter filter;
      filter.id = id_of(number);
      const auto found = rows(filter);
      ASSERT_EQ(found.size(), 1u);
      EXPECT_EQ(found[0].state, State::kCompleted);
    }
    close();
  }
  open();
  std::atomic<std::size_t> duplicates = 0;
  for (const int number : accepted)
    journal_->append(event(id_of(number), "DemoApp", "body of " + id_of(number)),
                     [&](Result<Appended> result) { duplicates += result.value() == Appended::kDuplicate ? 1 : 0; });
  journal_->flush();
  EXPECT_EQ(duplicates, accepted.size()) << "an accepted event is not there, or not with its body";
  EXPECT_GT(settled.size(), 20u);

  // Every one of them still ends.
  while (journal_->stats().accepted > journal_->stats().ended) {
    for (const Claim& claim : journal_->claim("DemoApp", 100)) {
      EXPECT_EQ(claim.event.body, "body of " + claim.event.id);
      journal_->settle(end(claim, State::kCompleted));
    }
    journal_->flush();
  }
  expect_balanced();
  EXPECT_GE(journal_->stats().ended, accepted.size());
}

}  // namespace
}  // namespace modhost::journal::test
