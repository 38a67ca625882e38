// The attempts of one instance that are under way, so that a cancel finds them.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "modhost/sdk/scope.hpp"

namespace modhost::detail {

// Thread-safe. Knows a scope as long as somebody holds it, however long that is.
class Scopes {
 public:
  std::shared_ptr<Scope> open(const Services& services, modhost_event_id event, Style style) {
    auto made = std::make_unique<Scope>(services, event, style);
    const std::shared_ptr<Scope> scope(made.get(), [known = known_](Scope* ended) {
      const std::unique_ptr<Scope> ends(ended);
      const std::lock_guard lock(known->mutex);
      const auto found = known->scopes.find(ended->event());
      if (found != known->scopes.end() && found->second.expired()) known->scopes.erase(found);
    });
    static_cast<void>(made.release());
    const std::lock_guard lock(known_->mutex);
    known_->scopes[event] = scope;
    return scope;
  }
  void cancel(modhost_event_id event, std::int32_t reason) {
    std::shared_ptr<Scope> scope;
    {
      const std::lock_guard lock(known_->mutex);
      if (const auto found = known_->scopes.find(event); found != known_->scopes.end()) scope = found->second.lock();
    }
    if (scope) scope->cancel(reason);
  }

 private:
  struct Known {
    std::mutex mutex;
    std::unordered_map<modhost_event_id, std::weak_ptr<Scope>> scopes;
  };
  const std::shared_ptr<Known> known_ = std::make_shared<Known>();
};

}  // namespace modhost::detail
