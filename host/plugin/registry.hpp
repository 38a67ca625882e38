// All configured modules, each with its instance or the reason why it has none. A plugin that fails leaves the others
// running; its events wait. A reload makes the instances it needs beside those that run and swaps them in when all of
// them have started.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.hpp"
#include "executor/watchdog.hpp"
#include "loader/loader.hpp"
#include "plugin/in_process_runtime.hpp"
#include "plugin/module_slot.hpp"
#include "services/instance_services.hpp"

namespace modhost::plugin {

// start(), stage(), commit() and discard() by one thread at a time, stop() when none of them will begin any more; the
// others [any] once start() has returned.
class Registry {
 public:
  struct Options {
    std::function<void()> place_freed;  // a module can take one more event without an outcome telling so; any thread
    bool no_third_party = false;        // no dropped-in plugin is loaded; events wait
    executor::RunRecord* run_record = nullptr;                         // null: none is kept
    std::function<std::string(const std::string& module)> kept_out{};  // why it is not started; empty: it is
  };
  // The modules of a configuration that is not in force yet.
  struct Staged {
    std::map<std::string, InstancePtr> instances;  // by module: one that runs already, or a new one that has started
    std::vector<std::string> recovered;            // unchanged modules that did not run and do now
    std::vector<std::string> changed_plugins;      // in use, and their file has changed: a restart takes the new one
  };

  // Borrows everything until stop() has returned.
  Registry(const services::Shared& shared, loader::Loader& loader, executor::Watchdog& watchdog, Options options);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Loads, checks, makes and starts every module at once, and says in the log what came of it.
  void start();
  // Makes and starts what is new or changed, all at once. An error, one line for each module that does not start:
  // nothing has changed. A module that did not run before and still does not is no error. [blocks for plugin code]
  Result<Staged> stage(const config::Snapshot& next);
  // New events go to these instances. What they replace finishes its events and is stopped then.
  void commit(Staged staged);
  // Stops what stage() has started, for a configuration that does not come.
  void discard(Staged staged);

  // Null while the module is unknown or takes no events. What it points to lives as long as the registry.
  [[nodiscard]] PluginRuntime* find(const std::string& module) const;
  [[nodiscard]] std::vector<RuntimeStatus> status() const;  // by module name
  void cancel_all(CancelReason reason);
  // Stops all at once. False: threads had to be abandoned, and the process should exit without tidying up.
  bool stop(Deadline deadline);

 private:
  ModuleSlot& slot(const std::string& module);
  [[nodiscard]] std::vector<ModuleSlot*> slots() const;
  InstancePtr make(config::ModulePtr module, bool is_trial);
  std::vector<InstancePtr> make_all(const std::vector<config::ModulePtr>& modules, bool is_trial);
  Result<std::shared_ptr<const loader::LoadedPlugin>> load(const std::string& plugin);
  [[nodiscard]] std::vector<std::string> changed_plugins(const config::Config& next) const;
  std::uint16_t next_number();
  void stop_instances(const std::vector<InstancePtr>& instances, Deadline deadline);
  void show_running(const std::string& module);
  void say_running(const InstancePtr& instance);
  void report_unmapped_files() const;
  void stop_replaced();

  const services::Shared& shared_;
  loader::Loader& loader_;
  executor::Watchdog& watchdog_;
  const Options options_;
  const std::filesystem::path plugins_dir_;

  mutable Mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::unique_ptr<ModuleSlot>> slots_ GUARDED_BY(mutex_);  // never shrinks: slots are borrowed
  std::map<std::string, std::shared_ptr<const loader::LoadedPlugin>> loaded_ GUARDED_BY(mutex_);
  std::uint16_t last_number_ GUARDED_BY(mutex_) = 0;
  std::deque<InstancePtr> replaced_ GUARDED_BY(mutex_);  // without open attempts, to be stopped
  InstancePtr stopping_ GUARDED_BY(mutex_);              // by the thread below
  bool is_closed_ GUARDED_BY(mutex_) = false;
  bool was_clean_ GUARDED_BY(mutex_) = true;
  std::thread janitor_;  // stops what was replaced, one after the other
};

}  // namespace modhost::plugin
