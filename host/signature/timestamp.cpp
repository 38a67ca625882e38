#include "signature/timestamp.hpp"

#include <limits>
#include <string_view>

namespace modhost::signature {

namespace {

// Far beyond any clock, and far from overflow when turned into milliseconds.
constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max() / 4000;

constexpr std::string_view kSpace = " \t\n\r\f\v";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

Timestamp parse_timestamp(const std::optional<std::string>& header) {
  if (!header) return {};
  std::string_view text = trim(*header);
  constexpr Timestamp kMalformed{Timestamp::Kind::kMalformed, 0};
  if (text.empty()) return kMalformed;
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);

  std::int64_t value = 0;
  bool after_digit = false;
  for (const char c : text) {
    if (c == '_' && after_digit) {
      after_digit = false;
      continue;
    }
    if (c < '0' || c > '9') return kMalformed;
    after_digit = true;
    value = value >= kFar / 10 ? kFar : value * 10 + (c - '0');
  }
  if (!after_digit) return kMalformed;
  if (value == 0) return {};
  return {Timestamp::Kind::kValue, negative ? -value : value};
}

std::int64_t age_seconds(const Timestamp& timestamp, UnixMillis now) {
  return now.time_since_epoch().count() / 1000 - timestamp.seconds;
}

bool is_older_than(const Timestamp& timestamp, UnixMillis now, std::chrono::milliseconds tolerance) {
  return timestamp.seconds * 1000 < (now.time_since_epoch() - tolerance).count();
}

}  // namespace modhost::signature
