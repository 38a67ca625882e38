// The durable states of an event.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace modhost::journal {

using EventSeq = std::int64_t;

// Numbers are stored: append only.
enum class State : std::uint8_t { kReady, kRunning, kWaiting, kCompleted, kCancelled, kExpired, kDead };
std::string_view to_string(State state);
std::optional<State> state_named(std::string_view name);
constexpr bool is_terminal(State state) { return state >= State::kCompleted; }

// The part that must move an event on; no state is left to chance. An operator may move any but kRunning.
enum class Mover {
  kDispatcher,  // claims it, or ends it past its deadline
  kOutcome,     // of the attempt, which the dispatcher settles; after a crash recovery does
  kTimer,       // of the journal
  kNobody       // it has ended
};
constexpr Mover mover_of(State state) {
  switch (state) {
    case State::kReady:
      return Mover::kDispatcher;
    case State::kRunning:
      return Mover::kOutcome;
    case State::kWaiting:
      return Mover::kTimer;
    default:
      return Mover::kNobody;
  }
}

// What may run beside another event of the same chat. kPerChat: nothing. kNewest: nothing either, and an event that is
// overtaken by a newer one is superseded.
enum class ClaimOrder { kAny, kPerChat, kNewest };

}  // namespace modhost::journal
