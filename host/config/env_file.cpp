// The syntax of .env files.
#include <algorithm>
#include <cctype>

#include "config/environment.hpp"

namespace modhost::config {
namespace {

bool is_name(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) != 0) return false;
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-'; });
}

// Reads one .env text from front to back.
class EnvParser {
 public:
  EnvParser(std::string_view text, const std::string& name, Problems& problems)
      : text_(text), name_(name), problems_(problems) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  }

  Variables run() {
    Variables out;
    while (pos_ < text_.size()) {
      read_line(out);
      skip_to_end_of_line();
    }
    return out;
  }

 private:
  [[nodiscard]] bool at_end_of_line() const {
    return pos_ >= text_.size() || text_[pos_] == '\n' || text_[pos_] == '\r';
  }

  void skip_blanks() {
    while (pos_ < text_.size() && (text_[pos_] == ' ' || text_[pos_] == '\t')) ++pos_;
  }

  void skip_to_end_of_line() {
    while (!at_end_of_line()) ++pos_;
    if (pos_ < text_.size() && text_[pos_] == '\r') ++pos_;
    if (pos_ < text_.size() && text_[pos_] == '\n') ++pos_;
    ++line_;
  }

  void warn(int line, std::string_view what) { problems_.warning_in(name_ + ":" + std::to_string(line), what); }

  void read_line(Variables& out) {
    skip_blanks();
    if (at_end_of_line() || text_[pos_] == '#') return;
    std::string_view key = read_key();
    if (key == "export" && pos_ < text_.size() && (text_[pos_] == ' ' || text_[pos_] == '\t')) {
      skip_blanks();
      key = read_key();
    }
    skip_blanks();
    if (!is_name(key) || pos_ >= text_.size() || text_[pos_] != '=')
      return warn(line_, "not NAME=VALUE: the line is ignored");
    ++pos_;
    skip_blanks();
    const int line = line_;
    std::optional<std::string> value = read_value();
    if (!value) return warn(line, "the quote is never closed: the line is ignored");
    out[std::string(key)] = *std::move(value);
  }

  std::string_view read_key() {
    const std::size_t begin = pos_;
    while (!at_end_of_line() && text_[pos_] != '=' && text_[pos_] != ' ' && text_[pos_] != '\t') ++pos_;
    return text_.substr(begin, pos_ - begin);
  }

  std::optional<std::string> read_value() {
    if (!at_end_of_line() && (text_[pos_] == '"' || text_[pos_] == '\'')) return read_quoted(text_[pos_]);
    const std::size_t begin = pos_;
    while (!at_end_of_line() && !(text_[pos_] == '#' && (pos_ == begin || is_blank(text_[pos_ - 1])))) ++pos_;
    std::string_view value = text_.substr(begin, pos_ - begin);
    while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
    return std::string(value);
  }

  static bool is_blank(char c) { return c == ' ' || c == '\t'; }

  std::optional<std::string> read_quoted(char quote) {
    const std::size_t begin = pos_;
    const int line = line_;
    std::string value;
    for (++pos_; pos_ < text_.size(); ++pos_) {
      const char c = text_[pos_];
      if (c == quote) {
        ++pos_;
        skip_blanks();
        if (!at_end_of_line() && text_[pos_] != '#') warn(line, "text after the closing quote is ignored");
        return value;
      }
      if (c == '\n') ++line_;
      if (c == '\\' && pos_ + 1 < text_.size()) {
        value += unescaped(quote);
      } else if (c != '\r' || pos_ + 1 >= text_.size() || text_[pos_ + 1] != '\n') {
        value += c;
      }
    }
    pos_ = begin;  // only this line is lost
    line_ = line;
    return std::nullopt;
  }

  // At a backslash; within single quotes only the quote and the backslash can be escaped.
  std::string unescaped(char quote) {
    const char next = text_[pos_ + 1];
    if (next == quote || next == '\\') {
      ++pos_;
      return {next};
    }
    static constexpr std::string_view kFrom = "nrt", kTo = "\n\r\t";
    const std::size_t at = kFrom.find(next);
    if (quote != '"' || at == std::string_view::npos) return "\\";
    ++pos_;
    return {kTo[at]};
  }

  std::string_view text_;
  const std::string& name_;
  Problems& problems_;
  std::size_t pos_ = 0;
  int line_ = 1;
};

}  // namespace

Variables parse_env_file(std::string_view text, const std::string& name, Problems& problems) {
  return EnvParser(text, name, problems).run();
}

}  // namespace modhost::config
