// Validation of request bodies.
#include "playground/body_check.hpp"

#include <algorithm>

#include "event/json_reader.hpp"
#include "playground/time_text.hpp"

namespace modhost::playground {

namespace {

std::string named(std::string_view name, std::string_view complaint) {
  return std::string(name).append(" ").append(complaint);
}

std::string joined(std::initializer_list<std::string_view> values) {
  std::string text;
  for (const std::string_view value : values) text.append(text.empty() ? "" : ", ").append(value);
  return text;
}

std::string as_string(const rapidjson::Value& value) { return {value.GetString(), value.GetStringLength()}; }

bool is_string(const rapidjson::Value* value) { return value != nullptr && value->IsString(); }

// What is wrong with one reference (dossier 3.1, Ref); empty: nothing.
std::string complaint_about(const rapidjson::Value& reference) {
  if (!reference.IsObject()) return "must be an object";
  for (const std::string_view name : {"name", "sourceId", "source"})
    if (!is_string(find_member(reference, name))) return named(name, "must be a string");
  for (const std::string_view name : {"description", "url"}) {
    const rapidjson::Value* value = find_member(reference, name);
    if (value != nullptr && !value->IsNull() && !value->IsString()) return named(name, "must be a string");
  }
  const rapidjson::Value* number = find_member(reference, "sequenceNumber");
  if (number == nullptr || !number->IsInt64()) return "sequenceNumber must be an integer number";
  const rapidjson::Value* original = find_member(reference, "originalIndex");
  if (original != nullptr && !original->IsNull()) {
    const bool is_good = original->IsArray() && std::all_of(original->Begin(), original->End(),
                                                            [](const rapidjson::Value& one) { return one.IsInt64(); });
    if (!is_good) return "originalIndex must be an array of integer numbers";
  }
  return {};
}

}  // namespace

const rapidjson::Value* BodyCheck::member(std::string_view name) {
  asked_.emplace_back(name);
  const rapidjson::Value* value = find_member(body_, name);
  return value == nullptr || value->IsNull() ? nullptr : value;
}

std::string BodyCheck::text(std::string_view name) {
  std::string value = any_text(name);
  if (value.empty() && is_string(find_member(body_, name))) complain(named(name, "should not be empty"));
  return value;
}

std::string BodyCheck::any_text(std::string_view name) {
  const rapidjson::Value* value = member(name);
  if (is_string(value)) return as_string(*value);
  complain(named(name, "must be a string"));
  return {};
}

std::string BodyCheck::choice(std::string_view name, std::initializer_list<std::string_view> values) {
  auto value = optional_choice(name, values);
  if (!value && member(name) == nullptr)
    complain(named(name, "must be one of the following values: ") + joined(values));
  return value.value_or("");
}

std::int64_t BodyCheck::integer(std::string_view name) {
  const rapidjson::Value* value = member(name);
  if (value != nullptr && value->IsInt64()) return value->GetInt64();
  complain(named(name, "must be an integer number"));
  return 0;
}

std::optional<std::string> BodyCheck::optional_text(std::string_view name) {
  const rapidjson::Value* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (value->IsString()) return as_string(*value);
  complain(named(name, "must be a string"));
  return std::nullopt;
}

std::optional<std::string> BodyCheck::optional_choice(std::string_view name,
                                                      std::initializer_list<std::string_view> values) {
  const rapidjson::Value* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (value->IsString())
    if (std::string text = as_string(*value); std::find(values.begin(), values.end(), text) != values.end())
      return text;
  complain(named(name, "must be one of the following values: ") + joined(values));
  return std::nullopt;
}

std::optional<std::int64_t> BodyCheck::optional_integer(std::string_view name, std::int64_t min, std::int64_t max) {
  const rapidjson::Value* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (value->IsInt64() && value->GetInt64() >= min && value->GetInt64() <= max) return value->GetInt64();
  complain(named(name, "must be an integer number from " + std::to_string(min) + " to " + std::to_string(max)));
  return std::nullopt;
}

std::optional<double> BodyCheck::optional_number(std::string_view name) {
  const rapidjson::Value* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (value->IsNumber()) return value->GetDouble();
  complain(named(name, "must be a number"));
  return std::nullopt;
}

std::optional<bool> BodyCheck::optional_flag(std::string_view name) {
  const rapidjson::Value* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (value->IsBool()) return value->GetBool();
  complain(named(name, "must be a boolean value"));
  return std::nullopt;
}

std::optional<UnixMillis> BodyCheck::optional_time(std::string_view name) {
  const rapidjson::Value* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (value->IsString())
    if (const auto time = parse_time(as_string(*value))) return time;
  complain(named(name, "must be a valid ISO 8601 date string"));
  return std::nullopt;
}

std::optional<std::string> BodyCheck::optional_object(std::string_view name) {
  const rapidjson::Value* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (value->IsObject()) return to_json(*value);
  complain(named(name, "must be an object"));
  return std::nullopt;
}

std::optional<std::string> BodyCheck::optional_object_or_array(std::string_view name) {
  const rapidjson::Value* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (value->IsObject() || value->IsArray()) return to_json(*value);
  complain(named(name, "must be an object or an array"));
  return std::nullopt;
}

std::optional<std::string> BodyCheck::optional_array(std::string_view name) {
  const rapidjson::Value* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (value->IsArray()) return to_json(*value);
  complain(named(name, "must be an array"));
  return std::nullopt;
}

std::optional<std::string> BodyCheck::optional_references(std::string_view name) {
  const rapidjson::Value* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (!value->IsArray()) {
    complain(named(name, "must be an array"));
    return std::nullopt;
  }
  for (rapidjson::SizeType i = 0; i < value->Size(); ++i)
    if (const std::string wrong = complaint_about((*value)[i]); !wrong.empty())
      complain(std::string(name) + "." + std::to_string(i) + "." + wrong);
  return to_json(*value);
}

const rapidjson::Value* BodyCheck::array(std::string_view name) {
  const rapidjson::Value* value = member(name);
  if (value != nullptr && value->IsArray()) return value;
  complain(named(name, "must be an array"));
  return nullptr;
}

void BodyCheck::refuse_others() {
  // The Python client leaks these options into the bodies of most resources (dossier 3.0.3).
  asked_.insert(asked_.end(), {"api_key", "api_base", "headers"});
  for (const auto& one : body_.GetObject())
    if (const std::string name = as_string(one.name); std::find(asked_.begin(), asked_.end(), name) == asked_.end())
      complain("property " + name + " should not exist");
}

}  // namespace modhost::playground
