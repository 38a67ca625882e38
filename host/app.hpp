// The composition root, one for `modhost run` and `modhost dev`: builds the rooms from the platform back to the door,
// so that their destruction order is the shutdown plan.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "config/load.hpp"

namespace modhost {

struct AppOptions {
  config::LoadOptions load;        // how the configuration was read: a reload reads it again
  bool dev = false;                // with the embedded stand-in and the chat page
  bool paused = false;             // accept and journal, dispatch nothing
  bool persist = false;            // dev: keep state in config.state_dir instead of a temporary folder
  bool no_third_party = false;     // start without dropped-in plugins
  bool json = false;               // machine-readable start-up screen
  std::uint16_t page_port = 8090;  // dev: the chat page and stand-in; 0 = any free port
  std::string knowledge_folder;    // dev: Markdown files for the stand-in's knowledge base; empty: the one inside
  std::chrono::milliseconds model_delay{0};  // dev: before the stand-in's model answers
  std::string model_url;      // dev: an OpenAI-compatible server that answers completions instead, ".../v1"
  std::string model_name;     // dev: the model asked for there; empty: the one the module names
  std::string model_key_env;  // dev: the variable that holds its key
  std::string ports_file;  // not empty: {"webhook":..,"admin":..,"page":..}, of dev with the stand-in's key, goes there
};

// Serves until SIGTERM or SIGINT, SIGHUP reloads; the exit code: 0 stopped cleanly, 1 could not start, 3 threads had to
// be abandoned.
int run_app(config::Config config, AppOptions options);

}  // namespace modhost
