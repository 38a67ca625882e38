// The one function that reads JSON from outside: bounded depth, UTF-8 checked, the last of duplicate keys wins.
// RapidJSON's defaults overflow the stack on deep input, keep the first duplicate and do not check UTF-8. (adr/0004.)
#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "base/result.hpp"

namespace modhost {

// True if `text` is well-formed UTF-8 (RFC 3629: no overlong forms, surrogates or values above U+10FFFF).
bool is_utf8(std::string_view text);

// Feeds one whole JSON document to a RapidJSON SAX handler. Error: byte offset and cause, never the content.
template <class Handler>
Result<void> read_json(std::string_view text, Handler& handler);

// The same as a tree, duplicate members already resolved to the last one. For documents of known moderate size.
Result<rapidjson::Document> parse_json(std::string_view text);

// Member access that never throws or asserts: null when absent or of another type.
const rapidjson::Value* find_member(const rapidjson::Value& object, std::string_view name);
std::string_view string_member(const rapidjson::Value& object, std::string_view name);  // empty when absent

// Compact text of a value.
std::string to_json(const rapidjson::Value& value);
// `text` as a JSON string literal with its quotes.
std::string quote_json(std::string_view text);

}  // namespace modhost

#include "event/json_reader_impl.hpp"
