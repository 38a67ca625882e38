// Which events are ready, by module: the oldest with their bodies in memory, those behind them as a count of rows on
// the disk, so that memory stays bounded however long the backlog is. Not thread-safe: guarded by its owner.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "journal/journal.hpp"

namespace modhost::journal {

class ReadySet {
 public:
  // Bodies kept in memory over all modules.
  static constexpr std::size_t kBytesMax = 8 * 1024 * 1024;
  // Claims of a module whose mark is not durable yet: what a crash can leave kReady although it ran (see recover()).
  static constexpr std::size_t kUnmarkedMax = 256;

  // Rows to read: kReady, after < seq <= upto.
  struct Page {
    EventSeq after = 0, upto = 0;
    std::size_t limit = 0;
  };
  struct Taken {
    std::vector<Claim> claims;
    std::vector<EventSeq> on_disk;  // taken too, bodies to be read
    std::optional<Page> page;       // to be read and given to page_read()
    std::size_t max = 0;            // claims of this take altogether
  };

  // Everything up to `upto` that is kReady, found at start.
  void found(const std::string& module, std::uint64_t count, EventSeq upto);
  // A new event, seqs ascending.
  void stored(Claim claim);
  // An older event is ready again.
  void returned(const std::string& module, EventSeq seq);

  // Has ended without a claim, durably: no page will find it. Not while a page is being read.
  void forget(const std::string& module, EventSeq seq);

  // only_returned: nothing that comes for the first time.
  Taken take(const std::string& module, std::size_t max, bool only_returned = false);
  // The answer to Taken::page: the claims to hand out now, at most `max`; the rest is kept. `complete` is false when
  // the disk could not be read to the end.
  enum class Read { kDone, kFailed };
  std::vector<Claim> page_read(const std::string& module, std::vector<Claim> rows, std::size_t max, Read outcome);

  // A claim was handed out before its mark was durable, and the mark (or the settlement) became so. True when the
  // module could hand out nothing in between and has something to hand out now.
  void handed_out_unmarked(const std::string& module) { ++lanes_[module].unmarked; }
  bool became_marked(const std::string& module);

  [[nodiscard]] bool has(const std::string& module) const;
  [[nodiscard]] std::vector<std::string> modules() const;
  [[nodiscard]] std::size_t bytes_in_memory() const { return bytes_; }

 private:
  struct Lane {
    std::deque<Claim> window;     // ascending
    std::set<EventSeq> returned;  // ready again, on the disk, found by no page
    std::uint64_t on_disk = 0;    // rows with cursor < seq <= newest
    EventSeq cursor = 0, newest = 0;
    bool is_loading = false;
    std::size_t unmarked = 0;
    [[nodiscard]] bool is_ahead(EventSeq seq) const { return on_disk > 0 && seq > cursor && seq <= newest; }
  };
  static bool has(const Lane& lane) { return !lane.window.empty() || !lane.returned.empty() || lane.on_disk > 0; }
  Claim pop(Lane& lane);

  std::map<std::string, Lane, std::less<>> lanes_;
  std::size_t bytes_ = 0;
};

}  // namespace modhost::journal
