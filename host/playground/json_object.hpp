// Builds one compact JSON object, member by member, in the order written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "event/json_reader.hpp"
#include "playground/time_text.hpp"

namespace modhost::playground {

class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value) { return raw(name, quote_json(value)); }
  JsonObject& text_or_null(std::string_view name, const std::optional<std::string>& value) {
    return value ? text(name, *value) : raw(name, "null");
  }
  JsonObject& number(std::string_view name, std::int64_t value) { return raw(name, std::to_string(value)); }
  JsonObject& number(std::string_view name, const std::optional<std::int64_t>& value) {
    return value ? number(name, *value) : raw(name, "null");
  }
  JsonObject& flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
  JsonObject& time(std::string_view name, UnixMillis value) { return text(name, to_iso(value)); }
  JsonObject& time(std::string_view name, const std::optional<UnixMillis>& value) {
    return value ? time(name, *value) : raw(name, "null");
  }
  // `json` is complete JSON text already.
  JsonObject& raw(std::string_view name, std::string_view json) {
    text_ += text_.empty() ? '{' : ',';
    text_ += quote_json(name);
    text_ += ':';
    text_ += json;
    return *this;
  }
  [[nodiscard]] std::string str() const { return text_.empty() ? "{}" : text_ + '}'; }

 private:
  std::string text_;
};

// "[a,b,c]" of anything with a function to JSON text.
template <class Items, class ToText>
std::string json_array(const Items& items, ToText to_text) {
  std::string text = "[";
  for (const auto& item : items) {
    if (text.size() > 1) text += ',';
    text += to_text(item);
  }
  return text + ']';
}

}  // namespace modhost::playground
