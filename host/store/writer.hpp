// The writer's thread: group commit, checkpoints between batches, and the way back after a failed commit.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <optional>
#include <thread>

#include "base/mutex.hpp"
#include "store/client.hpp"
#include "store/reserve_file.hpp"
#include "store/store.hpp"

namespace modhost::store {

class Writer {
 public:
  using Reconnect = std::function<Result<Connection>()>;

  Writer(const Options& options, Connection connection, Reconnect reconnect, ReserveFile reserve);
  ~Writer() { stop(); }

  Connection& connection() { return *connection_; }
  Result<void> start(Client& client);
  void wake();
  void stop();
  Result<void> empty_log();
  [[nodiscard]] StoreStats stats() const;

 private:
  using Steady = std::chrono::steady_clock;

  void run();
  void wait_for_work();
  bool write_batch();
  void work_off();
  void try_again();
  void fail(const Error& error);
  Result<void> reconnect();
  bool probe();
  void checkpoint_between_batches();
  void checkpoint(Connection::Checkpoint kind);
  void empty_log_if_asked();
  void keep_house();
  void finish();
  void publish(bool writable);
  void log_error(const Error& error);

  const Options options_;
  const Reconnect open_;
  Client* client_ = nullptr;

  // Used by the writer's thread only, once started.
  std::optional<Connection> connection_;
  ReserveFile reserve_;
  Error last_error_;
  Steady::time_point retry_at_{};
  unsigned failures_ = 0;  // in a row
  Steady::time_point last_work_{};
  std::uint64_t moved_pages_ = 0;  // of the log, already in the main file
  std::uint64_t held_up_at_ = 0;   // pages in the log when a reader held a restart up
  bool healthy_ = true;            // the last commit succeeded and the reserve is whole
  bool tidy_ = false;              // housekeeping found nothing to do since the last batch

  std::atomic<bool> signalled_ = false;
  std::atomic<bool> stopping_ = false;
  mutable Mutex mutex_;
  std::condition_variable condition_, emptied_;
  StoreStats stats_ GUARDED_BY(mutex_);
  std::uint64_t empty_asked_ GUARDED_BY(mutex_) = 0, empty_done_ GUARDED_BY(mutex_) = 0;
  Result<void> empty_result_ GUARDED_BY(mutex_);
  bool is_finished_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace modhost::store
