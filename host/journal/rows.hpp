// How the rows of `event` become values; shared by the reading and the writing side.
#pragma once

#include "journal/journal.hpp"
#include "store/connection.hpp"

namespace modhost::journal {

inline std::int64_t millis(UnixMillis time) { return time.time_since_epoch().count(); }
inline UnixMillis unix_millis(std::int64_t count) { return UnixMillis(std::chrono::milliseconds(count)); }

// The columns event_from() reads, from column 0 on, and what a claim has beside them. `e` is the event.
inline constexpr const char* kEventColumns =
    "e.seq, e.app, e.id, e.name, e.reference, e.user_id, e.company_id, e.chat_id, e.assistant_id, "
    "e.assistant_message_id, "
    "e.user_message_id, e.created_at_s, e.key_id, e.traceparent, e.received_at";
inline constexpr int kEventColumnCount = 15;

inline constexpr const char* kClaimColumns =
    ", e.module, e.attempts, e.generation, e.prior_run, e.turn_completed, e.fresh_at";
inline constexpr int kClaimColumnCount = 6;

Event event_from(const store::Statement& row);
// Without body, checkpoint and token.
Claim claim_without_body(const store::Statement& row);

}  // namespace modhost::journal
