#include "dispatch/pauses.hpp"

namespace modhost::dispatch {

Pauses::Pauses(const config::Config& config, telemetry::Metrics& metrics) : metrics_(metrics) {
  for (const auto& [name, module] : config.modules) show(name, 0);
}

void Pauses::show(const std::string& module, double value) {
  metrics_.gauge("module_paused", "1 while an operator has paused the module", {{"module", module}}).set(value);
}

void Pauses::pause(const std::string& module) {
  {
    const MutexLock lock(mutex_);
    paused_.insert(module);
  }
  show(module, 1);
}

void Pauses::resume(const std::string& module) {
  {
    const MutexLock lock(mutex_);
    paused_.erase(module);
  }
  show(module, 0);
}

bool Pauses::is_paused(const std::string& module) const {
  const MutexLock lock(mutex_);
  return paused_.contains(module);
}

}  // namespace modhost::dispatch
