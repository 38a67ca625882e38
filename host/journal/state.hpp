// The durable states of an event.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace modhost::journal {

using EventSeq = std::int64_t;

// Numbers are stored: append only. Who must move a state on: kReady the dispatcher (claim), kRunning the dispatcher
// (settle, or recovery at start), kWaiting the journal's timer; the others are terminal.
enum class State : std::uint8_t { kReady, kRunning, kWaiting, kCompleted, kCancelled, kExpired, kDead };
std::string_view to_string(State state);
std::optional<State> state_named(std::string_view name);
constexpr bool is_terminal(State state) { return state >= State::kCompleted; }

// What may run beside another event of the same chat. kPerChat: nothing. kNewest: nothing either, and an event that is
// overtaken by a newer one is superseded.
enum class ClaimOrder { kAny, kPerChat, kNewest };

}  // namespace modhost::journal
