// JSON text made from C++ values.
#pragma once

#include <concepts>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modhost/sdk/json.hpp"

namespace modhost {

// A piece of JSON text: from null, bool, numbers, strings, optionals, and what object() and array() make.
class JsonText {
 public:
  JsonText(std::nullptr_t) : text_("null") {}                                   // NOLINT: `{"name", nullptr}`
  JsonText(std::same_as<bool> auto value) : text_(value ? "true" : "false") {}  // NOLINT
  JsonText(std::integral auto value)                                            // NOLINT
      requires(!std::same_as<decltype(value), bool>)
      : text_(std::to_string(value)) {}
  JsonText(std::floating_point auto value) { write(rapidjson::Value(static_cast<double>(value))); }  // NOLINT
  JsonText(std::convertible_to<std::string_view> auto const& value) {                                // NOLINT
    const std::string_view text = value;
    write(rapidjson::Value(text.data() == nullptr ? "" : text.data(), static_cast<rapidjson::SizeType>(text.size())));
  }
  template <class T>
  JsonText(const std::optional<T>& value) : JsonText(value ? JsonText(*value) : JsonText(nullptr)) {}  // NOLINT
  // Text that is JSON already; taken as it is.
  static JsonText raw(std::string text) {
    JsonText made(nullptr);
    made.text_ = std::move(text);
    return made;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void write(const rapidjson::Value& value) { text_ = Json(&value).dump(); }
  std::string text_;
};

struct JsonField {
  std::string_view name;
  JsonText value;
};

inline JsonText object(const std::vector<JsonField>& fields) {
  std::string text = "{";
  for (const JsonField& field : fields)
    text += (text.size() > 1 ? "," : "") + JsonText(field.name).text() + ":" + field.value.text();
  return JsonText::raw(text + "}");
}
// The same by names and values in turn, object("chatId", id, "text", text). This form works within co_await too, where
// GCC 12 refuses a list in braces.
template <class... Rest>
JsonText object(std::string_view name, const JsonText& value, Rest&&... rest) {
  if constexpr (sizeof...(rest) == 0) {
    return JsonText::raw("{" + JsonText(name).text() + ":" + value.text() + "}");
  } else {
    const std::string others = object(std::forward<Rest>(rest)...).text();
    return JsonText::raw("{" + JsonText(name).text() + ":" + value.text() + "," + others.substr(1));
  }
}
inline JsonText array(const std::vector<JsonText>& values) {
  std::string text = "[";
  for (const JsonText& value : values) text += (text.size() > 1 ? "," : "") + value.text();
  return JsonText::raw(text + "]");
}

}  // namespace modhost
