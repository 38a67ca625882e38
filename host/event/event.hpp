// The fact the platform sent, as every room behind the door sees it. The body stays the signed document byte for byte;
// only what routing and delivery need is picked out of it. All ids are opaque strings. (Dossier section 2.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace modhost {

inline constexpr const char* kExternalModuleChosen = "unique.chat.external-module.chosen";

struct Event {
  std::string app;                           // configured app whose secret matched
  std::string id;                            // "evt_..."; for an unusable body "sha256:<hex of the body>"
  std::string name;                          // e.g. "unique.chat.external-module.chosen"
  std::string reference;                     // payload.name, or empty
  std::string user_id;                       // becomes x-user-id
  std::string company_id;                    // becomes x-company-id
  std::string chat_id;                       // payload.chatId, else payload.chatid; may be empty
  std::string assistant_id;                  // payload.assistantId; may be empty
  std::string assistant_message_id;          // payload.assistantMessage.id; may be empty
  std::string user_message_id;               // payload.userMessage.id; may be empty
  std::optional<std::int64_t> created_at_s;  // envelope createdAt, unix seconds
  std::string key_id;                        // secret that signed it
  std::string traceparent;
  UnixMillis received_at{};
  SteadyTime received_steady{};  // of this process; zero for an event read back from the journal
  std::string body;
};

}  // namespace modhost
