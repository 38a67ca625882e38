// The marks that models make for a source, in the many forms they have.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modhost::unique::detail {

struct Marker {
  std::size_t size = 0;              // bytes of the text
  std::vector<std::size_t> numbers;  // none: a mark that is only to be taken away
};

inline std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return made;
}
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The digits at `at`, which moves behind them; nothing without digits, or for a number no list is as long as.
inline std::optional<std::size_t> read_number(std::string_view text, std::size_t& at) {
  std::size_t number = 0, digits = 0;
  for (; at < text.size() && is_digit(text[at]); ++at, ++digits)
    if (digits < 7) number = number * 10 + static_cast<std::size_t>(text[at] - '0');
  return digits != 0 && digits < 7 ? std::optional(number) : std::nullopt;
}

// What stands in brackets: numbers, the word source, and signs. Nothing for anything else, such as [see 3].
inline std::optional<std::vector<std::size_t>> bracketed_numbers(std::string_view inner) {
  constexpr std::array<std::string_view, 5> kWords = {"sources", "source", "number", "n\xC2\xB0", "no."};
  constexpr std::string_view kSigns = " ,;:<>*[]_=\"'#&";
  const std::string text = lower(inner);
  std::vector<std::size_t> numbers;
  for (std::size_t at = 0; at < text.size();) {
    if (is_digit(text[at])) {
      const auto number = read_number(text, at);
      if (!number) return std::nullopt;
      numbers.push_back(*number);
      continue;
    }
    const auto word = std::find_if(kWords.begin(), kWords.end(), [&](std::string_view known) {
      return std::string_view(text).substr(at).starts_with(known);
    });
    if (word == kWords.end() && kSigns.find(text[at]) == std::string_view::npos) return std::nullopt;
    at += word == kWords.end() ? 1 : word->size();
  }
  return numbers;
}

// [3], [source 3], [3, 4], [[3], [4]], [**3**]; not the text of a link. Text begins with '['.
inline std::optional<Marker> bracket_marker(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < std::min(text.size(), kLongest); ++i) {
    if (text[i] == '\n') return std::nullopt;
    depth += text[i] == '[' ? 1 : 0;
    if (text[i] != ']' || --depth != 0) continue;
    const std::string_view inner = text.substr(1, i - 1);
    if (text.substr(i + 1).starts_with('(')) return std::nullopt;
    const auto numbers = bracketed_numbers(inner);
    if (numbers && !numbers->empty()) return Marker{i + 1, *numbers};
    constexpr std::array<std::string_view, 5> kNoise = {"user", "assistant", "conversation", "previous answer", "none"};
    if (std::find(kNoise.begin(), kNoise.end(), lower(inner)) != kNoise.end()) return Marker{i + 1, {}};
    return std::nullopt;
  }
  return std::nullopt;
}

// source3, source_number="3", source n°3, without brackets. Text begins with a letter that begins a word.
inline std::optional<Marker> bare_marker(std::string_view text) {
  const std::string head = lower(text.substr(0, 24));
  for (const std::string_view word : {"source_number=\"", "source n\xC2\xB0", "source"}) {
    if (!head.starts_with(word)) continue;
    std::size_t at = word.size();
    const auto number = read_number(text, at);
    if (!number) continue;
    if (word.ends_with('"')) {
      if (!text.substr(at).starts_with('"')) return std::nullopt;
      ++at;
    }
    return Marker{at, {*number}};
  }
  return std::nullopt;
}

}  // namespace modhost::unique::detail
