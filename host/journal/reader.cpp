#include "journal/reader.hpp"

#include "journal/known_ids.hpp"
#include "journal/rows.hpp"

namespace modhost::journal {
namespace {

using store::Statement;

constexpr std::size_t kQueryRowsMax = 500;

// The condition state<3 repeats what a live state implies: only then SQLite uses the partial index.
std::string claim_sql(std::string_view where) {
  std::string sql = "SELECT ";
  sql += kEventColumns;
  sql += kClaimColumns;
  sql += ", b.bytes, c.blob FROM event e LEFT JOIN body b ON b.seq=e.seq LEFT JOIN checkpoint c ON c.seq=e.seq WHERE ";
  return sql += where;
}

std::string waiting_sql() {
  std::string sql = "SELECT ";
  sql += kEventColumns;
  sql += kClaimColumns;
  return sql +=
         " FROM event e INDEXED BY event_live WHERE e.state=2 AND e.state<3 AND e.name=?2 AND e.chat_id<>'' AND "
         "e.assistant_message_id<>'' ORDER BY e.seq LIMIT ?1";
}

std::string outbox_sql() {
  std::string sql = "SELECT ";
  sql += kEventColumns;
  return sql += ", o.id, o.ending, o.tries FROM outbox o JOIN event e ON e.seq=o.seq WHERE o.id=?1";
}

// Without body and checkpoint.
Claim waiting_from(const Statement& row) {
  Claim claim;
  claim.seq = row.integer(0);
  claim.event = event_from(row);
  int at = kEventColumnCount;
  claim.module = row.bytes(at++);
  claim.attempt = static_cast<unsigned>(row.integer(at++)) + 1;
  claim.generation = static_cast<unsigned>(row.integer(at++));
  claim.prior_run = row.integer(at++) != 0;
  claim.turn_completed = row.integer(at) != 0;
  claim.first_received = claim.event.received_at;
  return claim;
}

Claim claim_from(const Statement& row) {
  Claim claim = waiting_from(row);
  claim.event.body = row.bytes(kEventColumnCount + kClaimColumnCount);
  claim.checkpoint = row.bytes(kEventColumnCount + kClaimColumnCount + 1);
  return claim;
}

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
  result.updated_at = unix_millis(row.integer(at));
  return result;
}

// Only the conditions that are asked for, so that each question finds its index. An id is found by its hash, or among
// the rows whose hash is not in the table yet.
std::string query_sql(const Filter& filter) {
  std::string sql =
      "SELECT seq, app, id, name, module, company_id, user_id, chat_id, reason, detail, state, attempts, received_at, "
      "updated_at "
      "FROM event WHERE seq<?1 AND (?2<0 OR state=?2)";
  if (!filter.module.empty()) sql += " AND module=?3";
  if (!filter.chat_id.empty()) sql += " AND chat_id=?4";
  if (!filter.id.empty())
    sql += " AND id=?5 AND (seq IN (SELECT seq FROM event_key WHERE hash=?6) OR seq>(SELECT keyed_upto FROM ledger))";
  if (filter.state && !is_terminal(*filter.state)) sql += " AND state<3";
  return sql + " ORDER BY seq DESC LIMIT ?7";
}

template <class Value, class Make>
Result<std::vector<Value>> all(Statement& statement, Make make) {
  std::vector<Value> values;
  while (true) {
    auto row = statement.step();
    if (!row) return std::move(row.error());
    if (!*row) return values;
    values.push_back(make(statement));
  }
}

}  // namespace

