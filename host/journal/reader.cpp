#include "journal/reader.hpp"

#include "journal/rows.hpp"

namespace modhost::journal {
namespace {

using store::Statement;

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

Claim claim_from(const Statement& row) {
  Claim claim = claim_without_body(row);
  claim.event.body = row.bytes(kEventColumnCount + kClaimColumnCount);
  claim.checkpoint = row.bytes(kEventColumnCount + kClaimColumnCount + 1);
  return claim;
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
  Open opened{std::move(*connection), {}, {}, {}, {}, {}, {}, {}};
  struct Prepared {
    Statement* statement;
    std::string sql;
  };
  const Prepared statements[] = {
      {&opened.claim, claim_sql("e.seq=?1")},
      {&opened.page,
       claim_sql("e.module=?1 AND e.state=0 AND e.state<3 AND e.seq>?2 AND e.seq<=?3 ORDER BY e.seq LIMIT ?4")},
      {&opened.waiting, waiting_sql()},
      {&opened.oldest,
       "SELECT iif(fresh_at=0, received_at, fresh_at) FROM event WHERE module=?1 AND state=0 AND state<3 ORDER BY seq "
       "LIMIT 1"},
      {&opened.outbox, outbox_sql()},
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
  return done(all<Claim>((*opened)->waiting.with(max, kExternalModuleChosen), claim_without_body));
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

}  // namespace modhost::journal
