// YAML text as a plain tree that knows where everything stands. Built from the parser's events and not from its own
// tree, because that one drops duplicate keys silently; size, depth and nodes (aliases counted as copies) are bounded.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/problems.hpp"

namespace modhost::config {

inline constexpr std::size_t kYamlBytesMax = 1024 * 1024;  // of the file, and of all scalars with aliases copied
inline constexpr std::size_t kYamlDepthMax = 64;
inline constexpr std::size_t kYamlNodesMax = 100'000;

struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  Mark mark;
  bool is_plain = false;       // a scalar without quotes: 5 is a number, "5" is text
  std::string text;            // kScalar, as written: nothing is expanded yet
  std::vector<Node> items;     // kList
  std::vector<Entry> entries;  // kMap, in the order of the file, no key twice

  [[nodiscard]] const Node* find(std::string_view key) const;
  [[nodiscard]] std::string_view kind_name() const;  // "a list"
};

struct Node::Entry {
  std::string key;
  Mark mark;
  Node value;
};

// The document; nothing when it can not be read at all. Duplicate keys are reported and the first is kept.
std::optional<Node> parse_yaml(std::string_view text, Problems& problems);

}  // namespace modhost::config
