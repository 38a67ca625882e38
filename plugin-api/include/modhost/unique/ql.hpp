// Filters for searches and rules of spaces: UniqueQL. Make the rule in a line before the call, which borrows it:
//
//   const auto rule = ql::equals("country", "CH") && !ql::in("title", "draft.pdf", "old.pdf");
//   co_await Search::search(event, {.search_string = said, .meta_data_filter = rule});
#pragma once

#include <concepts>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modhost/unique/resource.hpp"

namespace modhost::unique::ql {

// Where a value is: one name, or the names from the outermost to the innermost.
class Path {
 public:
  Path(std::convertible_to<std::string_view> auto const& name) : names_(array({JsonText(name)})) {}  // NOLINT: implicit
  explicit Path(const std::vector<std::string_view>& names)
      : names_(array(std::vector<JsonText>(names.begin(), names.end()))) {}
  [[nodiscard]] const JsonText& names() const { return names_; }

 private:
  JsonText names_;
};

template <class T>
concept Text = std::convertible_to<const T&, std::string_view>;
template <class T>
concept Scalar = Text<T> || std::integral<T>;  // bool is one
template <class T>
concept Texts = std::ranges::input_range<const T> && Text<std::ranges::range_value_t<const T>> && !Text<T>;

enum class Joint { kNone, kAnd, kOr };

// kHasOpposite: `!` can be written. UniqueQL has no "not", only opposite operators; nested() and given() have none.
template <bool kHasOpposite>
class Rule {
 public:
  // The JSON of it; empty for a rule that restricts nothing.
  [[nodiscard]] const std::string& text() const { return text_; }
  // A view: not of a temporary, which may be gone before the call is made.
  operator RawJson() const& { return {text_}; }  // NOLINT: implicit
  operator RawJson() const&& = delete;           // NOLINT

  // Where a value is there: "not greater" is "less or equal".
  Rule operator!() const requires kHasOpposite { return Rule(opposite_, text_, flipped(joint_)); }

  // For the functions below: the rule, its opposite, and how its parts are joined.
  Rule(std::string text, std::string opposite, Joint joint)
      : text_(std::move(text)), opposite_(std::move(opposite)), joint_(joint) {}
  [[nodiscard]] const std::string& opposite() const { return opposite_; }
  [[nodiscard]] Joint joint() const { return joint_; }

 private:
  static Joint flipped(Joint joint) {
    return joint == Joint::kNone ? joint : joint == Joint::kAnd ? Joint::kOr : Joint::kAnd;
  }
  std::string text_, opposite_;
  Joint joint_;
};

namespace detail {

inline std::string leaf(std::string_view op, const Path& path, const JsonText& value) {
  return object("operator", op, "path", path.names(), "value", value).text();
}
inline Rule<true> pair(std::string_view op, std::string_view opposite, const Path& path, const JsonText& value) {
  return {leaf(op, path, value), leaf(opposite, path, value), Joint::kNone};
}
template <Texts List>
JsonText list(const List& values) {
  std::vector<JsonText> all;
  for (const auto& value : values) all.emplace_back(std::string_view(value));
  return array(all);
}
// {"and": [...]}; parts that are joined in the same way already become one list.
inline std::string join(std::string_view name, const std::string& a, bool a_is_list, const std::string& b,
                        bool b_is_list) {
  if (a.empty() || b.empty()) return a + b;
  const std::string head = "{\"" + std::string(name) + "\":[";
  const auto inner = [&](const std::string& text, bool is_list) {
    return is_list ? text.substr(head.size(), text.size() - head.size() - 2) : text;
  };
  return head + inner(a, a_is_list) + "," + inner(b, b_is_list) + "]}";
}
template <bool A, bool B>
Rule<A && B> join(const Rule<A>& a, const Rule<B>& b, Joint joint) {
  const bool a_same = a.joint() == joint, b_same = b.joint() == joint;
  const std::string_view name = joint == Joint::kAnd ? "and" : "or", other = joint == Joint::kAnd ? "or" : "and";
  const bool is_joined = !a.text().empty() && !b.text().empty();
  return {join(name, a.text(), a_same, b.text(), b_same),
          A && B ? join(other, a.opposite(), a_same, b.opposite(), b_same) : std::string(),
          is_joined          ? joint
          : a.text().empty() ? b.joint()
                             : a.joint()};
}

}  // namespace detail

template <bool A, bool B>
Rule<A && B> operator&&(const Rule<A>& a, const Rule<B>& b) {
  return detail::join(a, b, Joint::kAnd);
}
template <bool A, bool B>
Rule<A && B> operator||(const Rule<A>& a, const Rule<B>& b) {
  return detail::join(a, b, Joint::kOr);
}

}  // namespace modhost::unique::ql

#include "modhost/unique/detail/ql_operators.hpp"
