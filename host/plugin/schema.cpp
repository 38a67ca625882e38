#include "plugin/schema.hpp"

#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>

#include "event/json_reader.hpp"

namespace modhost::plugin {

namespace {

// The rule as the plugin's author wrote it, e.g. {"maximum":10}: what RapidJSON 1.1 does not say.
std::string rule_at(const rapidjson::Document& schema, const rapidjson::Pointer& where, const char* keyword) {
  const rapidjson::Value* subschema = where.Get(schema);
  const rapidjson::Value* rule = subschema != nullptr ? find_member(*subschema, keyword) : nullptr;
  if (rule == nullptr) return {};
  constexpr std::size_t kRuleBytesMax = 200;
  std::string text = to_json(*rule);
  if (text.size() > kRuleBytesMax) return {};
  return " " + text;
}

std::string text_of(const rapidjson::Pointer& pointer) {
  rapidjson::StringBuffer text;
  pointer.Stringify(text);
  return text.GetSize() == 0 ? "the top" : std::string(text.GetString(), text.GetSize());
}

}  // namespace

Result<void> check_config(const std::string& schema, const std::string& config_json) {
  if (schema.empty()) return {};
  auto schema_json = parse_json(schema);
  if (!schema_json) return std::move(schema_json).error().within("the plugin's config_schema");
  if (!schema_json->IsObject()) return invalid("the plugin's config_schema is no JSON object");
  auto config = parse_json(config_json);
  if (!config) return std::move(config).error().within("config");
  const rapidjson::SchemaDocument compiled(*schema_json);
  rapidjson::SchemaValidator validator(compiled);
  if (config->Accept(validator)) return {};
  const char* keyword = validator.GetInvalidSchemaKeyword();
  return invalid("config at " + text_of(validator.GetInvalidDocumentPointer()) + " breaks the plugin's schema: \"" +
                 keyword + "\"" + rule_at(*schema_json, validator.GetInvalidSchemaPointer(), keyword));
}

}  // namespace modhost::plugin
