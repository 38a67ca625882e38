// What the writer's thread does to events that are already stored: queued in order and kept until committed.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "journal/journal.hpp"
#include "journal/key_values.hpp"

namespace modhost::journal {

// kReady -> kRunning.
struct RunOp {
  EventSeq seq = 0;
  std::string module;
  UnixMillis at{};
};

// The end of a run.
struct SettleOp {
  Settlement settlement;
  std::string module;
  unsigned attempt = 1;
  unsigned generation = 0;
  std::size_t body_bytes = 0;
  bool is_first_mark = false;  // its RunOp was never written: only this one makes the run durable
  UnixMillis started_at{}, ended_at{};
};

// kWaiting -> kReady: its time has come.
struct ReleaseOp {
  EventSeq seq = 0;
  std::string module;
  UnixMillis at{};
};

struct CheckpointOp {
  EventSeq seq = 0;
  std::string blob;
  std::function<void(Result<void>)> done;
};

struct OutboxDoneOp {
  std::int64_t id = 0;
};

struct OutboxLaterOp {
  std::int64_t id = 0;
  UnixMillis not_before{};
};

struct KeyOp {
  KeyChange change;
  KeyValues::Changed done;
};

// monostate: a RunOp that its SettleOp overtook.
using Op = std::variant<std::monostate, RunOp, SettleOp, ReleaseOp, CheckpointOp, OutboxDoneOp, OutboxLaterOp, KeyOp>;

// Not thread-safe. Every operation has a place that stays the same while it is queued.
class OpQueue {
 public:
  std::uint64_t push(Op op) {
    ops_.push_back(std::move(op));
    return front_ + ops_.size() - 1;
  }
  // Takes the operation at this place out, if it is still queued.
  bool drop(std::uint64_t place) {
    if (place < front_) return false;
    ops_.at(place - front_) = std::monostate();
    return true;
  }
  std::vector<Op> take(std::size_t max) {
    const auto end = ops_.begin() + static_cast<std::ptrdiff_t>(std::min(max, ops_.size()));
    std::vector<Op> taken(std::make_move_iterator(ops_.begin()), std::make_move_iterator(end));
    ops_.erase(ops_.begin(), end);
    front_ += taken.size();
    return taken;
  }
  // Gives back what was taken last, in the same order.
  void put_back(std::vector<Op> ops) {
    front_ -= ops.size();
    ops_.insert(ops_.begin(), std::make_move_iterator(ops.begin()), std::make_move_iterator(ops.end()));
  }
  // Takes out those that somebody waits for; the others keep their places.
  std::vector<Op> take_awaited() {
    std::vector<Op> taken;
    for (Op& op : ops_)
      if (std::holds_alternative<CheckpointOp>(op) || std::holds_alternative<KeyOp>(op))
        taken.push_back(std::exchange(op, std::monostate()));
    return taken;
  }
  [[nodiscard]] bool empty() const { return ops_.empty(); }

 private:
  std::deque<Op> ops_;
  std::uint64_t front_ = 0;
};

}  // namespace modhost::journal
