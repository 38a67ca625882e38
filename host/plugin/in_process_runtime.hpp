// PluginRuntime in this process: the fast, trusted choice. The plugin shares our memory; what the host can promise is
// that nothing it throws, forgets or hangs on costs another module anything.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "config/config.hpp"
#include "executor/run_record.hpp"
#include "executor/watchdog.hpp"
#include "loader/loader.hpp"
#include "plugin/runtime.hpp"
#include "services/instance_services.hpp"

namespace modhost::plugin {

class Instance;

class InProcessRuntime final : public PluginRuntime {
 public:
  struct Options {
    std::uint16_t number = 0;                    // tells the handles of instances apart
    std::chrono::milliseconds bring_up{30'000};  // create and start together: past this they count as hanging
    executor::RunRecord* run_record = nullptr;   // outlives stop(); null: none
    std::function<void()> place_freed;           // the plugin finished an event that had been given up; any thread
  };

  // Borrows `shared` and the watchdog, which outlive stop().
  InProcessRuntime(std::shared_ptr<const loader::LoadedPlugin> plugin, const config::ModuleConfig& module,
                   const services::Shared& shared, executor::Watchdog& watchdog, Options options);
  ~InProcessRuntime() override;  // stops, with little patience, unless stop() did
  InProcessRuntime(const InProcessRuntime&) = delete;
  InProcessRuntime& operator=(const InProcessRuntime&) = delete;

  // Checks the config, makes and starts the instance. An error names what failed; the same is then in status().
  Result<void> start();
  // Takes events; false before start(), after stop() and when every thread it may have hangs. [any]
  [[nodiscard]] bool is_running() const override;

  void submit(AttemptInput input, OutcomeListener done) override;
  [[nodiscard]] unsigned free_slots() const override;
  void cancel(std::int64_t journal_seq, CancelReason reason) override;
  void cancel_all(CancelReason reason) override;
  bool stop(Deadline deadline) override;
  [[nodiscard]] RuntimeStatus status() const override;

 private:
  const Clock& clock_;
  const std::shared_ptr<Instance> instance_;  // shared with the threads that run its code, abandoned ones included
};

}  // namespace modhost::plugin
