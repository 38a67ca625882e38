// The small languages inside scalars: durations, sizes, addresses, times. Pure; an error says what the value should
// look like and never repeats it, for it may have come out of a secret variable.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/config.hpp"

namespace modhost::config {

// "250ms", "2s", "5m", "24h", "7d"; "0" needs no unit.
Result<milliseconds> parse_duration(std::string_view text);

// "512KiB", "4MiB", "1GiB", with or without a space; a plain number is bytes only when it says so: "4096B".
Result<std::uint64_t> parse_size(std::string_view text);

// Decimal digits, nothing else.
Result<std::uint64_t> parse_count(std::string_view text);

// "127.0.0.1:8080", "[::1]:8080", "localhost:8080"; port 0 means any free one.
Result<Address> parse_address(std::string_view text);

// "2026-08-01", "2026-08-01T12:00:00Z", "2026-08-01T12:00:00.250+02:00".
Result<UnixMillis> parse_time(std::string_view text);

// The shortest form parse_duration reads back.
std::string to_text(milliseconds duration);
std::string size_to_text(std::uint64_t bytes);
std::string to_text(const Address& address);
std::string to_text(UnixMillis time);

}  // namespace modhost::config
