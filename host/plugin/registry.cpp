#include "plugin/registry.hpp"

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <utility>

#include "base/limits.hpp"

namespace modhost::plugin {

namespace {

// One thread for each: a plugin that hangs while it starts or stops holds up no other.
void for_each_at_once(const std::vector<std::function<void()>>& tasks) {
  std::vector<std::thread> threads;
  threads.reserve(tasks.size());
  for (const auto& task : tasks) threads.emplace_back(task);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

struct Registry::Module {
  const config::ModuleConfig& config;
  std::uint16_t number;
  std::unique_ptr<InProcessRuntime> runtime;  // null: the file could not be loaded
  std::string problem;                        // why it is null
};

Registry::Registry(const services::Shared& shared, loader::Loader& loader, executor::Watchdog& watchdog,
                   Options options)
    : shared_(shared), loader_(loader), watchdog_(watchdog), options_(std::move(options)) {
  std::uint16_t number = 0;
  for (const auto& [name, module] : shared_.config.modules)
    modules_.push_back(std::make_unique<Module>(Module{module, ++number, nullptr, "not started yet"}));
}

Registry::~Registry() { stop(Deadline::after(shared_.clock, limits::kDrainCancel)); }

void Registry::start() {
  std::vector<std::function<void()>> tasks;
  for (const auto& module : modules_) tasks.emplace_back([this, &module] { start(*module); });
  for_each_at_once(tasks);
  for (const auto& module : modules_)
    shared_.metrics
        .gauge("module_running", "1 for a module that started, 0 for one whose events wait",
               {{"module", module->config.name}})
        .set(module->runtime && module->runtime->is_running() ? 1 : 0);
  report_unmapped_files();
}

void Registry::start(Module& module) {
  const auto fail = [&](const Error& error) {
    shared_.log.error("module not running; its events wait",
                      {{"module", module.config.name}, {"plugin", module.config.plugin}, {"problem", error.message}});
    return error.message;
  };
  if (options_.no_third_party) {
    module.problem = fail(Error{Code::kDenied, "started with --no-third-party: dropped-in plugins are left out"});
    return;
  }
  if (const std::string why = options_.kept_out ? options_.kept_out(module.config.name) : ""; !why.empty()) {
    module.problem = fail(Error{Code::kDenied, why});
    return;
  }
  auto plugin = loader_.load(shared_.config.plugins_dir, module.config.plugin);
  if (!plugin) {
    module.problem = fail(plugin.error());
    return;
  }
  for (const std::string& warning : (*plugin)->warnings)
    shared_.log.warn(warning, {{"module", module.config.name}, {"plugin", module.config.plugin}});
  InProcessRuntime::Options options;
  options.number = module.number;
  options.place_freed = options_.place_freed;
  options.run_record = options_.run_record;
  module.runtime = std::make_unique<InProcessRuntime>(*plugin, module.config, shared_, watchdog_, std::move(options));
  if (const auto started = module.runtime->start(); !started) {
    fail(started.error());
    return;
  }
  shared_.log.info("module running", {{"module", module.config.name},
                                      {"plugin", module.config.plugin},
                                      {"version", (*plugin)->version},
                                      {"sha256", (*plugin)->sha256},
                                      {"threads", module.runtime->status().threads}});
}

// A file nobody maps is most often a forgotten line in modules.yaml.
void Registry::report_unmapped_files() const {
  const auto files = loader::Loader::scan(shared_.config.plugins_dir);
  if (!files) {
    shared_.log.warn("plugins_dir can not be read", {{"problem", files.error().message}});
    return;
  }
  const std::string unmapped = "plugin file without a module: map it under `modules:` or take it away";
  std::set<std::string_view> mapped;
  for (const auto& module : modules_) mapped.insert(module->config.plugin);
  for (const loader::PluginFile& file : *files)
    if (!mapped.contains(file.name))
      shared_.log.info(unmapped + (file.problem.empty() ? "" : "; as it is it can not be used: " + file.problem),
                       {{"plugin", file.name}, {"path", file.path.string()}});
}

PluginRuntime* Registry::find(const std::string& module) const {
  const auto found =
      std::lower_bound(modules_.begin(), modules_.end(), module,
                       [](const auto& entry, const std::string& name) { return entry->config.name < name; });
  if (found == modules_.end() || (*found)->config.name != module || !(*found)->runtime) return nullptr;
  return (*found)->runtime->is_running() ? (*found)->runtime.get() : nullptr;
}

std::vector<RuntimeStatus> Registry::status() const {
  std::vector<RuntimeStatus> all;
  for (const auto& module : modules_) {
    if (module->runtime) {
      all.push_back(module->runtime->status());
      continue;
    }
    RuntimeStatus& status = all.emplace_back();
    status.module = module->config.name;
    status.plugin = module->config.plugin;
    status.problem = module->problem;
  }
  return all;
}

void Registry::cancel_all(CancelReason reason) {
  for (const auto& module : modules_)
    if (module->runtime) module->runtime->cancel_all(reason);
}

bool Registry::stop(Deadline deadline) {
  std::atomic<bool> is_clean{true};
  std::vector<std::function<void()>> tasks;
  for (const auto& module : modules_)
    if (module->runtime)
      tasks.emplace_back([&] {
        if (!module->runtime->stop(deadline)) is_clean = false;
      });
  for_each_at_once(tasks);
  return is_clean;
}

}  // namespace modhost::plugin
