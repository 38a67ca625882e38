// Knows every event id of the journal, so that a duplicate runs once. An index over random ids costs one page of the
// log an append; so new ids collect in memory and move to the table event_key sorted, many to a page. The event rows
// are the log of the collection: after a crash it is read back from the rows past `keyed_upto`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "journal/journal.hpp"
#include "store/connection.hpp"

namespace modhost::journal {

// What the table says about an id.
struct KnownEvent {
  EventSeq seq = 0;
  std::string body_sha256;
};

// Stored in event_key: never change it without a migration. 64-bit FNV-1a over the event's id; a hash only finds
// candidates, the row decides.
std::int64_t key_hash(std::string_view id);

// Used by the writer's thread alone. Changes of a batch count at once and are undone by rolled_back().
class KnownIds {
 public:
  static constexpr std::size_t kFreshMax = 32 * 1024;  // ids in memory before they move: 1 MiB, and 0.1 s at start
  static constexpr std::size_t kSlice = 512;           // ids moved with one commit

  // Prepares statements; keeps what is in memory.
  Result<void> attach(store::Connection& connection);
  void detach();
  // Reads the ids past keyed_upto back. After attach().
  Result<void> load(EventSeq keyed_upto);

  Result<std::optional<KnownEvent>> find(std::string_view app, std::string_view id, std::int64_t hash);
  // `seq` must be larger than all before.
  void add(std::int64_t hash, EventSeq seq);

  // First in a batch, before add(): moves a slice to the table when enough has collected (kWhenFull) or at all
  // (kAlways). True when something was written.
  enum class Move { kWhenFull, kAlways };
  Result<bool> move_slice(Move when);
  // Ids of events up to this one are all in the table.
  [[nodiscard]] EventSeq keyed_upto() const { return keyed_upto_; }

  void committed();
  void rolled_back();

 private:
  struct Key {
    std::int64_t hash = 0;
    EventSeq seq = 0;  // 0: an empty slot
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  Result<std::optional<KnownEvent>> verify(EventSeq seq, std::string_view app, std::string_view id);
  std::size_t slot_of(std::int64_t hash) const;
  void insert_fresh(Key key);
  void freeze();

  std::vector<Key> slots_ =
      std::vector<Key>(2 * kFreshMax);  // the ids collected last: open addressing, half full at most
  std::size_t fresh_ = 0;
  std::vector<Key> frozen_;  // the ids on their way to the table, sorted
  EventSeq frozen_upto_ = 0;
  std::size_t moved_ = 0;  // of frozen_, in the table
  EventSeq keyed_upto_ = 0;

  // To undo a batch.
  std::vector<std::size_t> batch_slots_;
  std::size_t batch_moved_ = 0;
  EventSeq committed_keyed_upto_ = 0;

  store::Statement find_, verify_, insert_, scan_;
};

}  // namespace modhost::journal
