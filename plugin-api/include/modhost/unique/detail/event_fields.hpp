// Reading members of an event's payload.
#pragma once

#include <string>
#include <vector>

#include "modhost/sdk/json.hpp"

namespace modhost::unique::detail {

inline std::vector<std::string> texts(modhost::Json list) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < list.size(); ++i) all.push_back(list[i].text());
  return all;
}
// Rules as they are; nothing for null, false and an empty object: a search with a filter of nothing fails.
inline modhost::Json unless_void(modhost::Json rules) { return rules.size() == 0 ? modhost::Json() : rules; }

}  // namespace modhost::unique::detail
