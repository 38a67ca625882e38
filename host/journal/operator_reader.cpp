#include "journal/operator_reader.hpp"

#include <algorithm>

#include "journal/filter_sql.hpp"
#include "journal/rows.hpp"

namespace modhost::journal {
namespace {

using store::Statement;

constexpr EventSeq kWindow = 100'000;            // rows that one statement looks through
constexpr EventSeq kIndexedWindow = 10'000'000;  // the same where an index leaves few of them
constexpr std::size_t kGroupsMax = 10'000;
constexpr int kWindowsMax = 20;                         // in one page
constexpr auto kClockStepMax = std::chrono::hours(24);  // arrival and clock disagree by less

constexpr const char* kRowColumns =
    "e.seq, e.app, e.id, e.name, e.module, e.company_id, e.user_id, e.chat_id, e.reason, e.detail, e.state, "
    "e.attempts, e.received_at, e.updated_at, e.generation, e.not_before";
constexpr int kRowColumnCount = 16;

Row row_from(const Statement& row) {
  Row result;
  int at = 0;
  result.seq = row.integer(at++);
  for (std::string* field : {&result.app, &result.id, &result.name, &result.module, &result.company_id, &result.user_id,
                             &result.chat_id, &result.reason, &result.detail})
    *field = row.bytes(at++);
  result.state = static_cast<State>(row.integer(at++));
  result.attempts = static_cast<unsigned>(row.integer(at++));
  result.received_at = unix_millis(row.integer(at++));
  result.updated_at = unix_millis(row.integer(at++));
  result.generation = static_cast<unsigned>(row.integer(at++));
  result.not_before = unix_millis(row.integer(at));
  return result;
}

// The windows of a filter, one after the other in its order.
class Scan {
 public:
  static Result<Scan> begin(store::Connection& connection, const Filter& filter) {
    auto ends = connection.prepare("SELECT (SELECT min(seq) FROM event), (SELECT max(seq) FROM event)");
    if (!ends) return std::move(ends.error());
    auto row = ends->step();
    if (!row) return std::move(row.error());
    auto edge = connection.prepare("SELECT received_at FROM event WHERE seq<=?1 ORDER BY seq DESC LIMIT 1");
    if (!edge) return std::move(edge.error());
    Scan scan(filter, std::move(*edge));
    scan.left_ = {std::max(ends->integer(0), filter.after + 1), ends->integer(1)};
    if (filter.before > 0) scan.left_.high = std::min(scan.left_.high, filter.before - 1);
    if (filter.seq > 0) scan.left_ = {std::max(scan.left_.low, filter.seq), std::min(scan.left_.high, filter.seq)};
    if (!filter.id.empty()) scan.step_ = scan.left_.high;
    return scan;
  }
  // False: all has been looked through.
  Result<bool> next(Window& window) {
    if (left_.low > left_.high) return false;
    if (windows_++ > 0) {
      auto is_past = past();
      if (!is_past) return std::move(is_past.error());
      if (*is_past) return false;
    }
    window = left_;
    if (filter_.oldest_first) {
      window.high = std::min(window.high, window.low + step_ - 1);
      left_.low = window.high + 1;
    } else {
      window.low = std::max(window.low, window.high - step_ + 1);
      left_.high = window.low - 1;
    }
    return true;
  }
  [[nodiscard]] bool is_over() const { return left_.low > left_.high; }
  [[nodiscard]] bool is_tired() const { return windows_ >= kWindowsMax; }

 private:
  Scan(const Filter& filter, Statement edge)
      : filter_(filter),
        edge_(std::move(edge)),
        step_(filter.state && *filter.state > State::kCompleted ? kIndexedWindow : kWindow) {}

  // Rows are numbered as they arrive: behind the time that is asked for there are no more.
  Result<bool> past() {
    const auto& limit = filter_.oldest_first ? filter_.until : filter_.since;
    if (!limit) return false;
    auto row = edge_.with(filter_.oldest_first ? left_.low : left_.high).step();
    if (!row) return std::move(row.error());
    if (!*row) return false;
    const UnixMillis at = unix_millis(edge_.integer(0));
    edge_.reset();
    return filter_.oldest_first ? at > *limit + kClockStepMax : at < *limit - kClockStepMax;
  }

