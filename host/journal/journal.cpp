#include "journal/journal.hpp"

#include <array>

namespace modhost::journal {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"ready",     "running", "waiting", "completed",
                                                    "cancelled", "expired", "dead"};

}  // namespace

std::string_view to_string(State state) { return kNames.at(static_cast<std::size_t>(state)); }

std::optional<State> state_named(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<State>(i);
  return std::nullopt;
}

}  // namespace modhost::journal
