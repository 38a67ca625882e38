// One SQLite connection and its prepared statements: the only part of the house that calls SQLite. A connection belongs
// to one thread at a time. Failures are Results whose code says whether it may pass (kFull, kUnavailable) or not.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace modhost::store {

// Bytes to bind as a BLOB.
struct Blob {
  std::string_view bytes;
};

// A prepared statement. Borrows its connection, which must outlive it. Bound text and blobs are borrowed until the
// statement is done or reset.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept { swap(other); }
  Statement& operator=(Statement&& other) noexcept {
    swap(other);
    return *this;
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  // Binds all parameters from ?1 on.
  template <class... Values>
  Statement& with(const Values&... values) {
    int at = 0;
    (bind(++at, values), ...);
    return *this;
  }

  // The next row; false when there is none left. The statement is reset by itself after the last row and after an
  // error.
  Result<bool> step();
  // Runs to the end; the number of rows that an INSERT, UPDATE or DELETE changed.
  Result<std::int64_t> run();
  // Leaves a row loop early.
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  // Borrowed until the next step() or reset().
  [[nodiscard]] std::string_view bytes(int column) const;
  [[nodiscard]] std::string text(int column) const { return std::string(bytes(column)); }
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Connection;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  void swap(Statement& other) noexcept {
    std::swap(statement_, other.statement_);
    std::swap(bind_status_, other.bind_status_);
  }

  void bind_integer(int at, std::int64_t value);
  void bind_text(int at, std::string_view text);
  void bind_blob(int at, std::string_view bytes);
  void bind_null(int at);

  template <std::integral Number>
  void bind(int at, Number value) {
    bind_integer(at, static_cast<std::int64_t>(value));
  }
  void bind(int at, std::string_view text) { bind_text(at, text); }
  void bind(int at, Blob blob) { bind_blob(at, blob.bytes); }
  template <class Value>
  void bind(int at, const std::optional<Value>& value) {
    value ? bind(at, *value) : bind_null(at);
  }

  sqlite3_stmt* statement_ = nullptr;
  int bind_status_ = 0;  // the first failed bind, reported by step()
};

struct CheckpointResult {
  std::uint64_t wal_pages = 0;    // in the log now
  std::uint64_t moved_pages = 0;  // of these, those that are in the main file
};

class Connection {
 public:
  enum class Mode { kWriter, kReader };
  enum class Checkpoint { kPassive, kRestart, kTruncate };

  // A writer makes the file if need be (page size and WAL only then), syncs every commit and never checkpoints by
  // itself. A reader can not write and never checkpoints. `vfs` names a registered SQLite VFS; empty is the default.
  static Result<Connection> open(const std::filesystem::path& file, Mode mode, const std::string& vfs = {});

  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  Result<Statement> prepare(std::string_view sql);
  // One or more statements without parameters.
  Result<void> execute(const std::string& sql);
  // The first column of the first row, as text; nothing when there is no row.
  Result<std::optional<std::string>> value(std::string_view sql);

  Result<void> begin();
  Result<void> commit();
  // Never fails: what could not be undone now is undone when the connection closes.
  void rollback() noexcept;

  Result<CheckpointResult> checkpoint(Checkpoint kind);
  // Pages in the write-ahead log after the last commit of this connection.
  [[nodiscard]] std::uint64_t wal_pages() const;
  [[nodiscard]] std::uint64_t page_bytes() const;

 private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace modhost::store
