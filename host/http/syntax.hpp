// The character classes of RFC 9110 and RFC 3986 that the parser and the response writer need. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace modhost::http::syntax {

inline constexpr std::uint8_t kToken = 1;       // tchar: methods, field names
inline constexpr std::uint8_t kFieldValue = 2;  // field-vchar, SP, HTAB, obs-text
inline constexpr std::uint8_t kTarget = 4;      // what may stand in a request target: visible ASCII without '#'
inline constexpr std::uint8_t kHost = 8;        // uri-host, port and what separates them
inline constexpr std::uint8_t kDigit = 16;
inline constexpr std::uint8_t kHexDigit = 32;

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  const auto add = [&classes](std::string_view characters, std::uint8_t bits) {
    for (const char c : characters) classes[static_cast<unsigned char>(c)] |= bits;
  };
  for (unsigned c = 0; c < 256; ++c) {
    if ((c >= 0x20 && c != 0x7f) || c == '\t') classes[c] |= kFieldValue;
    if (c > 0x20 && c < 0x7f && c != '#') classes[c] |= kTarget;
  }
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", kToken | kHost);
  add("!#$%&'*+-.^_`|~", kToken);
  add("-._~%!$&'()*+,;=:[]", kHost);
  add("0123456789", kDigit);
  add("0123456789abcdefABCDEF", kHexDigit);
  return classes;
}

inline constexpr auto kClasses = make_classes();

constexpr bool is(char c, std::uint8_t bits) { return (kClasses[static_cast<unsigned char>(c)] & bits) != 0; }

constexpr bool all(std::string_view text, std::uint8_t bits) {
  for (const char c : text) {
    if (!is(c, bits)) return false;
  }
  return true;
}

constexpr bool is_token(std::string_view text) { return !text.empty() && all(text, kToken); }

// Without spaces and tabs at both ends.
constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

constexpr unsigned hex_value(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10); }

}  // namespace modhost::http::syntax
