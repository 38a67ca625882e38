// The documents the platform signs, and what an arbitrary one names. (Dossier 2.1, 2.3, 2.4.)
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "playground/platform.hpp"

namespace modhost::playground {

std::string user_message_created(const std::string& event_id, const TurnRequest& turn, const Message& user);
std::string external_module_chosen(const std::string& event_id, const TurnRequest& turn, const Space& space,
                                   const Message& user, const Message& assistant);

// The same event again for a queued job (dossier 3.4); nothing when the body is no event.
std::optional<std::string> with_execution(std::string_view body, const std::string& event_id,
                                          const std::string& execution_id);

// What a body says about itself; empty strings where it says nothing or is no JSON.
struct EventNames {
  std::string id, name, user_id, company_id, module, chat_id, space_id;
  std::string user_message_id, user_text, assistant_message_id;
};
EventNames names_of(std::string_view body);

}  // namespace modhost::playground
