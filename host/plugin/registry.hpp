// All configured modules, each with its instance or the reason why it has none. A plugin that fails leaves the others
// running; its events wait.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "executor/watchdog.hpp"
#include "loader/loader.hpp"
#include "plugin/in_process_runtime.hpp"
#include "plugin/runtime.hpp"
#include "services/instance_services.hpp"

namespace modhost::plugin {

// start() and stop() by one thread; the others [any] once start() has returned.
class Registry {
 public:
  struct Options {
    std::function<void()> place_freed;  // a module can take one more event without an outcome telling so; any thread
    bool no_third_party = false;        // no dropped-in plugin is loaded; events wait
    executor::RunRecord* run_record = nullptr;                         // null: none is kept
    std::function<std::string(const std::string& module)> kept_out{};  // why it is not started; empty: it is
  };

  // Borrows everything until stop() has returned.
  Registry(const services::Shared& shared, loader::Loader& loader, executor::Watchdog& watchdog, Options options);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Loads, checks, makes and starts every module at once, and says in the log what came of it.
  void start();
  // Null while the module is unknown or takes no events.
  [[nodiscard]] PluginRuntime* find(const std::string& module) const;
  [[nodiscard]] std::vector<RuntimeStatus> status() const;  // by module name
  void cancel_all(CancelReason reason);
  // Stops all at once. False: threads had to be abandoned, and the process should exit without tidying up.
  bool stop(Deadline deadline);

 private:
  struct Module;

  void start(Module& module);
  void report_unmapped_files() const;

  const services::Shared& shared_;
  loader::Loader& loader_;
  executor::Watchdog& watchdog_;
  const Options options_;
  std::vector<std::unique_ptr<Module>> modules_;  // by name; fixed from construction on
};

}  // namespace modhost::plugin
