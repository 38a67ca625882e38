// The switches "fail the API": what the REST API answers instead of doing its work, for the next calls or until
// switched off.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.hpp"

namespace modhost::playground {

enum class FaultMode { kNone, kTooManyRequests, kServerError, kSlow };
std::optional<FaultMode> fault_named(std::string_view name);  // "none", "429", "500", "slow"
std::string_view to_string(FaultMode mode);

struct Fault {
  FaultMode mode = FaultMode::kNone;
  std::uint64_t count = 0;                // calls it still hits; 0: all until switched off
  std::chrono::milliseconds delay{3000};  // kSlow
  std::string path;                       // only calls whose path after the base begins with this; empty: all
  bool spares_chat = false;               // not messages and log steps: a chat can still be written, and so be ended
};

class Faults {
 public:
  void set(Fault fault);
  [[nodiscard]] Fault current() const;
  // What hits a call of this path, counted.
  Fault take(std::string_view path);

 private:
  mutable Mutex mutex_;
  Fault fault_ GUARDED_BY(mutex_);
};

}  // namespace modhost::playground
