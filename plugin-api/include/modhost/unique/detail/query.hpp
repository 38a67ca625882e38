// The platform's form of a query: ?name=value&list[0]=a, a space is '+', True and False are capitalised.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "modhost/unique/resource.hpp"

namespace modhost::unique::detail {

class Query {
 public:
  Query& add(std::string_view name, std::string_view value) {
    std::string encoded = url_encode(value);
    for (std::size_t at = 0; (at = encoded.find("%20", at)) != std::string::npos;) encoded.replace(at, 3, "+");
    text_.append(text_.empty() ? "?" : "&").append(name).append("=").append(encoded);
    return *this;
  }
  Query& add(std::string_view name, std::same_as<bool> auto value) {
    return add(name, std::string_view(value ? "True" : "False"));
  }
  Query& add(std::string_view name, std::integral auto value) requires(!std::same_as<decltype(value), bool>) {
    return add(name, std::string_view(std::to_string(value)));
  }
  template <class T>
  Query& add(std::string_view name, std::span<const T> values) {
    for (std::size_t i = 0; i < values.size(); ++i) add(std::string(name) + "[" + std::to_string(i) + "]", values[i]);
    return *this;
  }
  template <class T>
  Query& add(std::string_view name, const std::optional<T>& value) {
    return value ? add(name, *value) : *this;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

inline void add_query(Query&) {}
template <class T, class... Rest>
void add_query(Query& all, std::string_view name, const T& value, const Rest&... rest) {
  all.add(name, value);
  add_query(all, rest...);
}
// Names and values in turn; what was not given is left out, an empty text is not.
template <class... Parts>
std::string query(const Parts&... parts) {
  Query all;
  add_query(all, parts...);
  return all.text();
}

}  // namespace modhost::unique::detail
