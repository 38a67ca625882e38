#include "plugin/registry.hpp"

#include <algorithm>
#include <set>
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

// For an instance without open attempts to stop in: past it its threads are abandoned.
constexpr std::chrono::seconds kReplacedStop{10};
// Instances that still finish events of earlier configurations: memory and threads of each stay until then.
constexpr std::size_t kFinishingMax = 256;
constexpr std::uint16_t kNumberMax = (1u << 14) - 1;  // two bits of a handle's tag are its kind

bool is_running(const InstancePtr& instance) {
  return instance != nullptr && instance->runtime != nullptr && instance->runtime->is_running();
}

}  // namespace

Registry::Registry(const services::Shared& shared, loader::Loader& loader, executor::Watchdog& watchdog,
                   Options options)
    : shared_(shared),
      loader_(loader),
      watchdog_(watchdog),
      options_(std::move(options)),
      plugins_dir_(shared.config.get()->plugins_dir) {}

Registry::~Registry() {
  stop(Deadline::after(shared_.clock, limits::kDrainCancel));
  if (janitor_.joinable()) janitor_.join();
}

// ------------------------------------------------------------------------------------------------- making instances

void Registry::start() {
  janitor_ = std::thread([this] { stop_replaced(); });
  const config::Snapshot config = shared_.config.get();
  std::vector<config::ModulePtr> modules;
  for (const auto& [name, module] : config->modules) modules.push_back(config::module_of(config, name));
  const std::vector<InstancePtr> made = make_all(modules, false);
  for (std::size_t i = 0; i < modules.size(); ++i) {
    slot(modules[i]->name).put(made[i]);
    show_running(modules[i]->name);
  }
  report_unmapped_files();
}

std::vector<InstancePtr> Registry::make_all(const std::vector<config::ModulePtr>& modules, bool is_trial) {
  std::vector<InstancePtr> made(modules.size());
  std::vector<std::function<void()>> tasks;
  for (std::size_t i = 0; i < modules.size(); ++i) tasks.emplace_back([&, i] { made[i] = make(modules[i], is_trial); });
  for_each_at_once(tasks);
  return made;
}

// A name that is mapped keeps its mapping, whatever its file holds by now.
Result<std::shared_ptr<const loader::LoadedPlugin>> Registry::load(const std::string& plugin) {
  if (options_.no_third_party)
    return Error{Code::kDenied, "started with --no-third-party: dropped-in plugins are left out"};
  {
    MutexLock lock(mutex_);
    if (const auto found = loaded_.find(plugin); found != loaded_.end()) return found->second;
  }
  auto loaded = loader_.load(plugins_dir_, plugin);
  if (!loaded) return loaded;
  MutexLock lock(mutex_);
  return loaded_.try_emplace(plugin, *loaded).first->second;
}

std::uint16_t Registry::next_number() {
  std::set<std::uint16_t> used;
  for (const ModuleSlot* slot : slots())
    for (const InstancePtr& instance : slot->instances()) used.insert(instance->number);
  MutexLock lock(mutex_);
  do {
    last_number_ = last_number_ >= kNumberMax ? 1 : last_number_ + 1;
  } while (used.contains(last_number_));
  return last_number_;
}

// `is_trial`: for a configuration that may not come; then its caller says what failed.
InstancePtr Registry::make(config::ModulePtr module, bool is_trial) {
  const auto instance = std::make_shared<ModuleInstance>();
  instance->config = std::move(module);
  instance->number = next_number();
  const config::ModuleConfig& config = *instance->config;
  const auto failed = [&](const Error& error) {
    if (!is_trial)
      shared_.log.error("module not running; its events wait",
                        {{"module", config.name}, {"plugin", config.plugin}, {"problem", error.message}});
    instance->problem = error.message;
    return instance;
  };
  if (const std::string why = options_.kept_out ? options_.kept_out(config.name) : ""; !why.empty())
    return failed(Error{Code::kDenied, why});
  const auto plugin = load(config.plugin);
  if (!plugin) return failed(plugin.error());
  for (const std::string& warning : (*plugin)->warnings)
    shared_.log.warn(warning, {{"module", config.name}, {"plugin", config.plugin}});
  InProcessRuntime::Options options;
  options.number = instance->number;
  options.place_freed = options_.place_freed;
  options.run_record = options_.run_record;
  auto runtime = std::make_shared<InProcessRuntime>(*plugin, config, shared_, watchdog_, std::move(options));
  instance->runtime = runtime;
  if (const auto started = runtime->start(); !started) return failed(started.error());
  if (!is_trial) say_running(instance);
  return instance;
}

