// Text for people: columns, times as they are said, and nothing that could drive a terminal.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace modhost::cli {

// Control characters become question marks; cut to so many bytes, with an ellipsis. 0: not cut.
std::string shown(std::string_view text, std::size_t bytes_max = 0);

// "now", "40 s ago", "3 min ago", "5 h ago", "2 days ago", "in 10 s".
std::string relative(UnixMillis at, UnixMillis now);
// "350 ms", "2.5 s", "3 min".
std::string span(std::chrono::milliseconds time);
// "1 event", "3 events".
std::string counted(std::uint64_t count, std::string_view what);

// Columns as wide as what they hold; the last is never padded.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace modhost::cli
