// Words, their weights and sentences.
#include "playground/text_match.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace modhost::playground {

namespace {

constexpr auto kCommon =
    std::to_array<std::string_view>({"about", "and",  "any",  "are",  "can",   "does",  "for",  "from", "have", "how",
                                     "into",  "many", "much", "may",  "our",   "say",   "tell", "that", "the",  "this",
                                     "was",   "wha",  "what", "when", "where", "which", "who",  "why",  "with", "you"});

unsigned char lower(unsigned char c) { return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c); }

bool is_letter(unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80; }

}  // namespace

Words words_of(std::string_view text) {
  Words words;
  std::string word;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const unsigned char c = i < text.size() ? lower(static_cast<unsigned char>(text[i])) : ' ';
    if (is_letter(c)) {
      word += static_cast<char>(c);
      continue;
    }
    if (word.size() > 3 && word.back() == 's') word.pop_back();  // plural, roughly
    if (word.size() >= 3 && std::find(kCommon.begin(), kCommon.end(), word) == kCommon.end()) words.push_back(word);
    word.clear();
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

bool contains(const Words& words, const std::string& word) {
  return std::binary_search(words.begin(), words.end(), word);
}

double overlap(const Words& query, const Words& text) {
  if (query.empty()) return 0;
  const auto common = std::count_if(query.begin(), query.end(), [&](const auto& word) { return contains(text, word); });
  return static_cast<double>(common) / static_cast<double>(query.size());
}

std::vector<double> weights_of(const Words& query, const std::vector<const Words*>& texts) {
  std::vector<double> weights;
  for (const std::string& word : query) {
    const auto having =
        std::count_if(texts.begin(), texts.end(), [&](const Words* words) { return contains(*words, word); });
    weights.push_back(std::log(1 + static_cast<double>(texts.size()) / static_cast<double>(1 + having)));
  }
  return weights;
}

double weighted_overlap(const Words& query, const std::vector<double>& weights, const Words& text) {
  double found = 0, all = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    all += weights[i];
    if (contains(text, query[i])) found += weights[i];
  }
  return all > 0 ? found / all : 0;
}

std::vector<std::string_view> sentences_of(std::string_view text) {
  std::vector<std::string_view> sentences;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool is_line_end = i == text.size() || text[i] == '\n';
    const bool is_stop = !is_line_end && (text[i] == '.' || text[i] == '!' || text[i] == '?') &&
                         (i + 1 == text.size() || text[i + 1] == ' ' || text[i + 1] == '\n');
    if (!is_line_end && !is_stop) continue;
    const std::string_view one = trimmed(text.substr(begin, is_stop ? i + 1 - begin : i - begin));
    if (!one.empty()) sentences.push_back(one);
    begin = i + 1;
  }
  return sentences;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace modhost::playground
