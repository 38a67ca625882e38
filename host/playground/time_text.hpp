// The platform's timestamps: ISO 8601 in UTC with milliseconds out, that or Python's naive local form in.
// (Dossier 3.0.3, 3.1.)
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace modhost::playground {

std::string to_iso(UnixMillis time);  // "2025-10-09T08:53:20.000Z"

// "2025-10-09T08:53:20.000Z", "...+02:00", "2025-10-09 08:53:20.123456" (no zone: this machine's local time); nothing
// if it is none of these.
std::optional<UnixMillis> parse_time(std::string_view text);

}  // namespace modhost::playground
