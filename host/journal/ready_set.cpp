#include "journal/ready_set.hpp"

#include <algorithm>

namespace modhost::journal {

void ReadySet::found(const std::string& module, std::uint64_t count, EventSeq upto) {
  Lane& lane = lanes_[module];
  lane.on_disk = count;
  lane.newest = upto;
}

void ReadySet::stored(Claim claim) {
  Lane& lane = lanes_[claim.module];
  lane.newest = claim.seq;
  const bool fits = lane.window.size() < limits::kReadyInMemoryMax && bytes_ + claim.event.body.size() <= kBytesMax;
  if (lane.on_disk > 0 || !fits) {
    if (lane.on_disk == 0) lane.cursor = claim.seq - 1;  // older ones on the disk are among `returned`
    ++lane.on_disk;
    return;
  }
  lane.cursor = claim.seq;
  bytes_ += claim.event.body.size();
  lane.window.push_back(std::move(claim));
}

// Either a page will find it or `returned` knows it, never both. Whether the page that is being read finds it is known
// when it has been read.
void ReadySet::returned(const std::string& module, EventSeq seq) {
  Lane& lane = lanes_[module];
  if (lane.is_ahead(seq) && !lane.is_loading)
    ++lane.on_disk;
  else
    lane.returned.insert(seq);
}

void ReadySet::forget(const std::string& module, EventSeq seq) {
  Lane& lane = lanes_[module];
  lane.returned.erase(seq);
  const auto held = std::find_if(lane.window.begin(), lane.window.end(), [seq](const auto& c) { return c.seq == seq; });
  if (held == lane.window.end()) return;
  bytes_ -= held->event.body.size();
  lane.window.erase(held);
}

Claim ReadySet::pop(Lane& lane) {
  Claim claim = std::move(lane.window.front());
  lane.window.pop_front();
  bytes_ -= claim.event.body.size();
  return claim;
}

ReadySet::Taken ReadySet::take(const std::string& module, std::size_t max, bool only_returned) {
  Taken taken;
  const auto found = lanes_.find(module);
  if (found == lanes_.end()) return taken;
  Lane& lane = found->second;
  taken.max = max = std::min(max, kUnmarkedMax - std::min(lane.unmarked, kUnmarkedMax));
  while (taken.claims.size() + taken.on_disk.size() < max) {
    const bool older = !lane.returned.empty() &&
                       (only_returned || lane.window.empty() || *lane.returned.begin() < lane.window.front().seq);
    if (older) {
      taken.on_disk.push_back(*lane.returned.begin());
      lane.returned.erase(lane.returned.begin());
    } else if (!lane.window.empty() && !only_returned) {
      taken.claims.push_back(pop(lane));
    } else {
      break;
    }
  }
  const bool wants_page = taken.claims.size() + taken.on_disk.size() < max && !only_returned;
  if (wants_page && lane.on_disk > 0 && !lane.is_loading) {
    lane.is_loading = true;
    taken.page = Page{lane.cursor, lane.newest, limits::kReadyInMemoryMax};
  }
  return taken;
}

std::vector<Claim> ReadySet::page_read(const std::string& module, std::vector<Claim> rows, std::size_t max,
                                       Read outcome) {
  Lane& lane = lanes_[module];
  lane.is_loading = false;
  if (!rows.empty()) lane.cursor = rows.back().seq;
  // A page that ends early without an error means that nothing is left: never ask for it again and again.
  if (rows.empty() && outcome == Read::kDone) lane.on_disk = 0;
  for (Claim& claim : rows) {
    if (lane.returned.erase(claim.seq) == 0 && lane.on_disk > 0) --lane.on_disk;
    bytes_ += claim.event.body.size();
    lane.window.push_back(std::move(claim));
  }
  if (lane.on_disk > 0) {  // those that came back meanwhile and that the next pages will find
    const auto ahead = lane.returned.upper_bound(lane.cursor);
    const auto behind = lane.returned.upper_bound(lane.newest);
    if (ahead != lane.returned.end() && *ahead <= lane.newest) {
      lane.on_disk += static_cast<std::uint64_t>(std::distance(ahead, behind));
      lane.returned.erase(ahead, behind);
    }
  }
  std::vector<Claim> claims;
  while (claims.size() < max && !lane.window.empty()) claims.push_back(pop(lane));
  return claims;
}

bool ReadySet::became_marked(const std::string& module) {
  Lane& lane = lanes_[module];
  const bool was_held = lane.unmarked >= kUnmarkedMax;
  if (lane.unmarked > 0) --lane.unmarked;
  return was_held && has(lane);
}

bool ReadySet::has(const std::string& module) const {
  const auto lane = lanes_.find(module);
  return lane != lanes_.end() && has(lane->second) && lane->second.unmarked < kUnmarkedMax;
}

std::vector<std::string> ReadySet::modules() const {
  std::vector<std::string> names;
  for (const auto& [name, lane] : lanes_)
    if (has(lane) && lane.unmarked < kUnmarkedMax) names.push_back(name);
  return names;
}

}  // namespace modhost::journal
