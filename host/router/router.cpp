#include "router/router.hpp"

namespace modhost::router {

namespace {

const config::ModuleConfig* find(const config::Config& config, const std::string& name) {
  const auto found = config.modules.find(name);
  return found == config.modules.end() ? nullptr : &found->second;
}

}  // namespace

const config::ModuleConfig* Router::route(const Event& event) const {
  const config::ModuleConfig* module = nullptr;
  if (event.name == kExternalModuleChosen) {
    module = find(config_, event.reference);
  } else if (const auto subscribed = config_.subscriptions.find(event.name);
             subscribed != config_.subscriptions.end()) {
    module = find(config_, subscribed->second);
  }
  if (module != nullptr && !module->app.empty() && module->app != event.app) return nullptr;
  return module;
}

}  // namespace modhost::router
