// JSON for plugin code: a view that never throws on what is missing.
#pragma once

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modhost/sdk/result.hpp"
#include "modhost/unique/detail/json.hpp"

namespace modhost {

// A value of a parsed document, or nothing: json["a"]["b"][0].text("none") is safe whatever is there. Borrows the
// document.
class Json {
 public:
  Json() = default;
  explicit Json(const rapidjson::Value* value) : value_(value) {}

  // The last of duplicate members, as the platform reads them; nothing when absent.
  Json operator[](std::string_view name) const {
    Json found;
    if (value_ != nullptr && value_->IsObject())
      for (const auto& member : value_->GetObject())
        if (std::string_view(member.name.GetString(), member.name.GetStringLength()) == name)
          found = Json(&member.value);
    return found;
  }
  Json operator[](std::size_t index) const {
    const bool is_there = value_ != nullptr && value_->IsArray() && index < value_->Size();
    return is_there ? Json(&(*value_)[static_cast<rapidjson::SizeType>(index)]) : Json();
  }
  // Elements of an array, members of an object; otherwise 0.
  [[nodiscard]] std::size_t size() const {
    if (value_ == nullptr) return 0;
    return value_->IsArray() ? value_->Size() : value_->IsObject() ? value_->MemberCount() : 0;
  }
  // Present and not null.
  explicit operator bool() const { return value_ != nullptr && !value_->IsNull(); }

  // The value when it has this type, `otherwise` when not.
  [[nodiscard]] std::string text(std::string_view otherwise = {}) const {
    return value_ != nullptr && value_->IsString() ? std::string(value_->GetString(), value_->GetStringLength())
                                                   : std::string(otherwise);
  }
  [[nodiscard]] std::int64_t integer(std::int64_t otherwise = 0) const {
    return value_ != nullptr && value_->IsInt64() ? value_->GetInt64() : otherwise;
  }
  [[nodiscard]] double number(double otherwise = 0) const {
    return value_ != nullptr && value_->IsNumber() ? value_->GetDouble() : otherwise;
  }
  [[nodiscard]] bool is_true() const { return value_ != nullptr && value_->IsTrue(); }
  // The value as JSON text; "null" for nothing.
  [[nodiscard]] std::string dump() const {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    if (value_ == nullptr) return "null";
    value_->Accept(writer);
    return {buffer.GetString(), buffer.GetSize()};
  }
  // For what this view does not offer; null for nothing.
  [[nodiscard]] const rapidjson::Value* raw() const { return value_; }

 private:
  const rapidjson::Value* value_ = nullptr;
};

// A parsed document; copies share it.
class JsonDocument {
 public:
  JsonDocument() = default;  // null
  // E_INVALID when text is not JSON in UTF-8 or nested deeper than 128.
  static Result<JsonDocument> parse(std::string_view text) {
    if (!unique::detail::is_json(text)) return Failure{MODHOST_E_INVALID, "not a JSON document"};
    auto tree = std::make_shared<rapidjson::Document>();
    tree->Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
    return JsonDocument(std::move(tree));
  }
  [[nodiscard]] Json root() const { return Json(tree_.get()); }
  Json operator[](std::string_view name) const { return root()[name]; }
  Json operator[](std::size_t index) const { return root()[index]; }

 private:
  explicit JsonDocument(std::shared_ptr<const rapidjson::Document> tree) : tree_(std::move(tree)) {}
  std::shared_ptr<const rapidjson::Document> tree_;
};

}  // namespace modhost
