// The X-Unique-Created-At header: what Python's int() accepts in ASCII, as the reference verifier reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace modhost::signature {

struct Timestamp {
  enum class Kind { kMissing, kMalformed, kValue };  // absent; empty or not an integer; a number
  Kind kind = Kind::kMissing;
  std::int64_t seconds = 0;  // saturated: 30 digits are merely far away
};

// Absent and the number 0 are kMissing; surrounding white space, a sign, leading zeros and single underscores between
// digits are accepted, everything else is kMalformed.
Timestamp parse_timestamp(const std::optional<std::string>& header);

// now - timestamp in whole seconds, saturated; negative for the future.
std::int64_t age_seconds(const Timestamp& timestamp, UnixMillis now);

// timestamp < now - tolerance, compared in milliseconds as the reference compares floats.
bool is_older_than(const Timestamp& timestamp, UnixMillis now, std::chrono::milliseconds tolerance);

}  // namespace modhost::signature
