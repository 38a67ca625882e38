// Reads of the journal on a read-only connection of its own. Thread-safe; every call blocks on the disk.
#pragma once

#include <optional>
#include <vector>

#include "base/mutex.hpp"
#include "journal/journal.hpp"
#include "journal/key_values.hpp"
#include "journal/ready_set.hpp"
#include "store/store.hpp"

namespace modhost::journal {

class Reader {
 public:
  // Opens its connection at the first read and again after a failed one.
  explicit Reader(const store::Store& store) : store_(store) {}

  // Ready events by number, or one page of them; fewer when their bodies would take more than `bytes_max` together (but
  // at least one).
  Result<std::vector<Claim>> claims(const std::vector<EventSeq>& seqs);
  Result<std::vector<Claim>> page(const std::string& module, const ReadySet::Page& page, std::size_t bytes_max);

  // Chats that wait for their next attempt, oldest first, without bodies.
  Result<std::vector<Claim>> waiting(std::size_t max);

  // When the oldest ready event of a module was accepted, or replayed.
  Result<std::optional<UnixMillis>> oldest_ready(const std::string& module);

  // Key-value state that has not expired at `now`.
  Result<KeyValue> key_value(const std::string& module, const std::string& key, UnixMillis now);
  Result<std::vector<KeyValue>> keys(const std::string& module, const std::string& prefix, UnixMillis now);

  Result<std::vector<OutboxItem>> outbox(const std::vector<std::int64_t>& ids);

 private:
  struct Open {
    store::Connection connection;  // before the statements that borrow it
    store::Statement claim, page, waiting, oldest, outbox, key_value, keys;
  };
  Result<Open*> open() REQUIRES(mutex_);
  template <class Rows>
  Result<Rows> done(Result<Rows> rows) REQUIRES(mutex_);

  const store::Store& store_;
  Mutex mutex_;
  std::optional<Open> open_ GUARDED_BY(mutex_);
};

}  // namespace modhost::journal
