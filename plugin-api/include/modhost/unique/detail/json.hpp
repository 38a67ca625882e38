// Reading small JSON answers with RapidJSON, safely: the helpers below error.hpp.
#pragma once

#include <rapidjson/document.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace modhost::unique::detail {

using Json = rapidjson::Value;

inline const Json* member(const Json& object, const char* name) {
  const Json* found = nullptr;  // the last of duplicate keys, as the platform's own clients read them
  // By index: clang warns of comparing RapidJSON's member iterators in C++20.
  for (rapidjson::SizeType i = 0; object.IsObject() && i < object.MemberCount(); ++i) {
    const auto& entry = *(object.MemberBegin() + static_cast<std::ptrdiff_t>(i));
    if (entry.name == name) found = &entry.value;
  }
  return found != nullptr && !found->IsNull() ? found : nullptr;
}

// A string as it is, an array of strings joined by "; ", another value as JSON.
inline std::string text(const Json* value) {
  if (value == nullptr) return {};
  if (value->IsString()) return {value->GetString(), value->GetStringLength()};
  std::string joined;
  if (value->IsArray() && std::all_of(value->Begin(), value->End(), [](const Json& v) { return v.IsString(); })) {
    for (const Json& item : value->GetArray()) joined += (joined.empty() ? "" : "; ") + text(&item);
    return joined;
  }
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value->Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

// Valid JSON in UTF-8, nested so little that walking it recursively is safe. Reads without recursion and without a DOM.
inline bool is_json(std::string_view body) {
  struct Handler : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Handler> {
    int depth = 0;
    bool StartObject() { return ++depth <= 128; }
    bool EndObject(rapidjson::SizeType) { return depth-- > 0; }
    bool StartArray() { return ++depth <= 128; }
    bool EndArray(rapidjson::SizeType) { return depth-- > 0; }
  } handler;
  rapidjson::MemoryStream stream(body.data(), body.size());
  rapidjson::Reader reader;
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  return !reader.Parse<kFlags>(stream, handler).IsError();
}

}  // namespace modhost::unique::detail
