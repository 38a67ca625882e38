// Reads a request's JSON object member by member and collects what is wrong with it, in the words of the platform's
// validation. null counts as absent.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace modhost::playground {

class BodyCheck {
 public:
  explicit BodyCheck(const rapidjson::Value& body) : body_(body) {}  // borrows an object

  // Required ones: a value even when it is wrong, the complaint is kept.
  std::string text(std::string_view name);      // not empty
  std::string any_text(std::string_view name);  // may be empty
  std::string choice(std::string_view name, std::initializer_list<std::string_view> values);
  std::int64_t integer(std::string_view name);

  std::optional<std::string> optional_text(std::string_view name);
  std::optional<std::string> optional_choice(std::string_view name, std::initializer_list<std::string_view> values);
  std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<double> optional_number(std::string_view name);
  std::optional<bool> optional_flag(std::string_view name);
  std::optional<UnixMillis> optional_time(std::string_view name);
  std::optional<std::string> optional_object(std::string_view name);           // JSON text
  std::optional<std::string> optional_object_or_array(std::string_view name);  // JSON text
  std::optional<std::string> optional_array(std::string_view name);            // JSON text
  std::optional<std::string> optional_references(std::string_view name);       // [Ref], checked, JSON text
  const rapidjson::Value* array(std::string_view name);                        // required; null when wrong

  const rapidjson::Value* value(std::string_view name) { return member(name); }  // of any type; null when absent

  // Every member not asked for so far is a complaint, but those that clients leak into all bodies.
  void refuse_others();
  void complain(std::string message) { complaints_.push_back(std::move(message)); }

  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }
  [[nodiscard]] bool is_good() const { return complaints_.empty(); }

 private:
  const rapidjson::Value* member(std::string_view name);  // null when absent or null; notes that it was asked for

  const rapidjson::Value& body_;
  std::vector<std::string> asked_;
  std::vector<std::string> complaints_;
};

}  // namespace modhost::playground
