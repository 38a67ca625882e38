// Operations on their way to the writer's thread, in order.
#pragma once

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>
#include <vector>

#include "journal/ops.hpp"

namespace modhost::journal {

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
      if (is_awaited(op)) taken.push_back(std::exchange(op, std::monostate()));
    return taken;
  }
  [[nodiscard]] bool empty() const { return ops_.empty(); }

 private:
  std::deque<Op> ops_;
  std::uint64_t front_ = 0;
};

}  // namespace modhost::journal
