// The marks a model leaves for its sources become the small numbers of the chat, with the references they point to.
// Sources count from 0, as in join_chunks() and in the platform's own streaming: [source0] is <sup>1</sup>. Of the
// forms models use those that say "source" are taken, [source 3], [source: 3, 4] and so on. (dossier 5.2)
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "modhost/unique/context.hpp"
#include "modhost/unique/detail/citation_marker.hpp"
#include "modhost/unique/reference.hpp"
#include "modhost/unique/search.hpp"

namespace modhost::unique {

// For a text that comes piece by piece, and one thread at a time. A mark that may not be whole yet, at most 80 bytes,
// is held back from text(). One whose source does not exist is taken out. Code between backticks is left alone.
class CitationStream {
 public:
  explicit CitationStream(std::span<const Chunk> sources) {
    for (const Chunk& chunk : sources) {
      const bool is_stored = chunk.url.empty() || !chunk.internally_stored_at.empty();
      sources_.push_back({source_name_with_pages(chunk), chunk.id + "_" + chunk.chunk_id,
                          is_stored ? "unique://content/" + chunk.id : chunk.url});
    }
  }

  void write(std::string_view piece) {
    original_ += piece;
    pending_ += piece;
    read(false);
  }
  // No more comes: what was held back is shown.
  void finish() { read(true); }

  // For the chat, and as the model wrote it.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::string& original_text() const { return original_; }
  // Of what text() cites, in the order of their numbers; views of this object. originalIndex counts from 0.
  [[nodiscard]] std::vector<Reference> references() const {
    std::vector<Reference> all;
    for (const std::size_t index : cited_) {
      const Source& source = sources_[index];
      const auto number = static_cast<std::int64_t>(index);
      all.push_back({.name = source.name,
                     .sequence_number = number + 1,
                     .source_id = source.id,
                     .url = source.url,
                     .original_index = number});
    }
    return all;
  }

 private:
  using Kind = detail::CitationMarker::Kind;
  struct Source {
    std::string name, id, url;
  };

  void read(bool is_end) {
    std::size_t at = 0;
    while (at < pending_.size()) {
      const std::string_view rest = std::string_view(pending_).substr(at);
      if (rest.front() == '`') {
        const std::size_t ticks = std::min(rest.find_first_not_of('`'), rest.size());
        if (ticks == rest.size() && !is_end) break;
        code_ticks_ = code_ticks_ == 0 ? ticks : code_ticks_ == ticks ? 0 : code_ticks_;
        show(rest.substr(0, ticks));
        at += ticks;
        continue;
      }
      const detail::CitationMarker marker = code_ticks_ == 0 ? match(rest, is_end) : detail::CitationMarker();
      if (marker.kind == Kind::kUnfinished && !is_end) break;
      if (marker.kind == Kind::kMarker) {
        at += marker.bytes;
        cite(marker.sources, std::string_view(pending_).substr(at));
      } else {
        show(rest.substr(0, 1));
        ++at;
      }
    }
    pending_.erase(0, at);
  }
  [[nodiscard]] detail::CitationMarker match(std::string_view rest, bool is_end) const {
    const bool is_behind_word = detail::is_word(last_);
    if (rest.front() == '[') return detail::match_brackets(rest, is_behind_word || last_ == ')', is_end);
    const bool begins_word = (rest.front() == 's' || rest.front() == 'S') && !is_behind_word;
    return begins_word ? detail::match_word(rest, is_end, sources_.size()) : detail::CitationMarker();
  }
  void show(std::string_view plain) {
    text_ += plain;
    last_ = plain.back();
    if (last_ == '\n' && code_ticks_ < 3) code_ticks_ = 0;  // code within a line ends with it
    if (last_ != ' ') run_.clear();
  }
  // The same number once in a row of numbers.
  void cite(const std::vector<std::size_t>& sources, std::string_view next) {
    bool is_shown = false;
    for (const std::size_t source : sources) {
      if (source >= sources_.size() || !run_.insert(source).second) continue;
      text_ += "<sup>" + std::to_string(source + 1) + "</sup>";
      cited_.insert(source);
      is_shown = true;
    }
    last_ = ']';
    const bool closes_up = next.empty() || std::string_view(" .,;:!?)\n").find(next.front()) != std::string_view::npos;
    if (!is_shown && closes_up && text_.ends_with(' ')) text_.pop_back();
  }

  std::vector<Source> sources_;
  std::string pending_, text_, original_;
  std::set<std::size_t> cited_, run_;
  std::size_t code_ticks_ = 0;  // of the code that is open
  char last_ = '\n';
};

// A text that is there whole.
inline CitationStream cite(std::string_view text, std::span<const Chunk> sources) {
  CitationStream cited(sources);
  cited.write(text);
  cited.finish();
  return cited;
}

}  // namespace modhost::unique
