#include "store/connection.hpp"

#include <sqlite3.h>
#include <string.h>

#include <array>

namespace modhost::store {
namespace {

// 16 KiB pages: an accepted event of a few KiB then costs a fifth of a page in the log instead of two (measured, see
// docs/journal-format.md). The page cache bounds memory, the busy timeout the wait for a reader of a RESTART.
constexpr const char* kCreatePragmas = "PRAGMA page_size=16384; PRAGMA journal_mode=WAL";
constexpr const char* kWriterPragmas =
    "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-4096; PRAGMA temp_store=MEMORY; "
    "PRAGMA trusted_schema=OFF; PRAGMA journal_size_limit=67108864; PRAGMA busy_timeout=50";
constexpr const char* kReaderPragmas =
    "PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-1024; PRAGMA temp_store=MEMORY; "
    "PRAGMA trusted_schema=OFF; PRAGMA busy_timeout=2000";

Code code_of(int status) {
  switch (status & 0xff) {
    case SQLITE_FULL:
      return Code::kFull;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::kTimeout;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
      return Code::kUnavailable;
    case SQLITE_CONSTRAINT:
      return Code::kConflict;
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_NOTADB:
      return Code::kInvalid;
    default:
      return Code::kInternal;
  }
}

Error error_of(sqlite3* database, int status) {
  std::string message = sqlite3_errstr(status & 0xff);
  Code code = code_of(status);
  if (database != nullptr) {
    message = sqlite3_errmsg(database);
    if (const int system = sqlite3_system_errno(database); system != 0 && code_of(status) == Code::kUnavailable) {
      message += std::string(" (") + ::strerrordesc_np(system) + ")";
      // SQLite says "full" only when write() says ENOSPC; a quota or a size limit is the same to us.
      if (system == ENOSPC || system == EDQUOT || system == EFBIG) code = Code::kFull;
    }
  }
  return Error{code, std::move(message)};
}

}  // namespace

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::bind_integer(int at, std::int64_t value) {
  if (const int status = sqlite3_bind_int64(statement_, at, value); status != SQLITE_OK) bind_status_ = status;
}

// An empty view may carry a null pointer, which SQLite would take for NULL.
void Statement::bind_text(int at, std::string_view text) {
  const int status =
      sqlite3_bind_text64(statement_, at, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (status != SQLITE_OK) bind_status_ = status;
}

void Statement::bind_blob(int at, std::string_view bytes) {
  const int status =
      sqlite3_bind_blob64(statement_, at, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
  if (status != SQLITE_OK) bind_status_ = status;
}

void Statement::bind_null(int at) {
  if (const int status = sqlite3_bind_null(statement_, at); status != SQLITE_OK) bind_status_ = status;
}

Result<bool> Statement::step() {
  sqlite3* const database = sqlite3_db_handle(statement_);
  const int status = bind_status_ != 0 ? std::exchange(bind_status_, 0) : sqlite3_step(statement_);
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  Error error = error_of(database, status);
  sqlite3_reset(statement_);
  return error;
}

Result<std::int64_t> Statement::run() {
  sqlite3* const database = sqlite3_db_handle(statement_);
  while (true) {
    Result<bool> row = step();
    if (!row) return std::move(row.error());
    if (!*row) return sqlite3_changes64(database);
  }
}

void Statement::reset() { sqlite3_reset(statement_); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Statement::bytes(int column) const {
  const void* const data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

// The handle before the statements: members die in reverse order.
struct Connection::Impl {
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> database;
  Statement begin, commit, rollback;
  std::uint64_t wal_pages = 0;
  std::uint64_t page_bytes = 0;
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Connection> Connection::open(const std::filesystem::path& file, Mode mode, const std::string& vfs) {
  const bool writes = mode == Mode::kWriter;
  auto impl = std::make_unique<Impl>();
  sqlite3* database = nullptr;
  const int flags = (writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX |
                    SQLITE_OPEN_PRIVATECACHE;
  const int status = sqlite3_open_v2(file.c_str(), &database, flags, vfs.empty() ? nullptr : vfs.c_str());
  impl->database.reset(database);
  if (status != SQLITE_OK) return error_of(database, status);
  sqlite3_extended_result_codes(database, 1);
  // Only the writer's explicit checkpoint() may checkpoint.
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  Connection connection(std::move(impl));
  if (writes) {
    auto created = connection.execute(kCreatePragmas);
    if (!created) return std::move(created.error());
    auto journal_mode = connection.value("PRAGMA journal_mode");
    if (!journal_mode) return std::move(journal_mode.error());
    if (*journal_mode != "wal")
      return Error{Code::kUnsupported, "this file system can not hold a write-ahead log: use a local disk"};
  }
  auto configured = connection.execute(writes ? kWriterPragmas : kReaderPragmas);
  if (!configured) return std::move(configured.error());
  auto page = connection.value("PRAGMA page_size");
  if (!page) return std::move(page.error());
  connection.impl_->page_bytes = page->has_value() ? std::stoull(**page) : 0;
  if (writes) {
    struct Prepared {
      Statement* statement;
      const char* sql;
    };
    for (const auto& [statement, sql] : std::array<Prepared, 3>{{{&connection.impl_->begin, "BEGIN IMMEDIATE"},
                                                                 {&connection.impl_->commit, "COMMIT"},
                                                                 {&connection.impl_->rollback, "ROLLBACK"}}}) {
      auto prepared = connection.prepare(sql);
      if (!prepared) return std::move(prepared.error());
      *statement = std::move(*prepared);
    }
    // The hook also replaces the built-in automatic checkpoint.
    sqlite3_wal_hook(
        database,
        [](void* pages, sqlite3*, const char*, int count) {
          *static_cast<std::uint64_t*>(pages) = static_cast<std::uint64_t>(count);
          return SQLITE_OK;
        },
        &connection.impl_->wal_pages);
  }
  return connection;
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int status = sqlite3_prepare_v3(impl_->database.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (status != SQLITE_OK) return error_of(impl_->database.get(), status);
  return Statement(statement);
}

Result<void> Connection::execute(const std::string& sql) {
  const int status = sqlite3_exec(impl_->database.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return error_of(impl_->database.get(), status);
  return {};
}

Result<std::optional<std::string>> Connection::value(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::move(statement.error());
  auto row = statement->step();
  if (!row) return std::move(row.error());
  if (!*row) return std::optional<std::string>();
  return std::optional<std::string>(statement->text(0));
}

Result<void> Connection::begin() {
  auto done = impl_->begin.run();
  if (!done) return std::move(done.error());
  return {};
}

Result<void> Connection::commit() {
  auto done = impl_->commit.run();
  if (!done) return std::move(done.error());
  return {};
}

void Connection::rollback() noexcept {
  if (sqlite3_get_autocommit(impl_->database.get()) == 0) sqlite3_step(impl_->rollback.statement_);
  impl_->rollback.reset();
}

Result<CheckpointResult> Connection::checkpoint(Checkpoint kind) {
  const int mode = kind == Checkpoint::kPassive   ? SQLITE_CHECKPOINT_PASSIVE
                   : kind == Checkpoint::kRestart ? SQLITE_CHECKPOINT_RESTART
                                                  : SQLITE_CHECKPOINT_TRUNCATE;
  int pages = 0, moved = 0;
  const int status = sqlite3_wal_checkpoint_v2(impl_->database.get(), nullptr, mode, &pages, &moved);
  if (status != SQLITE_OK) return error_of(impl_->database.get(), status);
  impl_->wal_pages = static_cast<std::uint64_t>(std::max(pages, 0));
  return CheckpointResult{static_cast<std::uint64_t>(std::max(pages, 0)),
                          static_cast<std::uint64_t>(std::max(moved, 0))};
}

std::uint64_t Connection::wal_pages() const { return impl_->wal_pages; }
std::uint64_t Connection::page_bytes() const { return impl_->page_bytes; }

}  // namespace modhost::store
