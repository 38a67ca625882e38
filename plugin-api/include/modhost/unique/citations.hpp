// What a model cites becomes what the chat shows: "[2]" in its text becomes "<sup>1</sup>" and a reference.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "modhost/unique/context.hpp"
#include "modhost/unique/detail/citation_marker.hpp"
#include "modhost/unique/reference.hpp"

namespace modhost::unique {

// Sources that were cited; `references` are views of what `kept` owns, good as long as a copy of this is there.
struct CitedText {
  struct Source {
    std::string name, url, source_id;
    std::vector<std::int64_t> marks;  // the numbers by which the model cited it
  };
  std::string text;
  std::shared_ptr<const std::vector<Source>> kept;
  std::vector<Reference> references;
};

namespace detail {

class Citer {
 public:
  Citer(std::string_view text, std::span<const Chunk> chunks) : chunks_(chunks), first_(highest_sup(text) + 1) {
    for (std::size_t at = 0; at < text.size();) at += step(text, at);
  }
  CitedText take() && {
    CitedText cited;
    cited.text = std::move(text_);
    cited.kept = std::make_shared<const std::vector<CitedText::Source>>(std::move(sources_));
    for (const CitedText::Source& source : *cited.kept) {
      Reference reference{source.name, first_ + static_cast<std::int64_t>(cited.references.size()), source.source_id};
      reference.url = source.url;
      reference.original_indexes = source.marks;
      cited.references.push_back(reference);
    }
    return cited;
  }

 private:
  static std::int64_t highest_sup(std::string_view text) {
    std::int64_t highest = 0;
    for (std::size_t at = 0; (at = text.find("<sup>", at)) != std::string_view::npos;) {
      at += 5;
      const auto number = read_number(text, at);
      if (number && text.substr(at).starts_with("</sup>"))
        highest = std::max(highest, static_cast<std::int64_t>(*number));
    }
    return highest;
  }
  // Takes what begins at `at`; answers how many bytes that is. Code between backticks stays as it is.
  std::size_t step(std::string_view text, std::size_t at) {
    const std::string_view rest = text.substr(at);
    if (rest[0] == '`') {
      const std::string_view fence = rest.substr(0, std::min(rest.find_first_not_of('`'), rest.size()));
      const std::size_t end = rest.find(fence, fence.size());
      return copy(rest.substr(0, end == std::string_view::npos ? fence.size() : end + fence.size()));
    }
    const bool begins_word = at == 0 || !is_letter(text[at - 1]);
    const auto marker = rest[0] == '['                                      ? bracket_marker(rest)
                        : begins_word && (rest[0] == 's' || rest[0] == 'S') ? bare_marker(rest)
                                                                            : std::nullopt;
    if (!marker) return copy(rest.substr(0, 1));
    cite(marker->numbers);
    return marker->size;
  }
  static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || (c & 0x80) != 0;
  }
  std::size_t copy(std::string_view piece) {
    text_ += piece;
    run_.clear();
    return piece.size();
  }
  // One <sup> for each source, once in a row of them. A mark that leads to no source goes, and a blank before it.
  void cite(const std::vector<std::size_t>& numbers) {
    bool is_any = false;
    for (const std::size_t number : numbers) {
      if (number < 1 || number > chunks_.size()) continue;
      is_any = true;
      const std::size_t index = source_of(number);
      if (std::find(run_.begin(), run_.end(), index) != run_.end()) continue;
      run_.push_back(index);
      text_ += "<sup>" + std::to_string(first_ + static_cast<std::int64_t>(index)) + "</sup>";
    }
    if (!is_any && run_.empty() && text_.ends_with(' ')) text_.pop_back();
  }
  std::size_t source_of(std::size_t number) {
    const Chunk& chunk = chunks_[number - 1];
    const std::string_view name = source_name(chunk);
    auto found = std::find(names_.begin(), names_.end(), name);
    const auto index = static_cast<std::size_t>(found - names_.begin());
    if (found == names_.end()) {
      const bool is_external = !chunk.url.empty() && chunk.internally_stored_at.empty();
      names_.push_back(name);
      sources_.push_back({source_name_with_pages(chunk),
                          is_external ? chunk.url : "unique://content/" + chunk.id,
                          chunk.id + "_" + chunk.chunk_id,
                          {}});
    }
    std::vector<std::int64_t>& marks = sources_[index].marks;
    const auto mark = static_cast<std::int64_t>(number);
    if (std::find(marks.begin(), marks.end(), mark) == marks.end()) marks.push_back(mark);
    return index;
  }

  std::span<const Chunk> chunks_;
  std::int64_t first_;
  std::string text_;
  std::vector<std::string_view> names_;  // of the sources, in the order of their first mark
  std::vector<CitedText::Source> sources_;
  std::vector<std::size_t> run_;  // the sources of the marks just before
};

}  // namespace detail

// Numbers count the chunks from 1, as join_chunks() writes them; tell the model to cite as [1]. Taken are [3], [3, 4],
// [source3] and the other forms models use, but not within code or of a link. Sources are numbered in the order of
// their first mark, after the highest <sup> that is there already; chunks of one name are one source.
inline CitedText cite(std::string_view text, std::span<const Chunk> chunks) {
  return detail::Citer(text, chunks).take();
}

}  // namespace modhost::unique
