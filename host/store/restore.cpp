#include "store/restore.hpp"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/copy.hpp"
#include "store/lock_file.hpp"
#include "store/store.hpp"

namespace modhost::store {
namespace {

std::filesystem::path beside(const std::filesystem::path& file, const char* suffix) {
  std::filesystem::path path = file;
  path += suffix;
  return path;
}

bool is_there(const std::filesystem::path& file) {
  struct stat facts {};
  return ::lstat(file.c_str(), &facts) == 0;
}

void remove_with_log(const std::filesystem::path& file) {
  for (const char* suffix : {"", "-wal", "-shm"}) ::unlink(beside(file, suffix).c_str());
}

Result<void> move_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return unavailable("can not move " + from.string() + " to " + to.string() + " (" + ::strerrordesc_np(errno) + ")");
}

// Whether it is a journal that this host can go on from. It is written to: the note goes in.
Result<int> prepare(const std::filesystem::path& file, std::span<const Migration> migrations, const std::string& note) {
  auto connection = Connection::open(file, Connection::Mode::kWriter);
  if (!connection) return std::move(connection.error());
  auto version = schema_version(*connection);
  if (!version) return version;
  if (*version == 0) return invalid("it is empty");
  if (*version > migrations.back().version)
    return Error{Code::kUnsupported, "it has schema version " + std::to_string(*version) +
                                         ", this modhost knows up to " + std::to_string(migrations.back().version) +
                                         ": install the newer version"};
  auto verdict = connection->value("PRAGMA quick_check(1)");
  if (!verdict) return std::move(verdict.error());
  if (*verdict != "ok") return invalid("it is damaged (" + verdict->value_or("no verdict") + ")");
  auto done = connection->begin();
  if (done) done = set_meta(*connection, "restored", note);
  if (done) done = connection->commit();
  if (!done) return std::move(done.error());
  auto emptied = connection->checkpoint(Connection::Checkpoint::kTruncate);
  if (!emptied) return std::move(emptied.error());
  return version;
}

// What is only in the log of the old database goes into it, so that one file is all of it. When that fails the log is
// moved with it.
Result<void> set_aside(const std::filesystem::path& file, const std::filesystem::path& kept) {
  bool is_whole = false;
  {
    auto old = Connection::open(file, Connection::Mode::kWriter);
    is_whole = old && old->checkpoint(Connection::Checkpoint::kTruncate).has_value();
  }
  const std::filesystem::path log = beside(file, "-wal");
  if (!is_whole && is_there(log))
    if (auto moved = move_file(log, beside(kept, "-wal")); !moved) return moved;
  // Under both names until the copy takes its place: at no moment is there none, which a start would take for a new
  // host.
  if (::link(file.c_str(), kept.c_str()) != 0)
    if (auto moved = move_file(file, kept); !moved) return moved;
  ::unlink(log.c_str());
  ::unlink(beside(file, "-shm").c_str());
  return {};
}

}  // namespace

Result<Restored> restore(const std::filesystem::path& dir, const std::filesystem::path& copy,
                         std::span<const Migration> migrations, const std::string& note) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(copy, failed))
    return not_found(copy.string() + " is not a file: name a backup of the journal");
  if (!std::filesystem::is_directory(dir, failed))
    return not_found("there is no state folder " + dir.string() + ": make it, or name another with --state-dir");
  auto lock = LockFile::acquire(dir / "lock");
  if (!lock) return std::move(lock.error());
  const std::filesystem::path file = dir / kFileName, draft = dir / "journal.db.restoring",
                              kept = dir / "journal.db.before-restore";
  if (is_there(kept))
    return Error{Code::kConflict, kept.string() + " is of an earlier restore: move it away, or delete it"};
  remove_with_log(draft);
  const std::atomic<bool> goes_on = false;
  auto copied = copy_database(copy, draft, goes_on);
  if (!copied) return std::move(copied.error()).within("is it a whole backup, not cut short?");
  auto version = prepare(draft, migrations, note);
  for (const char* suffix : {"-wal", "-shm"}) ::unlink(beside(draft, suffix).c_str());
  if (!version) {
    remove_with_log(draft);
    return std::move(version.error()).within("can not use " + copy.string());
  }
  Restored restored{*version, {}};
  if (is_there(file)) {
    if (auto aside = set_aside(file, kept); !aside) return std::move(aside.error());
    restored.kept = kept;
  }
  if (auto moved = move_file(draft, file); !moved) return std::move(moved.error());
  if (auto synced = sync_folder(dir); !synced) return std::move(synced.error());
  return restored;
}

}  // namespace modhost::store
