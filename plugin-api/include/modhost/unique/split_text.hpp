// Text in pieces that the platform takes: its limits count characters (10,000 in a memory, 4,000 in a briefing).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace modhost::unique {
namespace detail {

// The length in bytes of the character that begins here; 1 for a byte that begins none.
inline std::size_t character_size(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
  if (size > text.size()) return 1;
  for (std::size_t i = 1; i < size; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 1;
  return size;
}
// As JavaScript counts, where what is beyond U+FFFF is two: never less than any other count of characters.
inline std::size_t character_width(std::size_t size) { return size == 4 ? 2 : 1; }

}  // namespace detail

// Characters of UTF-8 text as the platform counts them at most; bytes that are no UTF-8 count one each.
inline std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t size = detail::character_size(text);
    count += detail::character_width(size);
    text.remove_prefix(size);
  }
  return count;
}

// The longest beginning of so many characters at most, cut anywhere but within a character. A view of `text`.
inline std::string_view first_characters(std::string_view text, std::size_t max_characters) {
  std::size_t bytes = 0, count = 0;
  while (bytes < text.size()) {
    const std::size_t size = detail::character_size(text.substr(bytes));
    count += detail::character_width(size);
    if (count > max_characters) break;
    bytes += size;
  }
  return text.substr(0, bytes);
}

// The beginning of at most so many characters that ends best: after a paragraph, a line or a sentence when that leaves
// at least half, else after a word, else anywhere. Not empty unless `text` is, so a max_characters below 2 may be
// exceeded by one character.
inline std::string_view first_part(std::string_view text, std::size_t max_characters) {
  const std::string_view most = first_characters(text, max_characters);
  if (most.size() == text.size()) return text;
  if (most.empty()) return text.substr(0, detail::character_size(text));
  constexpr std::array<std::string_view, 6> kEnds = {"\n\n", "\n", ". ", "! ", "? ", " "};
  std::size_t best = 0;
  for (const std::string_view end : kEnds) {
    const std::size_t at = most.rfind(end);
    if (at == std::string_view::npos || at == 0) continue;
    if ((at + end.size()) * 2 >= most.size()) return most.substr(0, at + end.size());
    best = std::max(best, at + end.size());
  }
  return best != 0 ? most.substr(0, best) : most;
}

// All of `text` in such parts: views of it, which put together are `text` again.
inline std::vector<std::string_view> split_text(std::string_view text, std::size_t max_characters) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    parts.push_back(first_part(text, max_characters));
    text.remove_prefix(parts.back().size());
  }
  return parts;
}

}  // namespace modhost::unique
