// Modules that an operator has paused: their events wait as if the module did not run, what runs goes on.
#pragma once

#include <set>
#include <string>

#include "base/mutex.hpp"
#include "config/config.hpp"
#include "telemetry/metrics.hpp"

namespace modhost::dispatch {

// All calls [any thread].
class Pauses {
 public:
  Pauses(const config::Config& config, telemetry::Metrics& metrics);
  void pause(const std::string& module);
  void resume(const std::string& module);
  [[nodiscard]] bool is_paused(const std::string& module) const;

 private:
  void show(const std::string& module, double value);

  telemetry::Metrics& metrics_;
  mutable Mutex mutex_;
  std::set<std::string> paused_ GUARDED_BY(mutex_);
};

}  // namespace modhost::dispatch
