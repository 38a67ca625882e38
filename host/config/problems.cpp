#include "config/problems.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <tuple>

namespace modhost::config {
namespace {

constexpr std::size_t kWordMax = 64;     // longer names are not compared: the distance is quadratic
constexpr std::size_t kStoredMax = 400;  // of each severity: a hostile file must not grow the list without end

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; }

char folded(char c) { return c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0u);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (folded(a[i]) == folded(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return out;
}

}  // namespace

std::string to_string(const Problem& problem) {
  return problem.where.empty() ? problem.what : problem.where + ": " + problem.what;
}

std::string masked(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    const bool starts = rest.starts_with("usig_") || rest.starts_with("ukey_");
    if (!starts) {
      out += text[i++];
      continue;
    }
    out.append(rest.substr(0, 5));
    i += 5;
    const std::size_t begin = i;
    while (i < text.size() && is_word(text[i])) ++i;
    if (i > begin) out += "***";
  }
  return out;
}

std::string Problems::at(Mark mark) const {
  if (mark.line == 0) return file_;
  return file_ + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

void Problems::add(Severity severity, std::string where, std::string_view what, Mark mark) {
  if (severity == Severity::kError) ++errors_;
  const auto stored =
      std::count_if(list_.begin(), list_.end(), [&](const Problem& p) { return p.severity == severity; });
  if (static_cast<std::size_t>(stored) >= kStoredMax) return;
  list_.push_back({severity, std::move(where), printable(masked(what)), mark.line, mark.column});
}

std::string Problems::summary() const {
  std::vector<const Problem*> sorted;
  for (const Problem& problem : list_)
    if (problem.severity == Severity::kError) sorted.push_back(&problem);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem* a, const Problem* b) {
    return std::tie(a->line, a->column) < std::tie(b->line, b->column);
  });
  std::string out;
  for (std::size_t i = 0; i < sorted.size() && i < kProblemsMax; ++i) {
    if (i > 0) out += '\n';
    out += to_string(*sorted[i]);
  }
  if (errors_ > kProblemsMax) out += "\nand " + std::to_string(errors_ - kProblemsMax) + " more";
  return out;
}

std::vector<Problem> Problems::take() && {
  std::stable_sort(list_.begin(), list_.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.severity, a.line, a.column) < std::tie(b.severity, b.line, b.column);
  });
  return std::move(list_);
}

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates) {
  if (name.empty() || name.size() > kWordMax) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kWordMax) continue;
    const std::size_t found = distance(name, candidate);
    if (found < best_distance && found < candidate.size()) {
      best = candidate;
      best_distance = found;
    }
  }
  return best;
}

}  // namespace modhost::config
