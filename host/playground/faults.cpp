// The fault switches.
#include "playground/faults.hpp"

namespace modhost::playground {

std::optional<FaultMode> fault_named(std::string_view name) {
  for (const FaultMode mode :
       {FaultMode::kNone, FaultMode::kTooManyRequests, FaultMode::kServerError, FaultMode::kSlow})
    if (to_string(mode) == name) return mode;
  return std::nullopt;
}

std::string_view to_string(FaultMode mode) {
  switch (mode) {
    case FaultMode::kNone:
      return "none";
    case FaultMode::kTooManyRequests:
      return "429";
    case FaultMode::kServerError:
      return "500";
    case FaultMode::kSlow:
      return "slow";
  }
  return "none";
}

void Faults::set(Fault fault) {
  MutexLock lock(mutex_);
  fault_ = std::move(fault);
}

Fault Faults::current() const {
  MutexLock lock(mutex_);
  return fault_;
}

Fault Faults::take(std::string_view path) {
  MutexLock lock(mutex_);
  const bool is_of_chat = path.starts_with("/messages") || path.starts_with("/message-log");
  if (fault_.mode == FaultMode::kNone || !path.starts_with(fault_.path) || (fault_.spares_chat && is_of_chat))
    return {};
  Fault hit = fault_;
  if (fault_.count > 0 && --fault_.count == 0) fault_ = {};
  return hit;
}

}  // namespace modhost::playground
