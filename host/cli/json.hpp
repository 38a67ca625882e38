// Writes the one JSON line of a command's --json.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace modhost::cli {

// An object, open from the start until finish(). Text that is not UTF-8 is the caller's fault, not checked here.
class JsonObject {
 public:
  JsonObject() { writer_.StartObject(); }

  JsonObject& field(std::string_view name, std::string_view value) { return key(name), text(value), *this; }
  JsonObject& field(std::string_view name, const char* value) { return field(name, std::string_view(value)); }
  JsonObject& field(std::string_view name, std::same_as<bool> auto value) {
    return key(name), writer_.Bool(value), *this;
  }
  JsonObject& field(std::string_view name, std::integral auto value) {
    return key(name), writer_.Int64(static_cast<std::int64_t>(value)), *this;
  }
  JsonObject& field(std::string_view name, double value) { return key(name), writer_.Double(value), *this; }

  JsonObject& begin_object(std::string_view name) { return key(name), writer_.StartObject(), *this; }
  JsonObject& begin_object() { return writer_.StartObject(), *this; }
  JsonObject& end_object() { return writer_.EndObject(), *this; }
  JsonObject& begin_list(std::string_view name) { return key(name), writer_.StartArray(), *this; }
  JsonObject& end_list() { return writer_.EndArray(), *this; }
  JsonObject& item(std::string_view value) { return text(value), *this; }

  [[nodiscard]] std::string finish() {
    writer_.EndObject();
    return {buffer_.GetString(), buffer_.GetSize()};
  }

 private:
  void key(std::string_view name) { writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size())); }
  void text(std::string_view value) { writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size())); }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

}  // namespace modhost::cli
