// What the resources of the platform have in common: requests built from what is given, answers read without losing
// what has no field here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "modhost/sdk/event.hpp"

namespace modhost::unique {

// A JSON value that the caller has as text already, e.g. object(...).text(). A view.
struct RawJson {
  std::string_view text = {};
};

// An answer, or an element of one: `json` is all of it, also what the fields do not name; `document` keeps it alive.
struct Resource {
  JsonDocument document = {};
  Json json = {};
};

namespace detail {

// A parameter that was not given: nothing, no JSON text, an empty list. An empty text is given.
template <class T>
bool is_given(const T&) {
  return true;
}
template <class T>
bool is_given(const std::optional<T>& value) {
  return value.has_value();
}
inline bool is_given(const RawJson& value) { return !value.text.empty(); }
template <class T>
bool is_given(const std::span<const T>& values) {
  return !values.empty();
}

// The JSON of a parameter; of a struct what its json() says.
template <class T>
JsonText json_of(const T& value) {
  if constexpr (requires { value.json(); })
    return value.json();
  else
    return JsonText(value);
}
inline JsonText json_of(const RawJson& value) {
  return value.text.empty() ? JsonText(nullptr) : JsonText::raw(std::string(value.text));
}
template <class T>
JsonText json_of(const std::span<const T>& values) {
  std::vector<JsonText> all;
  for (const T& value : values) all.push_back(json_of(value));
  return array(all);
}
template <class T>
JsonText json_of(const std::optional<T>& value) {
  return value ? json_of(*value) : JsonText(nullptr);
}

// Names and values in turn become the fields of a body; what was not given is left out.
using Fields = std::vector<JsonField>;
inline void add_given(Fields&) {}
template <class T, class... Rest>
void add_given(Fields& fields, std::string_view name, const T& value, const Rest&... rest) {
  if (is_given(value)) fields.push_back({name, json_of(value)});
  add_given(fields, rest...);
}
template <class... Parts>
Fields fields(const Parts&... parts) {
  Fields all;
  add_given(all, parts...);
  return all;
}
template <class... Parts>
JsonText body(const Parts&... parts) {
  return object(fields(parts...));
}

inline std::optional<std::string_view> unless_empty(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}
inline std::string_view otherwise(std::string_view given, std::string_view fallback) {
  return given.empty() ? fallback : given;
}

// One member of an answer, by the type of the field that takes it. What is missing or of another type is empty.
inline void assign(std::string& field, const Resource& from) { field = from.json.text(); }
inline void assign(std::int64_t& field, const Resource& from) { field = from.json.integer(); }
inline void assign(double& field, const Resource& from) { field = from.json.number(); }
inline void assign(bool& field, const Resource& from) { field = from.json.is_true(); }
inline void assign(modhost::Json& field, const Resource& from) { field = from.json; }
template <class T>
void assign(std::optional<T>& field, const Resource& from) {
  if (from.json) assign(field.emplace(), from);
}
template <class T>
requires std::is_base_of_v<Resource, T>
void assign(T& field, const Resource& from) { field = T::read(from); }
template <class T>
void assign(std::vector<T>& field, const Resource& from) {
  for (std::size_t i = 0; i < from.json.size(); ++i) assign(field.emplace_back(), {from.document, from.json[i]});
}

template <class T>
void fill(T&, const Resource&) {}
template <class T, class Field, class Owner, class... Rest>
void fill(T& value, const Resource& from, std::string_view name, Field Owner::*field, Rest... rest) {
  assign(value.*field, {from.document, from.json[name]});
  fill(value, from, rest...);
}
// A T of this answer: names of members and the fields that take them in turn.
template <class T, class... Parts>
T make(Resource from, Parts... parts) {
  T value;
  fill(value, from, parts...);
  static_cast<Resource&>(value) = std::move(from);
  return value;
}

// For then(): the whole answer as a T, or what its member `name` lists. The platform sends some lists bare.
template <class T>
T read_one(const JsonDocument& answer) {
  return T::read({answer, answer.root()});
}
template <class T>
std::vector<T> elements(const JsonDocument& answer, std::string_view name) {
  const modhost::Json root = answer.root();
  const bool is_bare = root.raw() != nullptr && root.raw()->IsArray();
  std::vector<T> all;
  assign(all, {answer, is_bare ? root : root[name]});
  return all;
}
template <class T>
auto read_list(std::string_view name) {  // a literal
  return [name](const JsonDocument& answer) { return elements<T>(answer, name); };
}

}  // namespace detail
}  // namespace modhost::unique
