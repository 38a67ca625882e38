#include "config/values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <limits>
#include <optional>

namespace modhost::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array<Unit, 5> kDurations = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 4> kSizes = {{{"B", 1}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}}};
constexpr std::uint64_t kTooMuch = std::numeric_limits<std::int64_t>::max();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The number at the start, which is taken away. Nothing when there is none or it does not fit.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

template <std::size_t N>
std::optional<std::uint64_t> with_unit(std::string_view text, const std::array<Unit, N>& units) {
  const std::optional<std::uint64_t> number = take_number(text);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == text; });
  if (!number || unit == units.end() || *number > kTooMuch / unit->factor) return std::nullopt;
  return *number * unit->factor;
}

bool is_plain_number(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_digit); }

bool is_ip(const std::string& text, int family) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(family, text.c_str(), bytes.data()) == 1;
}

// A host name of RFC 1123: labels of letters, digits and inner hyphens. All digits and dots can only be a mistyped
// address.
bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  if (std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; })) return false;
  std::size_t label = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_alnum = is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == '.' ? label == 0 || text[i - 1] == '-' : !(is_alnum || c == '_' || (c == '-' && label > 0))) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
  }
  return text.back() != '.' && text.back() != '-';
}

template <std::size_t N>
std::string shortest(std::uint64_t value, const std::array<Unit, N>& units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units)
    if (value != 0 && value % unit.factor == 0) best = &unit;
  return std::to_string(value / best->factor) + std::string(best->name);
}

// Reads fixed-width decimal fields and separators of a time.
class TimeText {
 public:
  explicit TimeText(std::string_view text) : text_(text) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return text_.empty(); }
  [[nodiscard]] char peek() const { return text_.empty() ? '\0' : text_.front(); }
  int number(std::size_t width) {
    int value = 0;
    if (text_.size() < width ||
        !std::all_of(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(width), is_digit)) {
      ok_ = false;
      return 0;
    }
    for (std::size_t i = 0; i < width; ++i) value = value * 10 + (text_[i] - '0');
    text_.remove_prefix(width);
    return value;
  }
  void expect(char c) {
    if (peek() != c) ok_ = false;
    skip();
  }
  void skip() {
    if (!text_.empty()) text_.remove_prefix(1);
  }
  // Digits after the point, of which three count.
  int milliseconds() {
    int value = 0, digits = 0;
    for (; is_digit(peek()); skip(), ++digits)
      if (digits < 3) value = value * 10 + (peek() - '0');
    if (digits == 0) ok_ = false;
    for (; digits < 3; ++digits) value *= 10;
    return value;
  }

 private:
  std::string_view text_;
  bool ok_ = true;
};

Error bad_time() { return invalid("expected a time such as 2026-08-01 or 2026-08-01T12:00:00Z"); }

}  // namespace

Result<milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return milliseconds(0);
  if (is_plain_number(text)) return invalid("a duration needs its unit: ms, s, m, h or d, as in 250ms or 5m");
  const auto value = with_unit(text, kDurations);
  if (!value) return invalid("expected a duration such as 250ms, 2s, 5m, 24h or 7d");
  return milliseconds(static_cast<std::int64_t>(*value));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  if (text != "0" && is_plain_number(text)) return invalid("a size needs its unit: B, KiB, MiB or GiB, as in 512KiB");
  if (text == "0") return std::uint64_t{0};
  const auto value = with_unit(text, kSizes);
  if (!value)
    return invalid("expected a size such as 512KiB, 1MiB or 4GiB (KB and MB are not known: 1KiB is 1024 bytes)");
  return *value;
}

Result<std::uint64_t> parse_count(std::string_view text) {
  const auto value = take_number(text);
  if (!value || !text.empty()) return invalid("expected a whole number");
  return *value;
}

Result<Address> parse_address(std::string_view text) {
  static constexpr std::string_view kExpected = "expected host:port, such as 127.0.0.1:8080 or [::1]:8080";
  if (is_plain_number(text))
    return invalid("a port alone: write 0.0.0.0:<port> for all addresses, or 127.0.0.1:<port>");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return invalid("the port is missing: " + std::string(kExpected));
  std::string_view port = text.substr(colon + 1), host = text.substr(0, colon);
  Address out;
  const auto number = take_number(port);
  if (!number || !port.empty() || *number > 65535)
    return invalid("a port is a number up to 65535: " + std::string(kExpected));
  out.port = static_cast<std::uint16_t>(*number);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    out.host = host.substr(1, host.size() - 2);
    if (!is_ip(out.host, AF_INET6))
      return invalid("not an IPv6 address between the brackets: " + std::string(kExpected));
    return out;
  }
  if (host.find(':') != std::string_view::npos)
    return invalid("an IPv6 address stands in brackets: " + std::string(kExpected));
  out.host = host;
  if (!is_ip(out.host, AF_INET) && !is_host_name(host)) return invalid("not a host: " + std::string(kExpected));
  return out;
}

Result<UnixMillis> parse_time(std::string_view text) {
  TimeText in(text);
  const int year = in.number(4);
  in.expect('-');
  const int month = in.number(2);
  in.expect('-');
  const int day = in.number(2);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!in.ok() || !date.ok()) return bad_time();
  UnixMillis out{std::chrono::sys_days(date)};
  if (in.at_end()) return out;
  if (in.peek() != 'T' && in.peek() != ' ') return bad_time();
  in.skip();
  const int hour = in.number(2);
  in.expect(':');
  const int minute = in.number(2);
  in.expect(':');
  const int second = in.number(2);
  if (hour > 23 || minute > 59 || second > 59) return bad_time();
  out += std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  if (in.peek() == '.') {
    in.skip();
    out += milliseconds(in.milliseconds());
  }
  const char zone = in.peek();
  in.skip();
  if (zone == '+' || zone == '-') {
    const int zone_hours = in.number(2);
    in.expect(':');
    const int zone_minutes = in.number(2);
    if (zone_hours > 14 || zone_minutes > 59) return bad_time();
    const auto offset = std::chrono::hours(zone_hours) + std::chrono::minutes(zone_minutes);
    out -= zone == '+' ? milliseconds(offset) : -milliseconds(offset);
  } else if (zone != 'Z') {
    return invalid("a time of day needs its zone: Z or +02:00 at the end");
  }
  if (!in.ok() || !in.at_end()) return bad_time();
  return out;
}

std::string to_text(milliseconds duration) {
  return duration.count() == 0 ? "0" : shortest(static_cast<std::uint64_t>(duration.count()), kDurations);
}

std::string size_to_text(std::uint64_t bytes) { return bytes == 0 ? "0" : shortest(bytes, kSizes); }

std::string to_text(const Address& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::string to_text(UnixMillis time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - days));
  std::array<char, 64> out{};
  static_cast<void>(std::snprintf(
      out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count())));
  return out.data();
}

}  // namespace modhost::config
