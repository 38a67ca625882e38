#include "journal/key_tables.hpp"

#include "journal/rows.hpp"

namespace modhost::journal {
namespace {

constexpr int kExpiredStep = 256;

Result<void> ran(Result<std::int64_t> changed) {
  if (!changed) return std::move(changed.error());
  return {};
}

std::uint64_t bytes_of(const KeyChange& change) {
  return change.key.size() + (change.value ? change.value->size() : 0);
}

}  // namespace

Result<void> KeyTables::attach(store::Connection& connection) {
  struct Prepared {
    store::Statement* statement;
    const char* sql;
  };
  const Prepared all[] = {
      {&find_, "SELECT id, version, expires_at, length(key)+length(value) FROM kv WHERE module=?1 AND key=?2"},
      {&next_version_, "UPDATE kv_version SET last=last+1 RETURNING last"},
      {&insert_, "INSERT INTO kv (module, key, version, expires_at, value) VALUES (?1,?2,?3,?4,?5)"},
      {&update_, "UPDATE kv SET version=?2, expires_at=?3, value=?4 WHERE id=?1"},
      {&delete_, "DELETE FROM kv WHERE id=?1"},
      {&usage_, "SELECT keys, bytes FROM kv_usage WHERE module=?1"},
      {&book_,
       "INSERT INTO kv_usage VALUES (?1,?2,?3) ON CONFLICT (module) DO UPDATE SET keys=keys+excluded.keys, "
       "bytes=bytes+excluded.bytes"},
      {&expired_,
       "SELECT id, module, length(key)+length(value) FROM kv WHERE expires_at>0 AND expires_at<=?1 LIMIT ?2"}};
  for (const auto& [statement, sql] : all) {
    auto prepared = connection.prepare(sql);
    if (!prepared) return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

Result<KeyTables::Found> KeyTables::find(const KeyChange& change, UnixMillis now) {
  auto row = find_.with(change.module, store::Blob{change.key}).step();
  if (!row) return std::move(row.error());
  Found found;
  if (!*row) return found;
  found.row = find_.integer(0);
  const std::int64_t expires_at = find_.integer(2);
  if (expires_at == 0 || expires_at > millis(now)) found.version = static_cast<std::uint64_t>(find_.integer(1));
  found.bytes = static_cast<std::uint64_t>(find_.integer(3));
  find_.reset();
  return found;
}

Result<void> KeyTables::book(const std::string& module, std::int64_t keys, std::int64_t bytes) {
  return ran(book_.with(module, keys, bytes).run());
}

Result<void> KeyTables::remove(const KeyChange& change, const Found& found) {
  if (auto done = ran(delete_.with(found.row).run()); !done) return done;
  return book(change.module, -1, -static_cast<std::int64_t>(found.bytes));
}

Result<void> KeyTables::put(const KeyChange& change, const Found& found, UnixMillis now,
                            Result<std::uint64_t>& outcome) {
  auto used = usage_.with(change.module).step();
  if (!used) return std::move(used.error());
  const auto keys = *used ? static_cast<std::uint64_t>(usage_.integer(0)) : 0;
  const auto bytes = *used ? static_cast<std::uint64_t>(usage_.integer(1)) : 0;
  usage_.reset();
  const bool is_new = found.row == 0;
  if ((is_new && keys >= kKeysMax) || bytes - found.bytes + bytes_of(change) > kKeyValueBytesMax) {
    outcome = Error{Code::kFull, "a module may keep " + std::to_string(kKeysMax) + " keys and " +
                                     std::to_string(kKeyValueBytesMax >> 20) + " MiB"};
    return {};
  }
  auto counted = next_version_.step();
  if (!counted) return std::move(counted.error());
  const std::int64_t version = next_version_.integer(0);
  next_version_.reset();
  const std::int64_t expires_at = change.lifetime.count() > 0 ? millis(now + change.lifetime) : 0;
  auto written =
      is_new
          ? insert_.with(change.module, store::Blob{change.key}, version, expires_at, store::Blob{*change.value}).run()
          : update_.with(found.row, version, expires_at, store::Blob{*change.value}).run();
  if (!written) return std::move(written.error());
  outcome = static_cast<std::uint64_t>(version);
  return book(change.module, is_new ? 1 : 0,
              static_cast<std::int64_t>(bytes_of(change)) - static_cast<std::int64_t>(found.bytes));
}

Result<void> KeyTables::apply(const KeyChange& change, UnixMillis now, Result<std::uint64_t>& outcome) {
  auto found = find(change, now);
  if (!found) return std::move(found.error());
  if (change.expected != kAnyVersion && change.expected != found->version) {
    outcome = Error{Code::kConflict, "the key has another version"};
    return {};
  }
  if (change.value) return put(change, *found, now, outcome);
  if (found->version == kAbsent)
    outcome = not_found("there is no such key");
  else
    outcome = found->version;
  return found->row != 0 ? remove(change, *found) : Result<void>();
}

Result<bool> KeyTables::drop_expired(UnixMillis now) {
  struct Expired {
    std::int64_t id, bytes;
    std::string module;
  };
  std::vector<Expired> rows;
  expired_.with(millis(now), kExpiredStep);
  while (true) {
    auto row = expired_.step();
    if (!row) return std::move(row.error());
    if (!*row) break;
    rows.push_back({expired_.integer(0), expired_.integer(2), expired_.text(1)});
  }
  for (const Expired& row : rows) {
    if (auto done = ran(delete_.with(row.id).run()); !done) return std::move(done.error());
    if (auto done = book(row.module, -1, -row.bytes); !done) return std::move(done.error());
  }
  return rows.size() == kExpiredStep;
}

}  // namespace modhost::journal
