// modhost.log/1, message-shaped: a plugin's lines beside the host's own, with the module's name and the event's ids,
// and never with a secret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "services/event_service.hpp"
#include "services/text.hpp"
#include "telemetry/log.hpp"

namespace modhost::services {

struct LogLine {
  std::int32_t level = 0;  // MODHOST_LOG_*
  std::string_view message;
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  Handle event = 0;
};

// Thread-safe. Borrows everything.
class LogService {
 public:
  LogService(const config::ModuleConfig& module, telemetry::Log& log, EventService& events)
      : module_(module.name), redactor_(module.secrets), log_(log), events_(events) {}

  [[nodiscard]] bool is_enabled(std::int32_t level) const;
  void write(const LogLine& line);

 private:
  const std::string& module_;
  const Redactor redactor_;
  telemetry::Log& log_;
  EventService& events_;
};

}  // namespace modhost::services
