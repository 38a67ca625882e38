// `modhost run` and `modhost dev`: load the configuration, say what is odd about it, hand it to the composition root.
#include "cli/options.hpp"
#include "config/load.hpp"

namespace modhost::cli {

int run_serve(const ServeOptions& options, Terminal& terminal) {
  config::LoadOptions load;
  load.file = options.config;
  load.purpose = options.app.dev ? config::Purpose::kDev : config::Purpose::kServe;
  Result<config::Config> config = config::load(load);
  if (!config) return fail(terminal, options.json, config.error().message);
  for (const std::string& warning : config->warnings) terminal.err << "modhost: warning: " << warning << '\n';
  AppOptions app = options.app;
  app.json = options.json;
  app.load = load;
  return run_app(*std::move(config), app);
}

}  // namespace modhost::cli
