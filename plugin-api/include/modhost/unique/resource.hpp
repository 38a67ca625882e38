// What the resources of the platform have in common: requests built from what is given, answers read without losing
// what has no field here.
#pragma once

#include <optional>
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

// The fields of a body that were given, in order.
class Fields {
 public:
  Fields& add(std::string_view name, JsonText value) {
    fields_.push_back({name, std::move(value)});
    return *this;
  }
  template <class T>
  Fields& add_given(std::string_view name, const std::optional<T>& value) {
    if (value) add(name, *value);
    return *this;
  }
  Fields& add_given(std::string_view name, RawJson value) {
    if (!value.text.empty()) add(name, JsonText::raw(std::string(value.text)));
    return *this;
  }
  [[nodiscard]] JsonText text() const { return object(fields_); }

 private:
  std::vector<JsonField> fields_;
};

// ?name=value&... in the platform's form: a space is '+'.
class Query {
 public:
  Query& add(std::string_view name, std::string_view value) {
    std::string encoded = url_encode(value);
    for (std::size_t at = 0; (at = encoded.find("%20", at)) != std::string::npos;) encoded.replace(at, 3, "+");
    text_.append(text_.empty() ? "?" : "&").append(name).append("=").append(encoded);
    return *this;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

inline std::string_view otherwise(std::string_view given, std::string_view fallback) {
  return given.empty() ? fallback : given;
}

// T::read(Resource) for the whole answer, or for each element of an array in it.
template <class T>
T read_one(const JsonDocument& answer) {
  return T::read({answer, answer.root()});
}
template <class T>
std::vector<T> read_all(const JsonDocument& answer, modhost::Json elements) {
  std::vector<T> all;
  for (std::size_t i = 0; i < elements.size(); ++i) all.push_back(T::read({answer, elements[i]}));
  return all;
}

}  // namespace detail
}  // namespace modhost::unique
