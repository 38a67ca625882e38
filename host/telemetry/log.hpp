// One JSON line per record on standard error (or plain text for people). Never bodies, texts of users or secrets.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "config/config.hpp"

namespace modhost::telemetry {

using config::LogLevel;

struct Field {
  std::string_view key;
  std::string value;
  Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  template <class Number>
  requires std::is_arithmetic_v<Number> Field(std::string_view k, Number v)
      : key(k), value(std::to_string(v)), is_number(true) {}
  bool is_number = false;
};

class Log {
 public:
  explicit Log(const config::LogConfig& config);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  [[nodiscard]] bool enabled(LogLevel level) const;
  void set_level(LogLevel level);  // [any thread]
  // Thread-safe. Borrows everything until return.
  void write(LogLevel level, std::string_view message, std::initializer_list<Field> fields = {});
  void write(LogLevel level, std::string_view message, const Field* fields, std::size_t count);

  void info(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(LogLevel::kInfo, message, fields);
  }
  void warn(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(LogLevel::kWarn, message, fields);
  }
  void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(LogLevel::kError, message, fields);
  }

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace modhost::telemetry
