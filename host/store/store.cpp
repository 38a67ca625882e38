#include "store/store.hpp"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault_point.hpp"
#include "base/unique_fd.hpp"
#include "store/copy.hpp"
#include "store/lock_file.hpp"
#include "store/writer.hpp"

namespace modhost::store {
namespace {

Result<void> make_folder(const std::filesystem::path& dir) {
  std::error_code failed;
  if (std::filesystem::is_directory(dir, failed)) return {};
  std::filesystem::create_directories(dir.parent_path(), failed);
  if (::mkdir(dir.c_str(), 0700) == 0) {
    ::chmod(dir.c_str(), 0700);  // the umask may have taken our own rights away
    return {};
  }
  return Error{Code::kDenied, "can not make the state folder " + dir.string() + " (" + ::strerrordesc_np(errno) +
                                  "): make it writable for the user of modhost, or set another state_dir"};
}

// SQLite gives the log and the shared index the mode of the main file, so it is enough to make that one private.
Result<void> make_private_file(const std::filesystem::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.is_open() && ::fchmod(fd.get(), 0600) == 0) return {};
  return Error{Code::kDenied, "can not open " + file.string() + " (" + ::strerrordesc_np(errno) +
                                  "): make it writable for the user of modhost, or set another state_dir"};
}

Result<void> check(Connection& connection) {
  auto verdict = connection.value("PRAGMA quick_check(1)");
  if (!verdict) return std::move(verdict.error());
  if (*verdict == "ok") return {};
  return internal_error("it is damaged (" + verdict->value_or("no verdict") +
                        "): move it away and rescue what can be read with `sqlite3 journal.db .recover`");
}

struct Start {
  std::uint64_t epoch = 0;
  bool clean = true;
};

// The way back: an older host can go on from the copy.
Result<void> keep_before_migration(Connection& connection, const std::filesystem::path& file, const Options& options) {
  auto version = schema_version(connection);
  if (!version) return std::move(version.error());
  if (*version == 0 || *version >= options.migrations.back().version) return {};
  std::filesystem::path kept = file;
  kept += ".v" + std::to_string(*version);
  ::unlink(kept.c_str());  // of an upgrade before
  const std::atomic<bool> goes_on = false;
  if (auto copied = copy_database(file, kept, goes_on, options.vfs); !copied)
    return std::move(copied.error())
        .within("can not keep a copy of schema version " + std::to_string(*version) +
                " (it needs as much disk space as the journal)");
  return {};
}

Result<Start> bring_up(Connection& connection, std::span<const Migration> migrations) {
  auto before = migrate(connection, migrations);
  if (!before) return std::move(before.error());
  auto clean = meta(connection, "clean_stop", "1");
  if (!clean) return std::move(clean.error());
  if (*clean != "1") {
    auto checked = check(connection);
    if (!checked) return std::move(checked.error());
  }
  auto epoch = meta(connection, "epoch", "0");
  if (!epoch) return std::move(epoch.error());
  const std::uint64_t next = std::strtoull(epoch->c_str(), nullptr, 10) + 1;
  auto done = connection.begin();
  if (done) done = set_meta(connection, "epoch", std::to_string(next));
  if (done) done = set_meta(connection, "clean_stop", "0");
  fault_point("store.epoch_written");
  if (done) done = connection.commit();
  fault_point("store.epoch_committed");
  if (!done) return std::move(done.error());
  return Start{next, *clean == "1"};
}

}  // namespace

// The anchor is a reader that is never closed before the writer: the index of the log lives as long as anybody has it
// open, so a failed batch can not come back to life when the writer reopens the file.
struct Store::Impl {
  LockFile lock;
  std::filesystem::path file;
  std::string vfs;
  Start start;
  Connection anchor;
  Writer writer;
};

Result<std::unique_ptr<Store>> Store::open(const Options& options) {
  if (auto made = make_folder(options.dir); !made) return std::move(made.error());
  auto lock = LockFile::acquire(options.dir / "lock");
  if (!lock) return std::move(lock.error());
  const std::filesystem::path file = options.dir / kFileName;
  if (auto made = make_private_file(file); !made) return std::move(made.error());

  const auto connect = [file, vfs = options.vfs, secure = options.secure_delete]() -> Result<Connection> {
    auto connection = Connection::open(file, Connection::Mode::kWriter, vfs);
    if (!connection) return connection;
    auto set = connection->execute(secure ? "PRAGMA secure_delete=ON" : "PRAGMA secure_delete=OFF");
    if (!set) return std::move(set.error());
    return connection;
  };
  auto connection = connect();
  if (!connection) return std::move(connection.error()).within("can not open " + file.string());
  if (auto kept = keep_before_migration(*connection, file, options); !kept)
    return std::move(kept.error()).within("can not use " + file.string());
  auto start = bring_up(*connection, options.migrations);
  if (!start) return std::move(start.error()).within("can not use " + file.string());
  auto anchor = Connection::open(file, Connection::Mode::kReader, options.vfs);
  if (!anchor) return std::move(anchor.error()).within("can not read " + file.string());
  if (auto read = anchor->value("SELECT count(*) FROM meta"); !read)
    return std::move(read.error()).within("can not read " + file.string());
  // NOLINTNEXTLINE(modernize-make-unique): an aggregate, and a constructor of our own
  return std::unique_ptr<Store>(new Store(std::unique_ptr<Impl>(new Impl{
      std::move(*lock), file, options.vfs, *start, std::move(*anchor),
      Writer(options, std::move(*connection), connect, ReserveFile(options.dir / "reserve", options.reserve_bytes))})));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() { stop(); }

Connection& Store::connection() { return impl_->writer.connection(); }
std::uint64_t Store::epoch() const { return impl_->start.epoch; }
bool Store::was_stopped_cleanly() const { return impl_->start.clean; }
Result<void> Store::start(Client& client) { return impl_->writer.start(client); }
void Store::wake() { impl_->writer.wake(); }
void Store::stop() { impl_->writer.stop(); }
Result<void> Store::empty_log() { return impl_->writer.empty_log(); }
Result<std::uint64_t> Store::copy_to(const std::filesystem::path& file, const std::atomic<bool>& stop) const {
  return copy_database(impl_->file, file, stop, impl_->vfs);
}
Result<Connection> Store::open_reader() const {
  return Connection::open(impl_->file, Connection::Mode::kReader, impl_->vfs);
}
StoreStats Store::stats() const { return impl_->writer.stats(); }

}  // namespace modhost::store
