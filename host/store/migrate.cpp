#include "store/migrate.hpp"

#include <charconv>

#include "base/fault_point.hpp"

namespace modhost::store {
namespace {

constexpr const char* kVersionKey = "schema_version";
constexpr const char* kMetaTable =
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID";

Result<void> bring_forward(Connection& connection, int from, std::span<const Migration> migrations) {
  auto made = connection.execute(kMetaTable);
  if (!made) return made;
  for (const Migration& migration : migrations) {
    if (migration.version <= from) continue;
    auto done = connection.execute(migration.sql);
    if (!done)
      return std::move(done.error()).within("migration to schema version " + std::to_string(migration.version));
    fault_point("store.migration_step");
  }
  return set_meta(connection, kVersionKey, std::to_string(migrations.back().version));
}

}  // namespace

Result<int> schema_version(Connection& connection) {
  auto tables = connection.value("SELECT count(*) FROM sqlite_schema WHERE type='table'");
  if (!tables) return std::move(tables.error());
  if (*tables == "0") return 0;
  auto has_meta = connection.value("SELECT count(*) FROM sqlite_schema WHERE type='table' AND name='meta'");
  if (!has_meta) return std::move(has_meta.error());
  if (*has_meta != "1") return invalid("this is a database of another program: set another state_dir");
  auto text = meta(connection, kVersionKey, "");
  if (!text) return std::move(text.error());
  int version = 0;
  const std::string& digits = *text;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() || version < 1)
    return invalid("its schema version '" + digits + "' is not a number: restore the file from a backup");
  return version;
}

Result<int> migrate(Connection& connection, std::span<const Migration> migrations) {
  const int known = migrations.back().version;
  auto version = schema_version(connection);
  if (!version || *version == known) return version;
  if (*version > known)
    return Error{Code::kUnsupported, "it has schema version " + std::to_string(*version) +
                                         ", this modhost knows up to " + std::to_string(known) +
                                         ": install the version that wrote it again, or put the backup made before "
                                         "the upgrade in place (modhost restore journal.db.v" +
                                         std::to_string(known) + ")"};
  auto begun = connection.begin();
  if (!begun) return std::move(begun.error());
  auto done = bring_forward(connection, *version, migrations);
  fault_point("store.migration_written");
  if (done) done = connection.commit();
  fault_point("store.migrated");
  if (!done) {
    connection.rollback();
    return std::move(done.error());
  }
  return version;
}

Result<std::string> meta(Connection& connection, const std::string& key, const std::string& otherwise) {
  auto statement = connection.prepare("SELECT value FROM meta WHERE key=?1");
  if (!statement) return std::move(statement.error());
  auto row = statement->with(key).step();
  if (!row) return std::move(row.error());
  return *row ? statement->text(0) : otherwise;
}

Result<void> set_meta(Connection& connection, const std::string& key, const std::string& value) {
  auto statement =
      connection.prepare("INSERT INTO meta VALUES (?1,?2) ON CONFLICT (key) DO UPDATE SET value=excluded.value");
  if (!statement) return std::move(statement.error());
  auto done = statement->with(key, value).run();
  if (!done) return std::move(done.error());
  return {};
}

}  // namespace modhost::store