  const Filter& filter_;
  Statement edge_;
  EventSeq step_;
  Window left_{};
  int windows_ = 0;
};

// Groups of several windows become one.
void add(Plan& plan, Plan::Group group) {
  (group.refused.empty() ? plan.events : plan.refused) += group.events;
  const auto same = [&group](const Plan::Group& one) {
    return one.module == group.module && one.reason == group.reason && one.state == group.state &&
           one.refused == group.refused;
  };
  const auto found = std::find_if(plan.groups.begin(), plan.groups.end(), same);
  if (found != plan.groups.end())
    found->events += group.events;
  else
    plan.groups.push_back(std::move(group));
}

std::string in_order(const Filter& filter) {
  return filter.oldest_first ? " ORDER BY e.seq LIMIT ?3" : " ORDER BY e.seq DESC LIMIT ?3";
}

// Up to `max` values in the filter's order. Where to go on, or 0.
template <class Value, class Make, class SeqOf>
Result<EventSeq> collect(store::Connection& connection, const Filter& filter, const std::string& sql, std::size_t max,
                         Make make, SeqOf seq_of, std::vector<Value>& found) {
  auto scan = Scan::begin(connection, filter);
  if (!scan) return std::move(scan.error());
  auto statement = connection.prepare(sql);
  if (!statement) return std::move(statement.error());
  Window window;
  while (true) {
    auto is_more = scan->next(window);
    if (!is_more) return std::move(is_more.error());
    if (!*is_more) return EventSeq{0};
    bind(*statement, filter, window, max - found.size());
    while (true) {
      auto row = statement->step();
      if (!row) return std::move(row.error());
      if (!*row) break;
      found.push_back(make(*statement));
    }
    const EventSeq edge = filter.oldest_first ? window.high : window.low;
    if (found.size() == max) {
      const EventSeq last = seq_of(found.back());
      return last == edge && scan->is_over() ? EventSeq{0} : last;
    }
    if (scan->is_tired()) return scan->is_over() ? EventSeq{0} : edge;
  }
}

template <class Rows>
Result<Rows> closing(std::optional<store::Connection>& connection, Result<Rows> rows) {
  if (!rows) connection.reset();
  return rows;
}

Result<store::Connection*> opened(const store::Store& store, std::optional<store::Connection>& connection) {
  if (connection) return &*connection;
  auto made = store.open_reader();
  if (!made) return std::move(made.error());
  connection = std::move(*made);
  return &*connection;
}

}  // namespace

template <class Value, class Make, class... Values>
Result<std::vector<Value>> OperatorReader::rows(std::string_view sql, Make make, const Values&... values) {
  const MutexLock lock(mutex_);
  auto connection = opened(store_, connection_);
  if (!connection) return std::move(connection.error());
  const auto read = [&]() -> Result<std::vector<Value>> {
    auto statement = (*connection)->prepare(sql);
    if (!statement) return std::move(statement.error());
    statement->with(values...);
    std::vector<Value> found;
    while (true) {
      auto row = statement->step();
      if (!row) return std::move(row.error());
      if (!*row) return found;
      found.push_back(make(*statement));
    }
  };
  return closing(connection_, read());
}

Result<Page> OperatorReader::page(const Filter& filter) {
  const MutexLock lock(mutex_);
  auto connection = opened(store_, connection_);
  if (!connection) return std::move(connection.error());
  const std::string sql = std::string("SELECT ") + kRowColumns + " FROM event e" + where_sql(filter) + in_order(filter);
  Page page;
  auto next =
      closing(connection_, collect(
                               **connection, filter, sql, std::clamp<std::size_t>(filter.limit, 1, kPageRowsMax),
                               row_from, [](const Row& row) { return row.seq; }, page.rows));
  if (!next) return std::move(next.error());
  page.next = *next;
  return page;
}

Result<OperatorReader::Picked> OperatorReader::pick(Change change, const ChangeRequest& request, std::size_t max) {
  const MutexLock lock(mutex_);
  auto connection = opened(store_, connection_);
  if (!connection) return std::move(connection.error());
  Filter filter = request.filter;
  filter.oldest_first = true;
  const std::string sql = "SELECT e.seq, e.state, e.body_bytes FROM event e" + where_sql(filter) +
                          scope_sql(change, request) + " AND " + refusal_sql(change, request) + "=''" +
                          in_order(filter);
  Picked picked;
  auto next = closing(connection_, collect(
                                       **connection, filter, sql, max,
                                       [](const Statement& row) {
                                         return Picked::One{row.integer(0), static_cast<State>(row.integer(1)),
                                                            static_cast<std::uint64_t>(row.integer(2))};
                                       },
                                       [](const Picked::One& one) { return one.seq; }, picked.events));
  if (!next) return std::move(next.error());
  picked.next = *next;
  return picked;
}

Result<Plan> OperatorReader::plan(Change change, const ChangeRequest& request) {
  const MutexLock lock(mutex_);
  auto connection = opened(store_, connection_);
  if (!connection) return std::move(connection.error());
  Filter filter = request.filter;
  filter.oldest_first = true;
  const std::string sql = "SELECT e.module, e.state, e.reason, " + refusal_sql(change, request) +
                          " AS refused, count(*) FROM event e" + where_sql(filter) + scope_sql(change, request) +
                          " GROUP BY 1, 2, 3, 4 LIMIT ?3";
  const auto read = [&]() -> Result<Plan> {
    auto newest = (*connection)->value("SELECT coalesce(max(seq),0) FROM event");
    if (!newest) return std::move(newest.error());
    Plan plan;
    plan.before = std::stoll(**newest) + 1;
    if (filter.before == 0 || filter.before > plan.before) filter.before = plan.before;
    plan.before = filter.before;
    auto scan = Scan::begin(**connection, filter);
    if (!scan) return std::move(scan.error());
    auto statement = (*connection)->prepare(sql);
    if (!statement) return std::move(statement.error());
    for (Window window;;) {
      auto is_more = scan->next(window);
      if (!is_more) return std::move(is_more.error());
      if (!*is_more) return plan;
      bind(*statement, filter, window, kGroupsMax);
      while (true) {
        auto row = statement->step();
        if (!row) return std::move(row.error());
        if (!*row) break;
        add(plan, {statement->text(0), statement->text(2), static_cast<State>(statement->integer(1)),
                   statement->text(3), static_cast<std::uint64_t>(statement->integer(4))});
      }
    }
  };
  return closing(connection_, read());
}

Result<Details> OperatorReader::details(EventSeq seq) {
  std::string sql = std::string("SELECT ") + kRowColumns + ", " + refusal_sql(Change::kReplay, {}) +
                    ", e.turn_completed, e.prior_run, e.fresh_at, EXISTS (SELECT 1 FROM body b WHERE b.seq=e.seq) FROM "
                    "event e WHERE e.seq=?1";
  auto found = rows<Details>(
      sql,
      [](const Statement& row) {
        Details details;
        details.row = row_from(row);
        int at = kRowColumnCount;
        details.why_not_replayable = row.text(at++);
        details.turn_completed = row.integer(at++) != 0;
        details.prior_run = row.integer(at++) != 0;
        const std::int64_t fresh_at = row.integer(at++);
        details.fresh_since = fresh_at == 0 ? details.row.received_at : unix_millis(fresh_at);
        details.has_body = row.integer(at) != 0;
        return details;
      },
      seq);
  if (!found) return std::move(found.error());
  if (found->empty()) return not_found("there is no event " + std::to_string(seq));
  Details& details = found->front();
  auto events = rows<Event>(std::string("SELECT ") + kEventColumns + " FROM event e WHERE e.seq=?1", event_from, seq);
  if (!events) return std::move(events.error());
  if (!events->empty()) details.event = std::move(events->front());
  auto attempts = this->attempts(seq);
  if (!attempts) return std::move(attempts.error());
  details.attempts = std::move(*attempts);
  auto endings = rows<Details::Ending>(
      "SELECT substr(ending,1,8)='{\"step\":', is_prepared=0, tries, not_before FROM outbox WHERE seq=?1 ORDER BY id",
      [](const Statement& row) {
        return Details::Ending{row.integer(0) != 0, row.integer(1) != 0, static_cast<unsigned>(row.integer(2)),
                               unix_millis(row.integer(3))};
      },
      seq);
  if (!endings) return std::move(endings.error());
  details.endings = std::move(*endings);
  return std::move(details);
}

Result<std::vector<Attempt>> OperatorReader::attempts(EventSeq seq) {
  return rows<Attempt>(
      "SELECT n, started_at, ended_at, outcome, detail, generation FROM attempt WHERE seq=?1 ORDER BY run",
      [](const Statement& row) {
        return Attempt{static_cast<unsigned>(row.integer(0)),
                       unix_millis(row.integer(1)),
                       unix_millis(row.integer(2)),
                       row.text(3),
                       row.text(4),
                       static_cast<unsigned>(row.integer(5))};
      },
      seq);
}

Result<std::string> OperatorReader::body(EventSeq seq) {
  auto found = rows<std::string>(
      "SELECT bytes FROM body WHERE seq=?1", [](const Statement& row) { return row.text(0); }, seq);
  if (!found) return std::move(found.error());
  if (found->empty()) return Error{Code::kGone, "event " + std::to_string(seq) + " has no body any more"};
  return std::move(found->front());
}

Result<std::vector<PausedModule>> OperatorReader::paused() {
  return rows<PausedModule>("SELECT module, actor, since FROM paused_module ORDER BY module", [](const Statement& row) {
    return PausedModule{row.text(0), row.text(1), unix_millis(row.integer(2))};
  });
}

Result<std::vector<AuditEntry>> OperatorReader::audited(std::int64_t before, std::size_t limit) {
  return rows<AuditEntry>(
      "SELECT id, at, actor, action, detail, count FROM audit WHERE ?1=0 OR id<?1 ORDER BY id DESC LIMIT ?2",
      [](const Statement& row) {
        return AuditEntry{row.integer(0), unix_millis(row.integer(1)),
                          row.text(2),    row.text(3),
                          row.text(4),    static_cast<std::uint64_t>(row.integer(5))};
      },
      before, std::clamp<std::size_t>(limit, 1, kPageRowsMax));
}

}  // namespace modhost::journal
