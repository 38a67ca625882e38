// What the admin listener asks the rest of the host to do.
#pragma once

#include <memory>

#include "admin/desk.hpp"
#include "config/current.hpp"
#include "dispatch/dispatcher.hpp"
#include "plugin/registry.hpp"
#include "reload/reloader.hpp"

namespace modhost {

// The parts are made after the listener is bound, and before it answers.
struct OperatedParts {
  const std::optional<config::Current>& config;
  const std::unique_ptr<plugin::Registry>& plugins;
  const std::unique_ptr<dispatch::Dispatcher>& dispatcher;
  const std::unique_ptr<reload::Reloader>& reloader;
  const Clock& clock;
};

std::vector<plugin::RuntimeStatus> module_states(const OperatedParts& parts);

// Borrows what it names until the listener has stopped.
admin::Actions operator_actions(OperatedParts parts);

}  // namespace modhost
