// The template half of json_reader.hpp.
#pragma once

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

namespace modhost {

namespace detail {

// Passes events on while the depth stays within the limit.
template <class Handler>
class DepthGuard {
 public:
  explicit DepthGuard(Handler& handler) : handler_(handler) {}
  bool Null() { return handler_.Null(); }
  bool Bool(bool value) { return handler_.Bool(value); }
  bool Int(int value) { return handler_.Int(value); }
  bool Uint(unsigned value) { return handler_.Uint(value); }
  bool Int64(std::int64_t value) { return handler_.Int64(value); }
  bool Uint64(std::uint64_t value) { return handler_.Uint64(value); }
  bool Double(double value) { return handler_.Double(value); }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool copy) {
    return handler_.RawNumber(text, length, copy);
  }
  bool String(const char* text, rapidjson::SizeType length, bool copy) { return handler_.String(text, length, copy); }
  bool Key(const char* text, rapidjson::SizeType length, bool copy) { return handler_.Key(text, length, copy); }
  bool StartObject() { return enter() && handler_.StartObject(); }
  bool EndObject(rapidjson::SizeType members) {
    --depth_;
    return handler_.EndObject(members);
  }
  bool StartArray() { return enter() && handler_.StartArray(); }
  bool EndArray(rapidjson::SizeType elements) {
    --depth_;
    return handler_.EndArray(elements);
  }
  [[nodiscard]] bool too_deep() const { return depth_ > limits::kJsonDepthMax; }

 private:
  bool enter() { return ++depth_ <= limits::kJsonDepthMax; }
  Handler& handler_;
  std::size_t depth_ = 0;
};

}  // namespace detail

template <class Handler>
Result<void> read_json(std::string_view text, Handler& handler) {
  if (!is_utf8(text)) return invalid("not valid UTF-8");
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  detail::DepthGuard<Handler> guard(handler);
  // Recursive, a third faster than iterative; the guard ends the parse before a level too deep is entered.
  const rapidjson::ParseResult parsed = reader.Parse<rapidjson::kParseDefaultFlags>(stream, guard);
  if (guard.too_deep()) return invalid("nested deeper than " + std::to_string(limits::kJsonDepthMax) + " levels");
  if (parsed.IsError())
    return invalid(std::string(rapidjson::GetParseError_En(parsed.Code())) + " at byte " +
                   std::to_string(parsed.Offset()));
  return {};
}

}  // namespace modhost
