// How models cite: the marks they leave in their text, found where they begin. Sources count from 0.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace modhost::unique::detail {

// What stands at a place of a text.
struct CitationMarker {
  enum class Kind { kNone, kUnfinished, kMarker };  // unfinished: more text decides
  Kind kind = Kind::kNone;
  std::size_t bytes = 0;
  std::vector<std::size_t> sources;  // as the model wrote them; none for a mark that is only taken out
};

inline constexpr std::size_t kMarkerBytesMax = 80;

inline std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return made;
}
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
}
inline bool take_out(std::string& text, std::string_view what) {
  bool is_found = false;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; is_found = true)
    text.replace(at, what.size(), " ");
  return is_found;
}

// Between the brackets: [source0], [source 0], [source_0], [<source0>], [source: 0, 2], [source_number="0"], and what
// models write in place of a source. A bare number is no mark: it may be a year or a footnote, and models count those
// from 1.
inline CitationMarker read_brackets(std::string_view inside) {
  std::string rest = lower(inside);
  CitationMarker marker;
  constexpr std::array<std::string_view, 5> kNoSources = {"user", "assistant", "conversation", "previous answer",
                                                          "none"};
  if (std::find(kNoSources.begin(), kNoSources.end(), rest) != kNoSources.end()) {
    marker.kind = CitationMarker::Kind::kMarker;
    return marker;
  }
  bool is_named = false;
  for (const std::string_view name : {"source_number", "sources", "source"}) is_named |= take_out(rest, name);
  for (std::size_t i = 0; i < rest.size();) {
    if (!is_digit(rest[i])) {
      if (std::string_view(" _:,;<>*[]=\"").find(rest[i++]) == std::string_view::npos) return {};
      continue;
    }
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", i), rest.size());
    if (end - i > 4) return {};
    marker.sources.push_back(std::stoul(rest.substr(i, end - i)));
    i = end;
  }
  if (marker.sources.empty() || !is_named) return {};
  marker.kind = CitationMarker::Kind::kMarker;
  return marker;
}

// `text` begins with '['. A bracket right behind a word is an index of it, one before '(' a link.
inline CitationMarker match_brackets(std::string_view text, bool is_behind_word, bool is_end) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size() && i < kMarkerBytesMax && text[i] != '\n'; ++i) {
    depth += text[i] == '[' ? 1 : 0;
    if (text[i] != ']' || --depth > 0) continue;
    if (i + 1 == text.size() && !is_end) return {CitationMarker::Kind::kUnfinished, 0, {}};
    if (i + 1 < text.size() && text[i + 1] == '(') return {};
    const std::string_view inside = text.substr(1, i - 1);
    CitationMarker marker = read_brackets(inside);
    if (is_behind_word && lower(inside).find("source") == std::string::npos) return {};
    marker.bytes = i + 1;
    return marker;
  }
  const bool may_go_on = text.size() < kMarkerBytesMax && text.find('\n') == std::string_view::npos;
  return {may_go_on ? CitationMarker::Kind::kUnfinished : CitationMarker::Kind::kNone, 0, {}};
}

// `text` begins a word with 's': source0, source_0, source_number="0", SOURCE n°0. Left alone when there is no such
// source.
inline CitationMarker match_word(std::string_view text, bool is_end, std::size_t source_count) {
  const std::string start = lower(text.substr(0, 24));
  for (const std::string_view form : {"source", "source_", "source_number=\"", "source n°"}) {
    if (form.starts_with(start)) return {CitationMarker::Kind::kUnfinished, 0, {}};
    if (!start.starts_with(form) || !is_digit(start[form.size()])) continue;
    const std::size_t end = std::min(start.find_first_not_of("0123456789", form.size()), start.size());
    if (end == start.size() && !is_end) return {CitationMarker::Kind::kUnfinished, 0, {}};
    const bool is_quoted = form.ends_with('"') && end < start.size() && start[end] == '"';
    if (end - form.size() > 4 || (!is_quoted && end < start.size() && is_word(start[end]))) return {};
    const std::size_t source = std::stoul(start.substr(form.size(), end - form.size()));
    if (source >= source_count) return {};
    return {CitationMarker::Kind::kMarker, end + (is_quoted ? 1 : 0), {source}};
  }
  return {};
}

}  // namespace modhost::unique::detail
