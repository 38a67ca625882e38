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

}  // namespace modhost::journal
