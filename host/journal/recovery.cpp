#include "journal/recovery.hpp"

#include "base/fault_point.hpp"
#include "journal/ready_set.hpp"
#include "journal/rows.hpp"
#include "store/migrate.hpp"

namespace modhost::journal {
namespace {

using store::Connection;
using store::Statement;

constexpr const char* kOnceKey = "once_modules";
constexpr const char* kInterrupted = "interrupted";
constexpr auto kEndingDelayMax = std::chrono::seconds(60);  // the longest for which the dispatcher puts one off

// Module names as one line each: a name with a line break can not be configured.
std::string join(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return text;
}

bool contains_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

struct Interrupted {
  Event event;
  EventSeq seq = 0;
  std::string module;
  unsigned crash_count = 0;
  unsigned attempt = 1, generation = 0;
  bool turn_completed = false;
  std::uint32_t body_bytes = 0;
  UnixMillis started_at{};
};

Result<void> read_interrupted(Statement& rows, std::vector<Interrupted>& found) {
  while (true) {
    auto row = rows.step();
    if (!row) return std::move(row.error());
    if (!*row) return {};
    int at = kEventColumnCount;
    Interrupted one;
    one.event = event_from(rows);
    one.seq = rows.integer(0);
    one.module = rows.text(at++);
    one.crash_count = static_cast<unsigned>(rows.integer(at++));
    one.attempt = static_cast<unsigned>(rows.integer(at++)) + 1;
    one.generation = static_cast<unsigned>(rows.integer(at++));
    one.turn_completed = rows.integer(at++) != 0;
    one.body_bytes = static_cast<std::uint32_t>(rows.integer(at++));
    one.started_at = unix_millis(rows.integer(at));
    found.push_back(std::move(one));
  }
}

// Those marked as running, and those that had begun before their mark was durable.
Result<std::vector<Interrupted>> running_events(Connection& connection, const std::set<EventSeq>& begun) {
  std::string sql = "SELECT ";
  sql += kEventColumns;
  sql +=
      ", e.module, e.crash_count, e.attempts, e.generation, e.turn_completed, e.body_bytes, e.updated_at FROM "
      "event e ";
  auto marked = connection.prepare(sql + "INDEXED BY event_live WHERE e.state=1 AND e.state<3 ORDER BY e.seq");
  if (!marked) return std::move(marked.error());
  auto unmarked = connection.prepare(sql + "WHERE e.seq=?1 AND e.state=0");
  if (!unmarked) return std::move(unmarked.error());
  std::vector<Interrupted> found;
  if (auto done = read_interrupted(*marked, found); !done) return std::move(done.error());
  for (const EventSeq seq : begun)
    if (auto done = read_interrupted(unmarked->with(seq), found); !done) return std::move(done.error());
  return found;
}

std::string blame_of(const LastRunning* known, EventSeq seq) {
  if (known == nullptr) return {};
  const auto found = known->blamed.find(seq);
  return found == known->blamed.end() ? std::string() : found->second;
}

// A run that nobody will settle any more is settled here, through the same statements as any other.
Result<void> settle_interrupted(Connection& connection, Tables& tables, const Options& options, const LastRun& last,
                                const Interrupted& event, Recovered& recovered) {
  const LastRunning* const known = last.running;
  const bool has_begun = known == nullptr || known->begun.contains(event.seq);
  const bool is_once = options.once_modules.contains(event.module);
  SettleOp op;
  op.settlement.seq = event.seq;
  op.settlement.state = State::kReady;
  op.settlement.reason = kInterrupted;
  op.settlement.detail = "the host stopped while this attempt ran";
  op.settlement.consumes_attempt = has_begun;
  op.has_steps = true;  // perhaps
  op.attempt = event.attempt;
  op.generation = event.generation;
  op.started_at = event.started_at;
  op.ended_at = options.clock->unix_now();
  if (has_begun && is_once) op.settlement.state = State::kDead;
  if (const std::string blame = blame_of(known, event.seq); !blame.empty()) {
    op.settlement.detail = "the plugin's code ended the host: " + blame;
    auto counted = connection.prepare("UPDATE event SET crash_count=crash_count+1 WHERE seq=?1");
    if (!counted) return std::move(counted.error());
    if (auto done = counted->with(event.seq).run(); !done) return std::move(done.error());
    if (event.crash_count + 1 >= kCrashCountMax) {
      op.settlement.state = State::kDead;
      op.settlement.reason = "poison";
      ++recovered.poisoned;
    }
  }
  if (op.settlement.state == State::kDead) {
    if (options.interrupted_ending && !event.turn_completed)
      op.settlement.ending = options.interrupted_ending(event.event, event.module);
    ++recovered.ledger.ended;
    recovered.ledger.live_bytes -= std::min<std::uint64_t>(event.body_bytes, recovered.ledger.live_bytes);
  }
  recovered.interrupted += has_begun ? 1 : 0;
  auto settled = tables.settle(op, last.epoch - 1);
  fault_point("journal.interrupted_settled");
  if (!settled) return std::move(settled.error());
  return {};
}

Result<void> flag_possible_runs(Connection& connection, const std::vector<Recovered::Module>& modules,
                                const std::string& were_once) {
  auto flag = connection.prepare(
      "UPDATE event SET prior_run=1 WHERE seq IN (SELECT seq FROM event WHERE module=?1 AND state=0 AND state<3 AND "
      "prior_run=0 "
      "ORDER BY seq LIMIT ?2)");
  if (!flag) return std::move(flag.error());
  for (const Recovered::Module& module : modules) {
    if (contains_line(were_once, module.name)) continue;
    auto done = flag->with(module.name, ReadySet::kUnmarkedMax).run();
    if (!done) return std::move(done.error());
  }
  return {};
}

Result<std::vector<Recovered::Module>> live_modules(Connection& connection) {
  auto rows = connection.prepare(
      "SELECT module, state, count(*) FROM event INDEXED BY event_live WHERE state<3 GROUP BY module, state ORDER BY "
      "module");
  if (!rows) return std::move(rows.error());
  std::vector<Recovered::Module> modules;
  while (true) {
    auto row = rows->step();
    if (!row) return std::move(row.error());
    if (!*row) return modules;
    if (modules.empty() || modules.back().name != rows->bytes(0)) modules.push_back({rows->text(0), {}});
    modules.back().live.at(static_cast<std::size_t>(rows->integer(1))) = static_cast<std::uint64_t>(rows->integer(2));
  }
}

// The clock was set back while no host ran: what came later than now came now, or it would outlive its deadline by that
// step. The newest event tells, so that a long backlog costs nothing.
Result<void> pull_out_of_future(Connection& connection, UnixMillis now) {
  auto newest = connection.value("SELECT received_at FROM event ORDER BY seq DESC LIMIT 1");
  if (!newest) return std::move(newest.error());
  if (!newest->has_value() || unix_millis(std::stoll(**newest)) <= now) return {};
  auto pull = connection.prepare(
      "UPDATE event SET received_at=min(received_at,?1), fresh_at=min(fresh_at,?1) WHERE state<3 AND (received_at>?1 "
      "OR "
      "fresh_at>?1)");
  if (!pull) return std::move(pull.error());
  auto done = pull->with(millis(now)).run();
  if (!done) return std::move(done.error());
  return {};
}

// Nothing waits longer from now on than it was told to, whatever has happened to the clock.
Result<void> read_timers(Connection& connection, UnixMillis now, Recovered& recovered) {
  auto rows = connection.prepare(
      "SELECT seq, module, not_before, updated_at, app, company_id, chat_id FROM event WHERE module=?1 AND state=2 AND "
      "state<3 ORDER BY seq");
  if (!rows) return std::move(rows.error());
  for (const Recovered::Module& module : recovered.modules) {
    rows->with(module.name);
    while (true) {
      auto row = rows->step();
      if (!row) return std::move(row.error());
      if (!*row) break;
      Event ids;
      ids.app = rows->text(4);
      ids.company_id = rows->text(5);
      ids.chat_id = rows->text(6);
      const UnixMillis not_before = unix_millis(rows->integer(2));
      const UnixMillis latest = now + (not_before - unix_millis(rows->integer(3)));
      recovered.waiting.push_back(
          {rows->integer(0), rows->text(1), std::move(ids), not_before, std::min(not_before, latest)});
    }
  }
  auto endings = connection.prepare("SELECT id, not_before FROM outbox WHERE is_prepared=0 ORDER BY id");
  if (!endings) return std::move(endings.error());
  while (true) {
    auto row = endings->step();
    if (!row) return std::move(row.error());
    if (!*row) return {};
    recovered.outbox.push_back(
        {endings->integer(0), std::min<UnixMillis>(unix_millis(endings->integer(1)), now + kEndingDelayMax)});
  }
}

// Nobody will learn the id of a step whose call was cut off: there is nothing to close it by.
Result<void> read_steps(Connection& connection, Recovered& recovered) {
  auto unknown = connection.prepare("DELETE FROM outbox WHERE is_prepared=1 AND ending=''");
  if (!unknown) return std::move(unknown.error());
  auto dropped = unknown->run();
  if (!dropped) return std::move(dropped.error());
  recovered.unknown_steps = *dropped;
  auto steps = connection.prepare("SELECT seq, count(*) FROM outbox WHERE is_prepared=1 GROUP BY seq");
  if (!steps) return std::move(steps.error());
  while (true) {
    auto row = steps->step();
    if (!row) return std::move(row.error());
    if (!*row) return {};
    recovered.steps.push_back({steps->integer(0), static_cast<unsigned>(steps->integer(1))});
  }
}

// A copy was put in place: the audit goes on with that.
Result<void> note_restore(Connection& connection, UnixMillis now) {
  auto note = store::meta(connection, "restored", "");
  if (!note) return std::move(note.error());
  if (note->empty()) return {};
  auto kept = connection.prepare(
      "INSERT INTO audit (at, actor, action, detail, count) VALUES (?1,'modhost restore',"
      "'restore',?2,1)");
  if (!kept) return std::move(kept.error());
  auto done = kept->with(millis(now), *note).run();
  if (!done) return std::move(done.error());
  return connection.execute("DELETE FROM meta WHERE key='restored'");
}

Result<Recovered> recover_inside(Connection& connection, const Options& options, const LastRun& last, KnownIds& known) {
  Tables tables;
  if (auto done = tables.attach(connection); !done) return std::move(done.error());
  Recovered recovered;
  auto ledger = tables.ledger();
  if (!ledger) return std::move(ledger.error());
  recovered.ledger = *ledger;

  const UnixMillis now = options.clock->unix_now();
  if (auto done = pull_out_of_future(connection, now); !done) return std::move(done.error());
  if (auto done = note_restore(connection, now); !done) return std::move(done.error());
  auto running = running_events(connection, last.running != nullptr ? last.running->begun : std::set<EventSeq>());
  if (!running) return std::move(running.error());
  for (const Interrupted& event : *running)
    if (auto done = settle_interrupted(connection, tables, options, last, event, recovered); !done)
      return std::move(done.error());

  auto modules = live_modules(connection);
  if (!modules) return std::move(modules.error());
  recovered.modules = std::move(*modules);
  if (!last.was_clean && last.running == nullptr) {
    auto were_once = store::meta(connection, kOnceKey, "");
    if (!were_once) return std::move(were_once.error());
    if (auto done = flag_possible_runs(connection, recovered.modules, *were_once); !done)
      return std::move(done.error());
  }
  if (auto done = remember_once_modules(connection, options.once_modules); !done) return std::move(done.error());
  if (auto done = read_timers(connection, now, recovered); !done) return std::move(done.error());
  if (auto done = read_steps(connection, recovered); !done) return std::move(done.error());

  if (auto done = known.load(recovered.ledger.keyed_upto); !done) return std::move(done.error());
  recovered.ledger.keyed_upto = known.keyed_upto();
  if (auto done = tables.set_ledger(recovered.ledger); !done) return std::move(done.error());

  auto last_seq = connection.value("SELECT coalesce(max(seq),0) FROM event");
  if (!last_seq) return std::move(last_seq.error());
  recovered.last_seq = std::max<EventSeq>(std::stoll(**last_seq), recovered.ledger.keyed_upto);
  return recovered;
}

}  // namespace

Result<void> remember_once_modules(Connection& connection, const std::set<std::string>& modules) {
  return store::set_meta(connection, kOnceKey, join(modules));
}

Result<Recovered> recover(Connection& connection, const Options& options, const LastRun& last, KnownIds& known) {
  if (auto begun = connection.begin(); !begun) return std::move(begun.error());
  auto recovered = recover_inside(connection, options, last, known);
  fault_point("journal.recovery_written");
  if (recovered) {
    if (auto done = connection.commit(); !done) recovered = std::move(done.error());
  }
  fault_point("journal.recovered");
  if (!recovered) connection.rollback();
  return recovered;
}

}  // namespace modhost::journal
