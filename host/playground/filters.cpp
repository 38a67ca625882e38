// Evaluates filters.
#include "playground/filters.hpp"

#include <algorithm>
#include <cstdlib>

#include "event/json_reader.hpp"

namespace modhost::playground {

namespace {

constexpr int kDepthMax = 32;

std::string text_of(const rapidjson::Value& value) {
  return value.IsString() ? std::string(value.GetString(), value.GetStringLength()) : to_json(value);
}

// All values at a path, as text: one, or the items of an array. Empty: not there.
std::vector<std::string> values_at(const Content& content, const std::string& path) {
  if (path == "key") return {content.key};
  if (path == "title") return {content.title};
  if (path == "contentId" || path == "id") return {content.id};
  if (path == "ownerId") return {content.owner_id};
  if (path == "url") return {"unique://content/" + content.id};
  const auto metadata = parse_json(content.metadata);
  std::vector<std::string> values;
  const rapidjson::Value* value =
      metadata && metadata->IsObject() ? find_member(*metadata, path.substr(0, path.find('.'))) : nullptr;
  if (value != nullptr && value->IsObject() && path.find('.') != std::string::npos)
    value = find_member(*value, path.substr(path.find('.') + 1));
  if (value != nullptr && value->IsArray())
    for (const auto& item : value->GetArray()) values.push_back(text_of(item));
  else if (value != nullptr && !value->IsNull())
    values.push_back(text_of(*value));
  if (values.empty() && path == "mimeType") return {content.mime_type};
  if (values.empty() && path == "folderIdPath" && content.owner_type != "CHAT")
    return {"uniquepathid://" + content.owner_id};
  return values;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return text;
}

// Numbers by value, everything else as text.
int compare(const std::string& a, const std::string& b) {
  char *end_a = nullptr, *end_b = nullptr;
  const double x = std::strtod(a.c_str(), &end_a), y = std::strtod(b.c_str(), &end_b);
  if (!a.empty() && !b.empty() && *end_a == '\0' && *end_b == '\0') return x < y ? -1 : x > y ? 1 : 0;
  return a.compare(b);
}

std::vector<std::string> texts_of(const rapidjson::Value* value) {
  std::vector<std::string> texts;
  if (value != nullptr && value->IsArray())
    for (const auto& item : value->GetArray()) texts.push_back(text_of(item));
  else if (value != nullptr)
    texts.push_back(text_of(*value));
  return texts;
}

template <class Test>
bool any(const std::vector<std::string>& values, Test test) {
  return std::any_of(values.begin(), values.end(), test);
}

Result<bool> apply(std::string_view name, const std::vector<std::string>& values,
                   const std::vector<std::string>& wanted) {
  const std::string first = wanted.empty() ? "" : wanted.front();
  const auto is_among = [&](const std::string& value) {
    return std::find(wanted.begin(), wanted.end(), value) != wanted.end();
  };
  const auto is_part = [&](const std::string& value) { return value.find(first) != std::string::npos; };
  const auto orders = [&](auto accept) {
    return any(values, [&](const std::string& value) { return accept(compare(value, first)); });
  };
  if (name == "equals" || name == "in" || name == "overlaps") return any(values, is_among);
  if (name == "notEquals" || name == "notIn" || name == "notOverlaps" || name == "not") return !any(values, is_among);
  if (name == "contains") return any(values, is_part);
  if (name == "notContains") return !any(values, is_part);
  if (name == "startsWith") return any(values, [&](const std::string& value) { return value.starts_with(first); });
  if (name == "endsWith") return any(values, [&](const std::string& value) { return value.ends_with(first); });
  if (name == "greaterThan" || name == "gt") return orders([](int order) { return order > 0; });
  if (name == "greaterThanOrEqual" || name == "gte") return orders([](int order) { return order >= 0; });
  if (name == "lessThan" || name == "lt") return orders([](int order) { return order < 0; });
  if (name == "lessThanOrEqual" || name == "lte") return orders([](int order) { return order <= 0; });
  if (name == "isNull") return values.empty();
  if (name == "isNotNull") return !values.empty();
  if (name == "isEmpty") return values.empty() || values.front().empty();
  if (name == "isNotEmpty") return !values.empty() && !values.front().empty();
  return invalid("unknown filter operator " + std::string(name));
}

// All of or any of a list, by `test`; every item is looked at, so that what is wrong is found.
template <class Test>
Result<bool> combine(const rapidjson::Value& list, bool needs_all, Test test) {
  if (!list.IsArray()) return invalid("a filter's and, or must be an array");
  bool outcome = needs_all;
  for (const auto& item : list.GetArray()) {
    Result<bool> one = test(item);
    if (!one) return one;
    outcome = needs_all ? outcome && *one : outcome || *one;
  }
  return outcome;
}

Result<bool> matches_rule(const rapidjson::Value& rule, const Content& content, int depth) {
  if (!rule.IsObject() || depth > kDepthMax) return invalid("a filter must be an object");
  const auto deeper = [&](const rapidjson::Value& item) { return matches_rule(item, content, depth + 1); };
  if (const auto* all = find_member(rule, "and")) return combine(*all, true, deeper);
  if (const auto* some = find_member(rule, "or")) return combine(*some, false, deeper);
  const rapidjson::Value* path = find_member(rule, "path");
  if (path == nullptr || !path->IsArray()) return invalid("a filter needs operator, path and value");
  std::string joined;
  for (const auto& segment : path->GetArray()) joined.append(joined.empty() ? "" : ".").append(text_of(segment));
  const std::string_view name = string_member(rule, "operator");
  const rapidjson::Value* value = find_member(rule, "value");
  if (name == "nested") return value == nullptr ? Result<bool>(invalid("nested needs a value")) : deeper(*value);
  return apply(name, values_at(content, joined), texts_of(value));
}

Result<bool> matches_fields(const rapidjson::Value& where, const Content& content, int depth) {
  if (!where.IsObject() || depth > kDepthMax) return invalid("where must be an object");
  const auto deeper = [&](const rapidjson::Value& item) { return matches_fields(item, content, depth + 1); };
  bool outcome = true;
  for (const auto& member : where.GetObject()) {
    const std::string name = text_of(member.name);
    if (name == "AND" || name == "OR" || name == "NOT") {
      Result<bool> one = member.value.IsObject() ? deeper(member.value) : combine(member.value, name == "AND", deeper);
      if (!one) return one;
      outcome = outcome && (name == "NOT" ? !*one : *one);
      continue;
    }
    if (!member.value.IsObject()) return invalid("where." + name + " must be an object");
    const bool is_loose = string_member(member.value, "mode") == "insensitive";
    std::vector<std::string> values = values_at(content, name);
    for (const auto& test : member.value.GetObject()) {
      const std::string which = text_of(test.name);
      if (which == "mode" || test.value.IsNull()) continue;
      std::vector<std::string> wanted = texts_of(&test.value);
      if (is_loose) {
        for (std::string& text : values) text = lower(text);
        for (std::string& text : wanted) text = lower(text);
      }
      Result<bool> one = apply(which, values, wanted);
      if (!one) return one;
      outcome = outcome && *one;
    }
  }
  return outcome;
}

template <class Matches>
Result<std::function<bool(const Content&)>> predicate(const rapidjson::Value& filter, Matches matches) {
  if (const Result<bool> tried = matches(filter, Content{}); !tried) return tried.error();
  auto copy = std::make_shared<rapidjson::Document>();
  copy->CopyFrom(filter, copy->GetAllocator());
  return std::function<bool(const Content&)>(
      [copy, matches](const Content& content) { return matches(*copy, content).value_or(false); });
}

}  // namespace

Result<bool> matches_unique_ql(const rapidjson::Value& rule, const Content& content) {
  return matches_rule(rule, content, 0);
}

Result<bool> matches_where(const rapidjson::Value& where, const Content& content) {
  return matches_fields(where, content, 0);
}

Result<std::function<bool(const Content&)>> unique_ql(const rapidjson::Value& rule) {
  return predicate(rule, matches_unique_ql);
}

Result<std::function<bool(const Content&)>> where_filter(const rapidjson::Value& where) {
  return predicate(where, matches_where);
}

}  // namespace modhost::playground
