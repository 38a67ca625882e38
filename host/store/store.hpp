// The durable file and the one thread that writes it. All writes and all checkpoints go through one connection (SQLite
// 3.40.1 can corrupt a log that one connection resets while another commits); readers never write.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"
#include "store/client.hpp"
#include "store/connection.hpp"
#include "store/migrate.hpp"

namespace modhost::telemetry {
class Log;
}

namespace modhost::store {

inline constexpr const char* kFileName = "journal.db";

struct Options {
  std::filesystem::path dir;  // made with mode 0700 when it is not there
  std::span<const Migration> migrations;
  telemetry::Log* log = nullptr;                // may be null
  std::uint64_t reserve_bytes = 16ull << 20;    // held back for finishing work; 0: none
  std::uint64_t checkpoint_bytes = 4ull << 20;  // log not yet in the main file, then a checkpoint between batches
  std::uint64_t wal_bytes_max = 64ull << 20;    // log size, then a checkpoint that waits for readers
  bool secure_delete = true;                    // what is deleted is overwritten with zeros
  std::chrono::milliseconds retry_delay{100};   // between tries after a failed commit
  std::string vfs;                              // SQLite VFS; empty: the system's
};

struct StoreStats {
  std::uint64_t commits = 0, commit_errors = 0, checkpoints = 0;
  std::uint64_t wal_bytes = 0;
  bool writable = true;  // false from a failed commit until one succeeds and the reserve is whole again
  std::string last_error;
};

class Store {
 public:
  // Makes or opens `dir`/journal.db: folder, lock, schema, check after an unclean stop, epoch. A file that has to be
  // migrated is copied to journal.db.v<its version> first. The message of an error is for the operator.
  static Result<std::unique_ptr<Store>> open(const Options& options);
  ~Store();  // stop()
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Before start(): the writing connection, for recovery.
  [[nodiscard]] Connection& connection();
  [[nodiscard]] std::uint64_t epoch() const;       // raised by every open
  [[nodiscard]] bool was_stopped_cleanly() const;  // true for a new file

  // Starts the writer's thread. The client must outlive stop().
  Result<void> start(Client& client);
  // There is work, or a timer changed. [any thread]
  void wake();
  // Commits what is queued, checkpoints, marks the stop as clean and ends the thread. What can not be committed is
  // lost.
  void stop();

  // Moves the log into the main file and empties it, so that nothing deleted is left in it. kTimeout: a reader holds
  // it up. Blocks. [any thread]
  Result<void> empty_log();
  // See copy_database(). Blocks. [any thread]
  Result<std::uint64_t> copy_to(const std::filesystem::path& file, const std::atomic<bool>& stop) const;

  // A read-only connection for one thread. [any thread]
  Result<Connection> open_reader() const;
  [[nodiscard]] StoreStats stats() const;  // [any thread]

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace modhost::store
