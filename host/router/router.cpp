#include "router/router.hpp"

namespace modhost::router {

config::ModulePtr Router::route(const Event& event) const {
  const config::Snapshot config = config_.get();
  config::ModulePtr module;
  if (event.name == kExternalModuleChosen) {
    module = config::module_of(config, event.reference);
  } else if (const auto subscribed = config->subscriptions.find(event.name);
             subscribed != config->subscriptions.end()) {
    module = config::module_of(config, subscribed->second);
  }
  if (module != nullptr && !module->app.empty() && module->app != event.app) return nullptr;
  return module;
}

}  // namespace modhost::router