void Registry::say_running(const InstancePtr& instance) {
  const RuntimeStatus status = instance->runtime->status();
  shared_.log.info("module running", {{"module", instance->config->name},
                                      {"plugin", instance->config->plugin},
                                      {"version", status.version},
                                      {"sha256", status.sha256},
                                      {"threads", status.threads}});
}

// ----------------------------------------------------------------------------------------------------------- reload

Result<Registry::Staged> Registry::stage(const config::Snapshot& next) {
  Staged staged;
  std::size_t finishing = 0;
  for (const ModuleSlot* slot : slots()) finishing += slot->instances().size();
  if (finishing > shared_.config.get()->modules.size() + kFinishingMax)
    return Error{Code::kFull, "more than " + std::to_string(kFinishingMax) +
                                  " instances of earlier configurations still finish their events: try again later"};
  std::vector<config::ModulePtr> wanted;
  for (const auto& [name, module] : next->modules) {
    const InstancePtr now = slot(name).instance();
    if (is_running(now) && config::is_same_instance(*now->config, module))
      staged.instances.emplace(name, now);
    else
      wanted.push_back(config::module_of(next, name));
  }
  std::string problems;
  for (InstancePtr& made : make_all(wanted, true)) {
    const std::string& name = made->config->name;
    const InstancePtr now = slot(name).instance();
    const bool was_broken = now != nullptr && !is_running(now) && config::is_same_instance(*now->config, *made->config);
    if (!is_running(made) && !was_broken && !options_.no_third_party)
      problems.append(problems.empty() ? "" : "\n").append("module ").append(name).append(": ").append(made->problem);
    if (is_running(made) && was_broken) staged.recovered.push_back(name);
    staged.instances.emplace(name, std::move(made));
  }
  if (!problems.empty()) {
    discard(std::move(staged));
    return invalid(std::move(problems));
  }
  staged.changed_plugins = changed_plugins(*next);
  return staged;
}

std::vector<std::string> Registry::changed_plugins(const config::Config& next) const {
  std::map<std::string, std::shared_ptr<const loader::LoadedPlugin>> loaded;
  {
    MutexLock lock(mutex_);
    loaded = loaded_;
  }
  std::set<std::string> names;
  for (const auto& [name, module] : next.modules)
    if (const auto found = loaded.find(module.plugin); found != loaded.end()) {
      const auto sha256 = loader::source_sha256(plugins_dir_, module.plugin, loader::OwnerCheck::kRefuse);
      if (!sha256 || *sha256 != found->second->sha256) names.insert(module.plugin);
    }
  return {names.begin(), names.end()};
}

void Registry::commit(Staged staged) {
  for (ModuleSlot* slot : slots()) {
    const auto next = staged.instances.find(slot->name());
    const InstancePtr before = slot->instance();
    const InstancePtr after = next == staged.instances.end() ? nullptr : next->second;
    if (before == after) continue;
    slot->put(after);
    show_running(slot->name());
    if (is_running(after)) say_running(after);
  }
  if (options_.place_freed) options_.place_freed();  // there may be places for events that waited
}

void Registry::discard(Staged staged) {
  std::vector<InstancePtr> fresh;
  for (auto& [name, instance] : staged.instances)
    if (instance != slot(name).instance() && instance->runtime != nullptr) fresh.push_back(std::move(instance));
  stop_instances(fresh, Deadline::after(shared_.clock, kReplacedStop));
}

// ------------------------------------------------------------------------------------------------------- stopping

void Registry::stop_instances(const std::vector<InstancePtr>& instances, Deadline deadline) {
  std::vector<std::function<void()>> tasks;
  for (const InstancePtr& instance : instances)
    tasks.emplace_back([&] {
      if (instance->runtime->stop(deadline)) return;
      MutexLock lock(mutex_);
      was_clean_ = false;
    });
  for_each_at_once(tasks);
}

