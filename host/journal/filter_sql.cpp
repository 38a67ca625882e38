#include "journal/filter_sql.hpp"

#include "journal/known_ids.hpp"
#include "journal/rows.hpp"

namespace modhost::journal {
namespace {

bool has_failed(const Filter& filter) { return filter.state && *filter.state > State::kCompleted; }
bool names_events(const Filter& filter) { return filter.state || filter.seq != 0 || !filter.id.empty(); }

std::optional<std::int64_t> count_of(const std::optional<UnixMillis>& time) {
  return time ? std::optional(millis(*time)) : std::nullopt;
}

}  // namespace

// What a condition implies is repeated for the partial indexes: only then SQLite uses them. An id is found by its hash,
// or among the rows whose hash is not in the table yet.
std::string where_sql(const Filter& filter) {
  std::string sql = " WHERE e.seq BETWEEN ?1 AND ?2 AND (?15 IS NULL OR e.received_at<?15)";
  if (filter.state) sql += " AND e.state=?4";
  if (has_failed(filter)) sql += " AND e.state>3";
  if (filter.state && !is_terminal(*filter.state)) sql += " AND e.state<3";
  if (!filter.module.empty()) sql += " AND e.module=?5";
  if (!filter.chat_id.empty()) sql += " AND e.chat_id=?6";
  if (!filter.id.empty())
    sql +=
        " AND e.id=?7 AND (e.seq IN (SELECT seq FROM event_key WHERE hash=?8) OR e.seq>(SELECT keyed_upto FROM "
        "ledger))";
  if (!filter.app.empty()) sql += " AND e.app=?9";
  if (!filter.company_id.empty()) sql += " AND e.company_id=?10";
  if (!filter.user_id.empty()) sql += " AND e.user_id=?11";
  if (!filter.reason.empty()) sql += " AND e.reason=?12";
  if (!filter.name.empty()) sql += " AND e.name=?13";
  if (filter.since) sql += " AND e.received_at>=?14";
  return sql;
}

store::Statement& bind(store::Statement& statement, const Filter& filter, Window window, std::size_t limit) {
  return statement.with(window.low, window.high, limit, filter.state ? static_cast<int>(*filter.state) : -1,
                        filter.module, filter.chat_id, filter.id, key_hash(filter.id), filter.app, filter.company_id,
                        filter.user_id, filter.reason, filter.name, count_of(filter.since), count_of(filter.until));
}

// A chat that its user stopped is replayed only when somebody means it.
std::string scope_sql(Change change, const ChangeRequest& request) {
  if (names_events(request.filter) || change == Change::kPurge) return {};
  return request.completed_too ? " AND e.state IN (3,5,6)" : " AND e.state IN (5,6) AND e.state>3";
}

std::string refusal_sql(Change change, const ChangeRequest& request) {
  if (change == Change::kPurge)
    return std::string("CASE WHEN e.state=1 THEN 'it runs: cancel it first' ") +
           (request.live_too ? "" : "WHEN e.state<3 THEN 'it has not ended' ") +
           "WHEN e.state>=3 AND e.reason='purged' THEN 'it is purged already' ELSE '' END";
  return std::string("CASE WHEN e.state<3 THEN 'it has not ended' ") +
         (request.completed_too ? "" : "WHEN e.state=3 THEN 'it has completed: add --completed to run it again' ") +
         "WHEN e.module='' THEN 'no module: its body is not an event' "
         "WHEN NOT EXISTS (SELECT 1 FROM body b WHERE b.seq=e.seq) THEN 'its body is gone' ELSE '' END";
}

std::string describe(const Filter& filter) {
  std::string text;
  const auto add = [&text](std::string_view name, std::string_view value) {
    if (!value.empty()) text.append(text.empty() ? "" : " ").append(name).append("=").append(value);
  };
  const auto time = [](const std::optional<UnixMillis>& at) {
    return at ? std::to_string(millis(*at)) : std::string();
  };
  if (filter.state) add("state", to_string(*filter.state));
  add("seq", filter.seq == 0 ? "" : std::to_string(filter.seq));
  add("id", filter.id);
  add("module", filter.module);
  add("reason", filter.reason);
  add("event", filter.name);
  add("app", filter.app);
  add("company_id", filter.company_id);
  add("user_id", filter.user_id);
  add("chat_id", filter.chat_id);
  add("since_ms", time(filter.since));
  add("until_ms", time(filter.until));
  return text;
}

}  // namespace modhost::journal
