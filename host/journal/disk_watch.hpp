// How much room the disk of the journal has left. A percentage says little about a large disk, and an amount little
// about a small one: the smaller of the two counts. Writer's thread only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "base/clock.hpp"

namespace modhost::journal {

struct DiskSpace {
  std::uint64_t free = 0, whole = 0;  // bytes; free: for us, not for root
};

enum class DiskLevel {
  kFine,
  kLow,  // bodies of completed events go at once, whatever keep_body says
  kFull  // nothing new is accepted; what is accepted goes on and ends
};

constexpr DiskLevel level_of(DiskSpace space) {
  constexpr std::uint64_t kGiB = 1ull << 30;
  if (space.free < std::min(space.whole / 20, kGiB)) return DiskLevel::kFull;
  if (space.free < std::min(space.whole / 10, 4 * kGiB)) return DiskLevel::kLow;
  return DiskLevel::kFine;
}

class DiskWatch {
 public:
  using Measure = std::function<std::optional<DiskSpace>()>;  // nothing: it can not be told, and counts as fine
  static constexpr auto kEvery = std::chrono::seconds(2);

  explicit DiskWatch(Measure measure) : measure_(std::move(measure)) {}

  // Measures when the last time is long ago.
  DiskLevel look(SteadyTime now) {
    if (now < next_) return level_;
    next_ = now + kEvery;
    const auto space = measure_();
    level_ = space ? level_of(*space) : DiskLevel::kFine;
    free_ = space ? space->free : 0;
    return level_;
  }
  [[nodiscard]] DiskLevel level() const { return level_; }
  [[nodiscard]] std::uint64_t free() const { return free_; }

 private:
  const Measure measure_;
  SteadyTime next_{};
  DiskLevel level_ = DiskLevel::kFine;
  std::uint64_t free_ = 0;
};

}  // namespace modhost::journal
