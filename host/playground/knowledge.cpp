// A handbook of an invented company, word overlap as ranking, and a model that only quotes.
#include "playground/knowledge.hpp"

#include <algorithm>
#include <set>

namespace modhost::playground {

namespace {

constexpr double kScoreMin = 0.01;

// Lower-case words of three bytes and more, without the commonest ones; bytes above ASCII count as letters.
std::set<std::string> words_of(std::string_view text) {
  static const std::set<std::string> kCommon = {"the",  "and",  "for",  "are",  "was",  "what", "how",
                                                "who",  "our",  "you",  "can",  "is",   "does", "with",
                                                "that", "this", "from", "when", "which"};
  std::set<std::string> words;
  std::string word;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const auto c = i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(' ');
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
    if (is_letter) {
      word += static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
      continue;
    }
    if (word.size() > 3 && word.back() == 's') word.pop_back();  // plural, roughly
    if (word.size() >= 3 && !kCommon.contains(word)) words.insert(word);
    word.clear();
  }
  return words;
}

double overlap(const std::set<std::string>& query, std::string_view text) {
  if (query.empty()) return 0;
  const std::set<std::string> found = words_of(text);
  const auto common =
      std::count_if(query.begin(), query.end(), [&](const std::string& w) { return found.contains(w); });
  return static_cast<double>(common) / static_cast<double>(query.size());
}

std::vector<std::string_view> sentences_of(std::string_view text) {
  std::vector<std::string_view> sentences;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool is_end = i == text.size() || text[i] == '\n' ||
                        ((text[i] == '.' || text[i] == '!' || text[i] == '?') &&
                         (i + 1 == text.size() || text[i + 1] == ' ' || text[i + 1] == '\n'));
    if (!is_end) continue;
    std::string_view one = text.substr(begin, i < text.size() && text[i] != '\n' ? i + 1 - begin : i - begin);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    if (!one.empty()) sentences.push_back(one);
    begin = i + 1;
  }
  return sentences;
}

}  // namespace

const std::vector<Chunk>& knowledge_base() {
  static const std::vector<Chunk> kBase = {
      {"cont_playground0lease0zurich0a", "chunk_playground0lease00000001", "lease-zurich.md", "Office lease Zürich",
       "The lease of the Zürich office runs until 30 June 2029. The notice period is six months, to the end of March "
       "or "
       "September. Notice must be given by registered letter.",
       1, 1},
      {"cont_playground0lease0zurich0a", "chunk_playground0lease00000002", "lease-zurich.md", "Office lease Zürich",
       "The monthly rent of the Zürich office is CHF 18,400 plus CHF 1,250 for heating and cleaning. The rent follows "
       "the "
       "consumer price index once a year.",
       2, 2},
      {"cont_playground0travel0policy0", "chunk_playground0travel0000001", "travel-policy.md", "Travel policy",
       "Trains are booked in second class below three hours and in first class above. Flights inside Europe are "
       "economy. "
       "Hotels may cost up to CHF 220 a night.",
       1, 1},
      {"cont_playground0travel0policy0", "chunk_playground0travel0000002", "travel-policy.md", "Travel policy",
       "Expenses are handed in within 30 days with receipts. The team lead approves up to CHF 2,000, the CFO above.", 2,
       2},
      {"cont_playground0security0faq00", "chunk_playground0security00001", "security-faq.md", "Security FAQ",
       "A lost laptop is reported to the security desk within one hour. The disk is encrypted and the device is wiped "
       "remotely.",
       1, 1},
      {"cont_playground0security0faq00", "chunk_playground0security00002", "security-faq.md", "Security FAQ",
       "Passwords live in the password manager and have at least 16 characters. Sign-in needs a hardware key.", 2, 2},
      {"cont_playground0holidays000000", "chunk_playground0holidays00001", "holidays.md", "Holidays and leave",
       "Everybody has 25 days of holidays a year, from the age of 50 on 30 days. Up to five days may be taken into the "
       "next year. Parental leave is 18 weeks.",
       1, 1},
      {"cont_playground0modhost0intro0", "chunk_playground0modhost000001", "modhost.md", "About modhost",
       "modhost runs many modules behind one signed webhook endpoint. A plugin is a shared library; a module is a name "
       "in "
       "modules.yaml. Every accepted event is stored durably before it is acknowledged.",
       1, 1},
  };
  return kBase;
}

std::vector<Hit> search_knowledge(std::string_view query) {
  const std::set<std::string> wanted = words_of(query);
  std::vector<Hit> hits;
  for (const Chunk& chunk : knowledge_base())
    if (const double score = overlap(wanted, chunk.title + " " + chunk.text); score >= kScoreMin)
      hits.push_back({&chunk, score});
  std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.score > b.score; });
  return hits;
}

std::string complete(const std::vector<Prompt>& messages) {
  std::size_t question_at = messages.size();
  for (std::size_t i = 0; i < messages.size(); ++i)
    if (messages[i].role == "user") question_at = i;
  const std::string question = question_at < messages.size() ? messages[question_at].content : std::string();
  // A prompt that carries its context inside the question ends with the question itself.
  const auto own = sentences_of(question);
  const std::set<std::string> wanted = words_of(own.empty() ? std::string_view() : own.back());

  struct Candidate {
    std::string_view text;
    double score;
  };
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < messages.size(); ++i)
    for (const std::string_view sentence : sentences_of(messages[i].content))
      if (const double score = overlap(wanted, sentence); score >= 0.3 && sentence != own.back())
        candidates.push_back({sentence, score});
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  if (candidates.empty()) return "I found nothing about this in what I was given.";
  std::string answer(candidates[0].text);
  if (candidates.size() > 1 && candidates[1].text != candidates[0].text) answer.append(" ").append(candidates[1].text);
  return answer;
}

}  // namespace modhost::playground
