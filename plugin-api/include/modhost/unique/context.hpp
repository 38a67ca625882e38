// Search hits as one text for a model, numbered for citations.hpp:
//
//   [source0] lease.pdf : 4,5
//   The lease may be terminated ...
//   ---
//   [source1] ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "modhost/unique/search.hpp"
#include "modhost/unique/split_text.hpp"

namespace modhost::unique {

// What a source is called: its title, or else its key.
inline std::string_view source_name(const Chunk& chunk) { return detail::otherwise(chunk.title, chunk.key); }

namespace detail {

// Whether a name ends in pages already, as "a.pdf : 4,5".
inline bool ends_in_pages(std::string_view name) {
  const auto at = name.rfind(" : ");
  return at != std::string_view::npos && at + 3 < name.size() &&
         name.find_first_not_of("0123456789, ", at + 3) == std::string_view::npos;
}

}  // namespace detail

// The same with pages, "lease.pdf : 4,5"; without when there are none or the name has them.
inline std::string source_name_with_pages(const Chunk& chunk) {
  constexpr std::int64_t kPagesMax = 50;  // of a wider range, or one that ends before it begins, the first is named
  std::string name(source_name(chunk));
  if (chunk.start_page < 1 || detail::ends_in_pages(name)) return name;
  const std::int64_t span = chunk.end_page < chunk.start_page ? 0 : chunk.end_page - chunk.start_page;
  name += " : " + std::to_string(chunk.start_page);
  for (std::int64_t i = 1; span < kPagesMax && i <= span; ++i) name += "," + std::to_string(chunk.start_page + i);
  return name;
}

struct Context {
  std::string text;
  std::size_t used = 0;  // so many chunks, from the first on, are in it
};

// The hits in their order, as many as fit: `max_characters` counts as split_text.hpp does and bounds the whole text. Of
// the first one that does not fit the beginning is taken, when nothing else would be there.
inline Context join_chunks(std::span<const Chunk> chunks, std::size_t max_characters) {
  constexpr std::string_view kBetween = "\n---\n";
  Context context;
  std::size_t left = max_characters;
  for (const Chunk& chunk : chunks) {
    std::string part(context.used == 0 ? std::string_view() : kBetween);
    part += "[source" + std::to_string(context.used) + "] " + source_name_with_pages(chunk) + "\n";
    part += chunk.text;
    const std::size_t size = count_characters(part);
    if (size > left) {
      if (context.used != 0) break;
      part = first_part(part, left);
      if (count_characters(part) > left) break;
    }
    context.text += part;
    ++context.used;
    if (size > left) break;
    left -= size;
  }
  return context;
}

}  // namespace modhost::unique
