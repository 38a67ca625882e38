// Lines in the host's log.
#pragma once

#include <modhost/plugin.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modhost/sdk/services.hpp"

namespace modhost {

using LogFields = std::vector<std::pair<std::string_view, std::string>>;

// Lines in the host's log, with the module's name and, from an event, its ids. Never log what users wrote.
class Log {
 public:
  Log(const detail::Services& services, modhost_event_id event) : services_(services), event_(event) {}
  void debug(std::string_view message, const LogFields& fields = {}) const {
    write(MODHOST_LOG_DEBUG, message, fields);
  }
  void info(std::string_view message, const LogFields& fields = {}) const { write(MODHOST_LOG_INFO, message, fields); }
  void warn(std::string_view message, const LogFields& fields = {}) const { write(MODHOST_LOG_WARN, message, fields); }
  void error(std::string_view message, const LogFields& fields = {}) const {
    write(MODHOST_LOG_ERROR, message, fields);
  }
  // Ask before making an expensive line.
  [[nodiscard]] bool is_enabled(std::int32_t level) const { return services_.log->enabled(services_.host, level) != 0; }

 private:
  void write(std::int32_t level, std::string_view message, const LogFields& fields) const {
    if (!is_enabled(level)) return;
    std::vector<modhost_kv> pairs;
    for (const auto& [key, value] : fields) pairs.push_back({to_str(key), to_str(value)});
    services_.log->write(services_.host, event_, level, to_str(message), pairs.data(), pairs.size());
  }
  detail::Services services_;
  modhost_event_id event_;
};

}  // namespace modhost
