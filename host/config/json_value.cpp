#include "config/json_value.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace modhost::config {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The number grammar of RFC 8259.
bool is_json_number(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t begin = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - begin;
  };
  if (text.starts_with('-')) ++i;
  const bool has_zero = i < text.size() && text[i] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (has_zero && whole > 1)) return false;
  if (i < text.size() && text[i] == '.' && (++i, digits() == 0)) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

void write_text(Writer& writer, std::string_view text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void write_plain(Writer& writer, const std::string& text) {
  if (text == "true" || text == "True" || text == "TRUE") {
    writer.Bool(true);
  } else if (text == "false" || text == "False" || text == "FALSE") {
    writer.Bool(false);
  } else if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    writer.Null();
  } else if (is_json_number(text)) {
    writer.RawValue(text.data(), text.size(), rapidjson::kNumberType);
  } else {
    write_text(writer, text);
  }
}

// The depth is bounded by kYamlDepthMax.
bool write(Context& context, Writer& writer, const Node& node, const std::string& what) {
  bool is_good = true;
  switch (node.kind) {
    case Node::Kind::kNull:
      writer.Null();
      break;
    case Node::Kind::kScalar: {
      const std::optional<Expanded> value = expand(context, node, what);
      if (!value) {
        writer.Null();  // in its place: what follows is examined too
        return false;
      }
      if (node.is_plain && !value->has_variables) {
        write_plain(writer, value->text);
      } else {
        write_text(writer, value->text);
      }
      break;
    }
    case Node::Kind::kList:
      writer.StartArray();
      for (const Node& item : node.items) is_good = write(context, writer, item, what) && is_good;
      writer.EndArray();
      break;
    case Node::Kind::kMap:
      writer.StartObject();
      for (const Node::Entry& entry : node.entries) {
        writer.Key(entry.key.data(), static_cast<rapidjson::SizeType>(entry.key.size()));
        is_good = write(context, writer, entry.value, what + "." + entry.key.substr(0, 64)) && is_good;
      }
      writer.EndObject();
      break;
  }
  return is_good;
}

}  // namespace

std::optional<std::string> to_json(Context& context, const Node& node, const std::string& what) {
  rapidjson::StringBuffer out;
  Writer writer(out);
  if (!write(context, writer, node, what)) return std::nullopt;
  return std::string(out.GetString(), out.GetSize());
}

}  // namespace modhost::config
