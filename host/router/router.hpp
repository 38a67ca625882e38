// event -> module: an external-module.chosen event by payload.name, any other by the subscription of its name. Pure.
#pragma once

#include <map>
#include <string>

#include "config/config.hpp"
#include "event/event.hpp"

namespace modhost::router {

class Router {
 public:
  // Borrows the configuration for its life.
  explicit Router(const config::Config& config) : config_(config) {}

  // The configured module that runs this event, or null: then the event is ignored. A module bound to an app takes only
  // that app's events.
  [[nodiscard]] const config::ModuleConfig* route(const Event& event) const;

 private:
  const config::Config& config_;
};

}  // namespace modhost::router
