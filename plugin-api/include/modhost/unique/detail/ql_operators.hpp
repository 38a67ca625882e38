// The operators of UniqueQL: included by ql.hpp. What `!` makes of each is beside it.
#pragma once

#include "modhost/unique/ql.hpp"

namespace modhost::unique::ql {

inline Rule<true> equals(const Path& path, const Scalar auto& value) {
  return detail::pair("equals", "notEquals", path, value);
}
inline Rule<true> greater_than(const Path& path, const Scalar auto& value) {
  return detail::pair("greaterThan", "lessThanOrEqual", path, value);
}
inline Rule<true> less_than(const Path& path, const Scalar auto& value) {
  return detail::pair("lessThan", "greaterThanOrEqual", path, value);
}
inline Rule<true> at_least(const Path& path, const Scalar auto& value) { return !less_than(path, value); }
inline Rule<true> at_most(const Path& path, const Scalar auto& value) { return !greater_than(path, value); }
inline Rule<true> contains(const Path& path, const Scalar auto& value) {
  return detail::pair("contains", "notContains", path, value);
}
// One of these texts: a list of them, or each by name.
inline Rule<true> in(const Path& path, const Texts auto& values) {
  return detail::pair("in", "notIn", path, detail::list(values));
}
template <Text... More>
Rule<true> in(const Path& path, const Text auto& first, const More&... more) {
  return detail::pair("in", "notIn", path, array({JsonText(first), JsonText(more)...}));
}
// A list that has at least one of these.
inline Rule<true> overlaps(const Path& path, const Texts auto& values) {
  return detail::pair("overlaps", "notOverlaps", path, detail::list(values));
}
template <Text... More>
Rule<true> overlaps(const Path& path, const Text auto& first, const More&... more) {
  return detail::pair("overlaps", "notOverlaps", path, array({JsonText(first), JsonText(more)...}));
}
inline Rule<true> is_null(const Path& path) { return detail::pair("isNull", "isNotNull", path, nullptr); }
// The values are those that the platform's own compiler of rules writes.
inline Rule<true> is_empty(const Path& path) {
  return {detail::leaf("isEmpty", path, ""), detail::leaf("isNotEmpty", path, "not_empty"), Joint::kNone};
}
// Elements of a list of objects for which the rule holds; paths of the rule begin there.
template <bool A>
Rule<false> nested(const Path& path, const Rule<A>& rule) {
  const std::string inner = rule.joint() == Joint::kNone ? R"({"and":[)" + rule.text() + "]}" : rule.text();
  return {detail::leaf("nested", path, JsonText::raw(inner)), "", Joint::kNone};
}
// What is in this folder or below it.
inline Rule<true> in_folder(std::string_view scope_id) {
  return contains("folderIdPath", "uniquepathid://" + std::string(scope_id));
}
// A rule from elsewhere, such as ChatEvent::metadata_filter. Nothing, null and {} restrict nothing; the platform's
// search fails on the last.
inline Rule<false> given(Json filter) { return {filter.size() == 0 ? std::string() : filter.dump(), "", Joint::kNone}; }

}  // namespace modhost::unique::ql
