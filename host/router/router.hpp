// event -> module: an external-module.chosen event by payload.name, any other by the subscription of its name. Pure.
#pragma once

#include <map>
#include <string>

#include "config/current.hpp"
#include "event/event.hpp"

namespace modhost::router {

class Router {
 public:
  // Borrows the configuration for its life.
  explicit Router(const config::Current& config) : config_(config) {}

  // The configured module that runs this event, or null: then the event is ignored. A module bound to an app takes only
  // that app's events.
  [[nodiscard]] config::ModulePtr route(const Event& event) const;

 private:
  const config::Current& config_;
};

}  // namespace modhost::router
