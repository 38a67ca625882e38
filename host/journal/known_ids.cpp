#include "journal/known_ids.hpp"

#include <algorithm>

#include "crypto/digest.hpp"

namespace modhost::journal {
namespace {

constexpr std::uint64_t kFnvOffset = 0xcbf29ce484222325u;
constexpr std::uint64_t kFnvPrime = 0x100000001b3u;

}  // namespace

std::int64_t key_hash(std::string_view id) {
  std::uint64_t hash = kFnvOffset;
  for (const char byte : id) hash = (hash ^ static_cast<unsigned char>(byte)) * kFnvPrime;
  return static_cast<std::int64_t>(hash);
}

Result<void> KnownIds::attach(store::Connection& connection) {
  struct Prepared {
    store::Statement* statement;
    const char* sql;
  };
  for (const auto& [statement, sql] :
       {Prepared{&find_, "SELECT seq FROM event_key WHERE hash=?1"},
        Prepared{
            &verify_,
            "SELECT e.app, e.id, e.body_sha256, b.bytes FROM event e LEFT JOIN body b ON b.seq=e.seq WHERE e.seq=?1"},
        Prepared{&insert_, "INSERT INTO event_key VALUES (?1,?2) ON CONFLICT DO NOTHING"},
        Prepared{&scan_, "SELECT seq, id FROM event WHERE seq>?1 ORDER BY seq"}}) {
    auto prepared = connection.prepare(sql);
    if (!prepared) return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

void KnownIds::detach() {
  find_ = {};
  verify_ = {};
  insert_ = {};
  scan_ = {};
}

Result<void> KnownIds::load(EventSeq keyed_upto) {
  keyed_upto_ = committed_keyed_upto_ = keyed_upto;
  scan_.with(keyed_upto);
  while (true) {
    auto row = scan_.step();
    if (!row) return std::move(row.error());
    if (!*row) break;
    // More than fits in memory: the older ids go to the table now, in the caller's transaction.
    if (fresh_ == kFreshMax) {
      freeze();
      while (moved_ < frozen_.size()) {
        auto moved = move_slice(Move::kAlways);
        if (!moved) return std::move(moved.error());
      }
      committed();
    }
    add(key_hash(scan_.bytes(1)), scan_.integer(0));
  }
  committed();
  return {};
}

std::size_t KnownIds::slot_of(std::int64_t hash) const {
  const auto spread = static_cast<std::uint64_t>(hash) * 0x9e3779b97f4a7c15u;
  return static_cast<std::size_t>(spread >> 32) & (slots_.size() - 1);
}

Result<std::optional<KnownEvent>> KnownIds::verify(EventSeq seq, std::string_view app, std::string_view id) {
  auto row = verify_.with(seq).step();
  if (!row) return std::move(row.error());
  if (!*row) return std::optional<KnownEvent>();
  std::optional<KnownEvent> found;
  if (verify_.bytes(0) == app && verify_.bytes(1) == id) {
    found = KnownEvent{seq, verify_.text(2)};
    if (found->body_sha256.empty()) found->body_sha256 = crypto::bytes_of(crypto::sha256(verify_.bytes(3)));
  }
  verify_.reset();
  return found;
}

Result<std::optional<KnownEvent>> KnownIds::find(std::string_view app, std::string_view id, std::int64_t hash) {
  for (std::size_t slot = slot_of(hash); slots_[slot].seq != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots_[slot].hash != hash) continue;
    auto found = verify(slots_[slot].seq, app, id);
    if (!found || *found) return found;
  }
  for (auto at = std::lower_bound(frozen_.begin(), frozen_.end(), Key{hash, 0});
       at != frozen_.end() && at->hash == hash; ++at) {
    auto found = verify(at->seq, app, id);
    if (!found || *found) return found;
  }
  find_.with(hash);
  while (true) {
    auto row = find_.step();
    if (!row) return std::move(row.error());
    if (!*row) return std::optional<KnownEvent>();
    auto found = verify(find_.integer(0), app, id);
    if (found && !*found) continue;
    find_.reset();
    return found;
  }
}

void KnownIds::insert_fresh(Key key) {
  std::size_t slot = slot_of(key.hash);
  while (slots_[slot].seq != 0) slot = (slot + 1) & (slots_.size() - 1);
  slots_[slot] = key;
  ++fresh_;
  batch_slots_.push_back(slot);
}

void KnownIds::add(std::int64_t hash, EventSeq seq) { insert_fresh(Key{hash, seq}); }

void KnownIds::freeze() {
  frozen_.clear();
  frozen_.reserve(fresh_);
  for (Key& key : slots_) {
    if (key.seq == 0) continue;
    frozen_upto_ = std::max(frozen_upto_, key.seq);
    frozen_.push_back(key);
    key = Key{};
  }
  std::sort(frozen_.begin(), frozen_.end());
  fresh_ = 0;
  moved_ = 0;
  batch_slots_.clear();
}

Result<bool> KnownIds::move_slice(Move when) {
  if (moved_ == frozen_.size()) {
    if (fresh_ == 0 || (when == Move::kWhenFull && fresh_ < kFreshMax - kSlice)) return false;
    freeze();
  }
  const std::size_t end = std::min(moved_ + kSlice, frozen_.size());
  while (moved_ < end) {
    auto done = insert_.with(frozen_[moved_].hash, frozen_[moved_].seq).run();
    if (!done) return std::move(done.error());
    ++moved_;
    ++batch_moved_;
  }
  if (moved_ == frozen_.size()) keyed_upto_ = frozen_upto_;
  return true;
}

void KnownIds::committed() {
  batch_slots_.clear();
  batch_moved_ = 0;
  committed_keyed_upto_ = keyed_upto_;
  if (moved_ == frozen_.size() && !frozen_.empty()) {
    frozen_.clear();
    moved_ = 0;
  }
}

void KnownIds::rolled_back() {
  // In reverse: the last one in is the one no other had to pass.
  for (auto slot = batch_slots_.rbegin(); slot != batch_slots_.rend(); ++slot) slots_[*slot] = Key{};
  fresh_ -= batch_slots_.size();
  batch_slots_.clear();
  moved_ -= batch_moved_;
  batch_moved_ = 0;
  keyed_upto_ = committed_keyed_upto_;
}

}  // namespace modhost::journal
