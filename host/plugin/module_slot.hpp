// A module's place in the registry. It stays as long as the host, while the instance in it changes with a reload: new
// events go to the instance of now, those before finish the events they have.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "config/changes.hpp"
#include "config/current.hpp"
#include "plugin/runtime.hpp"

namespace modhost::plugin {

// One instance of a module, or the reason why there is none.
struct ModuleInstance {
  config::ModulePtr config;                // what it was made with
  std::shared_ptr<PluginRuntime> runtime;  // null: the file could not be loaded
  std::string problem;                     // why it is null
  std::uint16_t number = 0;                // tells the handles of instances apart
};
using InstancePtr = std::shared_ptr<const ModuleInstance>;

// Thread-safe.
class ModuleSlot final : public PluginRuntime {
 public:
  // Hears of each replaced instance, once, when it has no open attempt any more. [any thread]
  using Replaced = std::function<void(InstancePtr)>;

  ModuleSlot(std::string module, Replaced replaced) : module_(std::move(module)), replaced_(std::move(replaced)) {}

  // Null: the module takes no events any more.
  void put(InstancePtr next);
  [[nodiscard]] const std::string& name() const { return module_; }
  [[nodiscard]] InstancePtr instance() const;
  // Every instance here that may have threads: the one of now and those that finish their events.
  [[nodiscard]] std::vector<InstancePtr> instances() const;
  [[nodiscard]] bool is_empty() const;
  // There is somebody to submit to, or to cancel.
  [[nodiscard]] bool is_in_use() const;

  // An attempt that comes when no instance is left waits in the journal for another, unused.
  void submit(AttemptInput input, OutcomeListener done) override;
  [[nodiscard]] unsigned free_slots() const override;
  void cancel(std::int64_t journal_seq, CancelReason reason) override;
  void cancel_all(CancelReason reason) override;
  bool stop(Deadline deadline) override;
  [[nodiscard]] RuntimeStatus status() const override;
  [[nodiscard]] bool is_running() const override;

 private:
  struct Entry {
    InstancePtr instance;
    std::size_t open = 0;  // attempts without an outcome
  };
  void ended(const InstancePtr& instance);

  const std::string module_;
  const Replaced replaced_;
  mutable Mutex mutex_;
  Entry now_ GUARDED_BY(mutex_);
  std::vector<Entry> before_ GUARDED_BY(mutex_);  // with open attempts
};

}  // namespace modhost::plugin