Result<Reader::Open*> Reader::open() {
  if (open_) return &*open_;
  auto connection = store_.open_reader();
  if (!connection) return std::move(connection.error());
  Open opened{std::move(*connection), {}, {}, {}, {}, {}, {}, {}, {}};
  struct Prepared {
    Statement* statement;
    std::string sql;
  };
  const Prepared statements[] = {
      {&opened.claim, claim_sql("e.seq=?1")},
      {&opened.page,
       claim_sql("e.module=?1 AND e.state=0 AND e.state<3 AND e.seq>?2 AND e.seq<=?3 ORDER BY e.seq LIMIT ?4")},
      {&opened.waiting, waiting_sql()},
      {&opened.oldest, "SELECT received_at FROM event WHERE module=?1 AND state=0 AND state<3 ORDER BY seq LIMIT 1"},
      {&opened.outbox, outbox_sql()},
      {&opened.attempts, "SELECT n, started_at, ended_at, outcome, detail FROM attempt WHERE seq=?1 ORDER BY run"},
      {&opened.key_value,
       "SELECT key, version, value FROM kv WHERE module=?1 AND key=?2 AND (expires_at=0 OR expires_at>?3)"},
      {&opened.keys,
       "SELECT key, version FROM kv WHERE module=?1 AND key>=?2 AND substr(key,1,length(?2))=?2 AND (expires_at=0 OR "
       "expires_at>?3) ORDER BY key"}};
  for (const auto& [statement, sql] : statements) {
    auto prepared = opened.connection.prepare(sql);
    if (!prepared) return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  open_.emplace(std::move(opened));
  return &*open_;
}

template <class Rows>
Result<Rows> Reader::done(Result<Rows> rows) {
  if (!rows) open_.reset();
  return rows;
}

Result<std::vector<Claim>> Reader::claims(const std::vector<EventSeq>& seqs) {
  const MutexLock lock(mutex_);
  auto opened = open();
  if (!opened) return std::move(opened.error());
  std::vector<Claim> claims;
  for (const EventSeq seq : seqs) {
    auto rows = done(all<Claim>((*opened)->claim.with(seq), claim_from));
    if (!rows) return rows;
    for (Claim& claim : *rows) claims.push_back(std::move(claim));
  }
  return claims;
}

Result<std::vector<Claim>> Reader::page(const std::string& module, const ReadySet::Page& page, std::size_t bytes_max) {
  const MutexLock lock(mutex_);
  auto opened = open();
  if (!opened) return std::move(opened.error());
  Statement& statement = (*opened)->page.with(module, page.after, page.upto, page.limit);
  std::vector<Claim> claims;
  std::size_t bytes = 0;
  while (claims.empty() || bytes < bytes_max) {
    auto row = statement.step();
    if (!row) {
      open_.reset();
      return std::move(row.error());
    }
    if (!*row) break;
    claims.push_back(claim_from(statement));
    bytes += claims.back().event.body.size();
  }
  statement.reset();  // an open row would pin the log
  return claims;
}

Result<std::vector<Claim>> Reader::waiting(std::size_t max) {
  const MutexLock lock(mutex_);
  auto opened = open();
  if (!opened) return std::move(opened.error());
  return done(all<Claim>((*opened)->waiting.with(max, kExternalModuleChosen), waiting_from));
}

Result<std::optional<UnixMillis>> Reader::oldest_ready(const std::string& module) {
  const MutexLock lock(mutex_);
  auto opened = open();
  if (!opened) return std::move(opened.error());
  auto rows = done(all<UnixMillis>((*opened)->oldest.with(module),
                                   [](const Statement& row) { return unix_millis(row.integer(0)); }));
  if (!rows) return std::move(rows.error());
  return rows->empty() ? std::nullopt : std::optional(rows->front());
}

Result<KeyValue> Reader::key_value(const std::string& module, const std::string& key, UnixMillis now) {
  const MutexLock lock(mutex_);
  auto opened = open();
  if (!opened) return std::move(opened.error());
  auto rows =
      done(all<KeyValue>((*opened)->key_value.with(module, store::Blob{key}, millis(now)), [](const Statement& row) {
        return KeyValue{row.text(0), row.text(2), static_cast<std::uint64_t>(row.integer(1))};
      }));
  if (!rows) return std::move(rows.error());
  if (rows->empty()) return not_found("there is no such key");
  return std::move(rows->front());
}

Result<std::vector<KeyValue>> Reader::keys(const std::string& module, const std::string& prefix, UnixMillis now) {
  const MutexLock lock(mutex_);
  auto opened = open();
  if (!opened) return std::move(opened.error());
  return done(all<KeyValue>((*opened)->keys.with(module, store::Blob{prefix}, millis(now)), [](const Statement& row) {
    return KeyValue{row.text(0), {}, static_cast<std::uint64_t>(row.integer(1))};
  }));
}

Result<std::vector<OutboxItem>> Reader::outbox(const std::vector<std::int64_t>& ids) {
  const MutexLock lock(mutex_);
  auto opened = open();
  if (!opened) return std::move(opened.error());
  std::vector<OutboxItem> items;
  for (const std::int64_t id : ids) {
    auto rows = done(all<OutboxItem>((*opened)->outbox.with(id), [](const Statement& row) {
      return OutboxItem{row.integer(kEventColumnCount), row.integer(0), event_from(row),
                        row.text(kEventColumnCount + 1), static_cast<unsigned>(row.integer(kEventColumnCount + 2))};
    }));
    if (!rows) return rows;
    for (OutboxItem& item : *rows) items.push_back(std::move(item));
  }
  return items;
}

Result<std::vector<Row>> Reader::query(const Filter& filter) {
  const MutexLock lock(mutex_);
  auto opened = open();
  if (!opened) return std::move(opened.error());
  auto statement = (*opened)->connection.prepare(query_sql(filter));
  if (!statement) return std::move(statement.error());
  statement->with(filter.before > 0 ? filter.before : std::numeric_limits<EventSeq>::max(),
                  filter.state ? static_cast<int>(*filter.state) : -1, filter.module, filter.chat_id, filter.id,
                  key_hash(filter.id), std::min(filter.limit, kQueryRowsMax));
  return all<Row>(*statement, row_from);
}

Result<std::vector<Attempt>> Reader::attempts(EventSeq seq) {
  const MutexLock lock(mutex_);
  auto opened = open();
  if (!opened) return std::move(opened.error());
  return done(all<Attempt>((*opened)->attempts.with(seq), [](const Statement& row) {
    return Attempt{static_cast<unsigned>(row.integer(0)), unix_millis(row.integer(1)), unix_millis(row.integer(2)),
                   row.text(3), row.text(4)};
  }));
}

}  // namespace modhost::journal
