// Reads and writes the platform's timestamps.
#include "playground/time_text.hpp"

#include <cstdio>
#include <ctime>

namespace modhost::playground {

namespace {

using namespace std::chrono;

// Takes `digits` decimal digits from the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// ".123456": any number of digits, kept to milliseconds.
std::optional<milliseconds> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return milliseconds(0);
  int value = 0, digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 3) value = value * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 3; ++digits) value *= 10;
  return milliseconds(value);
}

// "Z", "+02:00", "+0200"; nothing when malformed.
std::optional<minutes> take_offset(std::string_view& text) {
  if (take(text, 'Z')) return minutes(0);
  const bool is_negative = !text.empty() && text.front() == '-';
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const auto h = take_number(text, 2);
  take(text, ':');
  const auto m = take_number(text, 2);
  if (!h || !m || *h > 23 || *m > 59) return std::nullopt;
  const minutes offset(*h * 60 + *m);
  return is_negative ? -offset : offset;
}

}  // namespace

std::string to_iso(UnixMillis time) {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss<milliseconds> clock(time - day);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

std::optional<UnixMillis> parse_time(std::string_view text) {
  const auto y = take_number(text, 4);
  if (!y || !take(text, '-')) return std::nullopt;
  const auto mo = take_number(text, 2);
  if (!mo || !take(text, '-')) return std::nullopt;
  const auto d = take_number(text, 2);
  if (!d || !(take(text, 'T') || take(text, ' '))) return std::nullopt;
  const auto h = take_number(text, 2);
  if (!h || !take(text, ':')) return std::nullopt;
  const auto mi = take_number(text, 2);
  if (!mi || !take(text, ':')) return std::nullopt;
  const auto s = take_number(text, 2);
  if (!s) return std::nullopt;
  const auto fraction = take_fraction(text);
  const year_month_day date(year(*y), month(static_cast<unsigned>(*mo)), day(static_cast<unsigned>(*d)));
  if (!fraction || !date.ok() || *h > 23 || *mi > 59 || *s > 59) return std::nullopt;
  if (text.empty()) {  // naive: the toolkit writes local time
    std::tm local{};
    local.tm_year = *y - 1900;
    local.tm_mon = *mo - 1;
    local.tm_mday = *d;
    local.tm_hour = *h;
    local.tm_min = *mi;
    local.tm_sec = *s;
    local.tm_isdst = -1;
    return UnixMillis(seconds(std::mktime(&local))) + *fraction;
  }
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s) + *fraction - *offset;
}

}  // namespace modhost::playground
