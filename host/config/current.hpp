// The configuration in force, which a reload replaces as a whole. Whoever keeps something of it beyond a call keeps the
// snapshot it belongs to alive.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/mutex.hpp"
#include "config/config.hpp"

namespace modhost::config {

using Snapshot = std::shared_ptr<const Config>;
using ModulePtr = std::shared_ptr<const ModuleConfig>;  // keeps its snapshot alive

// Thread-safe. get() is a lock and a reference count: cheap enough for every delivery.
class Current {
 public:
  // `first` is not null, nor is any that follows.
  explicit Current(Snapshot first) : snapshot_(std::move(first)) {}

  [[nodiscard]] Snapshot get() const {
    MutexLock lock(mutex_);
    return snapshot_;
  }
  void set(Snapshot next) {
    {
      MutexLock lock(mutex_);
      snapshot_.swap(next);
    }  // the one before may be the last reference: it goes without the lock
  }

 private:
  mutable Mutex mutex_;
  Snapshot snapshot_ GUARDED_BY(mutex_);
};

// Null for a name that is not configured.
inline ModulePtr module_of(const Snapshot& config, const std::string& name) {
  const auto found = config->modules.find(name);
  return found == config->modules.end() ? nullptr : ModulePtr(config, &found->second);
}

}  // namespace modhost::config
