// What a call of a plugin to the platform means for the event it serves, read from the call itself: plugins say nothing
// beside it, so that no author can forget to.
#pragma once

#include <string>
#include <string_view>

#include "event/event.hpp"

namespace modhost::services {

struct CallMeaning {
  bool completes_turn = false;   // a PATCH of the event's assistant message that sets completedAt
  bool asks_for_upload = false;  // POST /content/upsert: the answer names addresses to upload to
  bool opens_step = false;       // POST /message-log of a step that has not ended
  bool shows_answer = false;     // POST of a text to the assistant message's /event: seen, but not stored
  bool stores_answer = false;    // a PATCH of the assistant message with a text
  bool replaces_answer = false;  // the platform writes it: what was shown before is no longer what the bubble says
  std::string closes_step;       // PATCH /message-log/{this}: COMPLETED or FAILED
};

// `target` may have a base path before what is known here.
CallMeaning meaning_of(const Event& event, std::string_view method, std::string_view target, std::string_view body);

// The id in an answer to POST /message-log; empty when it has none.
std::string opened_step(std::string_view answer);

}  // namespace modhost::services