// What finished the events of an earlier configuration.
void Registry::stop_replaced() {
  for (;;) {
    InstancePtr instance;
    {
      MutexLock lock(mutex_);
      while (replaced_.empty() && !is_closed_) lock.wait(changed_);
      if (is_closed_) return;
      instance = stopping_ = std::move(replaced_.front());
      replaced_.pop_front();
    }
    stop_instances({instance}, Deadline::after(shared_.clock, kReplacedStop));
    shared_.log.info("the module's instance of an earlier configuration has stopped",
                     {{"module", instance->config->name}, {"plugin", instance->config->plugin}});
    instance.reset();
    MutexLock lock(mutex_);
    stopping_.reset();
    changed_.notify_all();
  }
}

bool Registry::stop(Deadline deadline) {
  std::vector<InstancePtr> all;
  for (const ModuleSlot* slot : slots())
    for (const InstancePtr& instance : slot->instances()) all.push_back(instance);
  {
    MutexLock lock(mutex_);
    is_closed_ = true;
    all.insert(all.end(), replaced_.begin(), replaced_.end());
    changed_.notify_all();
  }
  // One that was replaced meanwhile is in both.
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  stop_instances(all, deadline);
  MutexLock lock(mutex_);
  while (stopping_ != nullptr && !deadline.has_passed(shared_.clock)) lock.wait_until(changed_, deadline.at());
  return was_clean_ && stopping_ == nullptr;
}

// ------------------------------------------------------------------------------------------------------- the modules

ModuleSlot& Registry::slot(const std::string& module) {
  MutexLock lock(mutex_);
  std::unique_ptr<ModuleSlot>& slot = slots_[module];
  if (slot == nullptr)
    slot = std::make_unique<ModuleSlot>(module, [this](InstancePtr replaced) {
      MutexLock inner(mutex_);
      replaced_.push_back(std::move(replaced));
      changed_.notify_all();
    });
  return *slot;
}

std::vector<ModuleSlot*> Registry::slots() const {
  std::vector<ModuleSlot*> all;
  MutexLock lock(mutex_);
  for (const auto& [name, slot] : slots_) all.push_back(slot.get());
  return all;
}

// A file nobody maps is most often a forgotten line in modules.yaml.
void Registry::report_unmapped_files() const {
  const auto files = loader::Loader::scan(plugins_dir_);
  if (!files) {
    shared_.log.warn("plugins_dir can not be read", {{"problem", files.error().message}});
    return;
  }
  const std::string unmapped = "plugin file without a module: map it under `modules:` or take it away";
  std::set<std::string_view> mapped;
  const config::Snapshot config = shared_.config.get();
  for (const auto& [name, module] : config->modules) mapped.insert(module.plugin);
  for (const loader::PluginFile& file : *files)
    if (!mapped.contains(file.name))
      shared_.log.info(unmapped + (file.problem.empty() ? "" : "; as it is it can not be used: " + file.problem),
                       {{"plugin", file.name}, {"path", file.path.string()}});
}

void Registry::show_running(const std::string& module) {
  shared_.metrics
      .gauge("module_running", "1 for a module that started, 0 for one whose events wait", {{"module", module}})
      .set(slot(module).is_running() ? 1 : 0);
}

PluginRuntime* Registry::find(const std::string& module) const {
  ModuleSlot* slot = nullptr;
  {
    MutexLock lock(mutex_);
    const auto found = slots_.find(module);
    if (found == slots_.end()) return nullptr;
    slot = found->second.get();
  }
  return slot->is_in_use() ? slot : nullptr;
}

std::vector<RuntimeStatus> Registry::status() const {
  std::vector<RuntimeStatus> all;
  for (const ModuleSlot* slot : slots())
    if (!slot->is_empty()) all.push_back(slot->status());
  return all;
}

void Registry::cancel_all(CancelReason reason) {
  for (ModuleSlot* slot : slots()) slot->cancel_all(reason);
}

}  // namespace modhost::plugin
