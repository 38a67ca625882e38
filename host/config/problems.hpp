// What is wrong with a configuration, collected so that one start shows every mistake. No text in here holds a secret:
// values are quoted as they are written in the file, never as they are after expansion.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace modhost::config {

struct Mark {
  int line = 0;    // from 1; 0: no place in the file
  int column = 0;  // from 1
};

enum class Severity { kError, kWarning };

struct Problem {
  Severity severity = Severity::kError;
  std::string where;  // "modules.yaml:3:5", ".env:2" or empty
  std::string what;   // what is wrong and how to mend it
  int line = 0, column = 0;
};

// "modules.yaml:3:5: what".
std::string to_string(const Problem& problem);

// Words that look like credentials of the platform (usig_..., ukey_...) with all but their prefix covered.
std::string masked(std::string_view text);

class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  void error(Mark mark, std::string_view what) { add(Severity::kError, at(mark), what, mark); }
  void warning(Mark mark, std::string_view what) { add(Severity::kWarning, at(mark), what, mark); }
  void error_in(std::string where, std::string_view what) { add(Severity::kError, std::move(where), what, {}); }
  void warning_in(std::string where, std::string_view what) { add(Severity::kWarning, std::move(where), what, {}); }

  [[nodiscard]] std::size_t errors() const { return errors_; }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] std::string at(Mark mark) const;

  // Errors by line, one a line, at most kProblemsMax and then how many more there are.
  [[nodiscard]] std::string summary() const;
  // All of them, errors first, by line.
  [[nodiscard]] std::vector<Problem> take() &&;

 private:
  void add(Severity severity, std::string where, std::string_view what, Mark mark);

  std::string file_;
  std::vector<Problem> list_;
  std::size_t errors_ = 0;
};

inline constexpr std::size_t kProblemsMax = 20;  // a page of an operator's screen

// The candidate a person most likely meant, or empty. Case and the difference of '-' and '_' do not count.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace modhost::config
