// Questions to the user, as both the API and the page see them. (Dossier 5.5.)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "playground/records.hpp"

namespace modhost::playground {

inline constexpr const char* kElicitation = "Elicitation";

// The record now: one whose time has come is EXPIRED from its next reading on.
Result<std::string> current_elicitation(Records& records, const std::string& id, UnixMillis now);
std::vector<std::string> pending_elicitations(Records& records, UnixMillis now);

// action ACCEPT, DECLINE, CANCEL or REJECT; content: JSON. kInvalid when it was answered or has expired.
Result<std::string> respond_to(Records& records, const std::string& id, std::string_view action,
                               const std::string& content, UnixMillis now);

}  // namespace modhost::playground
