// Writes the one JSON line of a command's --json.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "event/json_reader.hpp"

namespace modhost::cli {

// An object, open from the start until finish(). Bytes that are not UTF-8 become question marks.
class JsonObject {
 public:
  JsonObject() { writer_.StartObject(); }

  JsonObject& field(std::string_view name, std::string_view value) { return key(name), text(value), *this; }
  JsonObject& field(std::string_view name, const char* value) { return field(name, std::string_view(value)); }
  JsonObject& field(std::string_view name, std::integral auto value) {
    key(name);
    if constexpr (std::same_as<decltype(value), bool>)
      writer_.Bool(value);
    else
      writer_.Int64(static_cast<std::int64_t>(value));
    return *this;
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
  void text(std::string_view value) {
    if (is_utf8(value)) {
      writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
      return;
    }
    std::string readable(value);  // a file's name or a body can be any bytes
    for (char& c : readable)
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    writer_.String(readable.data(), static_cast<rapidjson::SizeType>(readable.size()));
  }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

}  // namespace modhost::cli
