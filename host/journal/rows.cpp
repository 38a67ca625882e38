#include "journal/rows.hpp"

namespace modhost::journal {

Event event_from(const store::Statement& row) {
  Event event;
  int at = 1;
  for (std::string* field : {&event.app, &event.id, &event.name, &event.reference, &event.user_id, &event.company_id,
                             &event.chat_id, &event.assistant_id, &event.assistant_message_id, &event.user_message_id})
    *field = row.bytes(at++);
  if (!row.is_null(at)) event.created_at_s = row.integer(at);
  ++at;
  event.key_id = row.bytes(at++);
  event.traceparent = row.bytes(at++);
  event.received_at = unix_millis(row.integer(at));
  return event;
}

Claim claim_without_body(const store::Statement& row) {
  Claim claim;
  claim.seq = row.integer(0);
  claim.event = event_from(row);
  int at = kEventColumnCount;
  claim.module = row.bytes(at++);
  claim.attempt = static_cast<unsigned>(row.integer(at++)) + 1;
  claim.generation = static_cast<unsigned>(row.integer(at++));
  claim.prior_run = row.integer(at++) != 0;
  claim.turn_completed = row.integer(at++) != 0;
  claim.first_received = claim.event.received_at;
  const std::int64_t fresh_at = row.integer(at);
  claim.fresh_since = fresh_at == 0 ? claim.first_received : unix_millis(fresh_at);
  return claim;
}

}  // namespace modhost::journal
