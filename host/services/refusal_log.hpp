// Calls of a plugin that are refused, in the host's log: the asynchronous form of the http service gives a number back
// and no words.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "modhost/plugin.h"
#include "services/http_service.hpp"
#include "services/log_service.hpp"
#include "telemetry/log_limiter.hpp"

namespace modhost::services {

// Thread-safe. Borrows everything.
class RefusalLog {
 public:
  RefusalLog(const Clock& clock, LogService& log) : log_(log), limiter_(clock, kLines, std::chrono::seconds(10)) {}

  // Without the query of the target, which may hold what a user wrote.
  static std::string name_of(const HttpCall& call) {
    constexpr std::size_t kShownMax = 200;
    const std::string_view path = std::string_view(call.target).substr(0, call.target.find('?'));
    return call.method + " " + (call.is_platform ? std::string(path.substr(0, kShownMax)) : origin_of(call.target));
  }
  // What somebody can mend, a missing grant or a wrong argument; that an event has ended is no news.
  void write(Handle event, std::string_view call, const Refusal& refusal) {
    if (refusal.status != MODHOST_E_DENIED && refusal.status != MODHOST_E_INVALID) return;
    std::uint64_t suppressed = 0;
    if (!limiter_.admit(suppressed)) return;
    const std::string left_out = std::to_string(suppressed);
    log_.write({MODHOST_LOG_WARN,
                "a call of the plugin was refused",
                {{"call", call}, {"why", refusal.detail}, {"suppressed", left_out}},
                event});
  }

 private:
  static constexpr unsigned kLines = 10;  // in ten seconds, of one module
  LogService& log_;
  telemetry::LogLimiter limiter_;
};

}  // namespace modhost::services
