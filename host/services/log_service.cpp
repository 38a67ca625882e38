#include "services/log_service.hpp"

#include <algorithm>

#include "modhost/plugin.h"

namespace modhost::services {

namespace {

constexpr std::size_t kTextBytesMax = 8 * 1024;  // of a message or a field: more is a dump, not a line
constexpr std::size_t kKeyBytesMax = 64;
constexpr std::size_t kFieldsMax = 32;

// Levels beyond the known ones count as the nearest.
telemetry::LogLevel level_of(std::int32_t level) {
  return static_cast<telemetry::LogLevel>(std::clamp<std::int32_t>(level, MODHOST_LOG_TRACE, MODHOST_LOG_ERROR) -
                                          MODHOST_LOG_TRACE);
}

}  // namespace

bool LogService::is_enabled(std::int32_t level) const { return log_.enabled(level_of(level)); }

void LogService::write(const LogLine& line) {
  if (!is_enabled(line.level)) return;
  std::vector<telemetry::Field> fields;
  const std::size_t count = std::min(line.fields.size(), kFieldsMax);
  std::vector<std::string> keys;  // the fields borrow them
  keys.reserve(count);
  fields.reserve(count + 3);
  fields.emplace_back("module", module_);
  if (const auto event = line.event != 0 ? events_.find(line.event) : nullptr) {
    fields.emplace_back("event_id", event->event().id);
    fields.emplace_back("attempt", event->attempt());
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [key, value] = line.fields[i];
    keys.push_back(redactor_.redact(key, kKeyBytesMax));
    fields.emplace_back(keys.back(), redactor_.redact(value, kTextBytesMax));
  }
  log_.write(level_of(line.level), redactor_.redact(line.message, kTextBytesMax), fields.data(), fields.size());
}

}  // namespace modhost::services
