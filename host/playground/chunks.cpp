// Cuts texts into searchable pieces.
#include "crypto/digest.hpp"
#include "playground/library.hpp"

namespace modhost::playground {

namespace {

constexpr std::size_t kChunkBytes = 1200;  // a section grows to this, then its next paragraph begins a chunk

struct Lines {
  std::string_view rest;
  bool next(std::string_view& line) {
    if (rest.empty()) return false;
    const auto end = rest.find('\n');
    line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return true;
  }
};

// "## Notice" -> 2; anything else 0.
std::size_t heading_level(std::string_view line) {
  const auto hashes = line.find_first_not_of('#');
  return hashes != std::string_view::npos && hashes > 0 && hashes <= 6 && line[hashes] == ' ' ? hashes : 0;
}

bool stands_alone(std::string_view line) {  // list items and table rows keep their line
  const auto text = trimmed(line);
  return text.starts_with("- ") || text.starts_with("* ") || text.starts_with('|') ||
         (text.size() > 2 && text[0] >= '0' && text[0] <= '9' && text.find(". ") < 4);
}

class Cutter {
 public:
  explicit Cutter(std::string_view id_seed) : seed_(id_seed) {}

  void heading(std::string_view text) {
    close();
    text_ = text;
    bytes_of_heading_ = text_.size();
  }
  void line(std::string_view text) {
    const bool is_alone = stands_alone(text);
    if (!is_alone && goes_on_ && !text_.empty())
      text_ += ' ';
    else if (!text_.empty())
      text_ += '\n';
    text_ += is_alone ? text : trimmed(text);
    goes_on_ = true;
  }
  void paragraph_end() {
    goes_on_ = false;
    if (text_.size() > kChunkBytes) close();
  }
  void close() {
    goes_on_ = false;
    if (text_.size() > bytes_of_heading_) {
      Chunk chunk;
      chunk.order = chunk.page = static_cast<int>(chunks_.size()) + 1;
      const std::string seed = seed_ + "#" + std::to_string(chunk.order);
      chunk.id = "chunk_" + crypto::hex(crypto::sha256(seed)).substr(0, 24);
      chunk.text = std::move(text_);
      chunks_.push_back(std::move(chunk));
    }
    text_.clear();
    bytes_of_heading_ = 0;
  }
  std::vector<Chunk> take() {
    close();
    return std::move(chunks_);
  }

 private:
  const std::string seed_;
  std::vector<Chunk> chunks_;
  std::string text_;
  std::size_t bytes_of_heading_ = 0;
  bool goes_on_ = false;  // the last line was of this paragraph
};

}  // namespace

std::vector<Chunk> chunks_of(std::string_view text, std::string_view id_seed, std::string& title) {
  Cutter cutter(id_seed);
  Lines lines{text};
  bool has_title = false;
  for (std::string_view line; lines.next(line);) {
    const std::size_t level = heading_level(line);
    if (level == 1 && !has_title) {
      title = trimmed(line.substr(level));
      has_title = true;
    } else if (level > 0) {
      cutter.heading(trimmed(line.substr(level)));
    } else if (trimmed(line).empty()) {
      cutter.paragraph_end();
    } else {
      cutter.line(line);
    }
  }
  auto chunks = cutter.take();
  for (Chunk& chunk : chunks) chunk.words = words_of(title + " " + chunk.text);
  return chunks;
}

bool is_text(std::string_view mime_type, std::string_view key) {
  return mime_type.starts_with("text/") || mime_type == "application/json" || key.ends_with(".md") ||
         key.ends_with(".txt");
}

}  // namespace modhost::playground
