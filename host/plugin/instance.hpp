// A plugin alive for one module: its threads, its open attempts, its services, and the order in which they begin and
// end.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.hpp"
#include "executor/lane.hpp"
#include "plugin/attempt.hpp"
#include "plugin/barrier.hpp"
#include "plugin/in_process_runtime.hpp"
#include "services/gate.hpp"
#include "services/host_record.hpp"
#include "services/instance_services.hpp"

namespace modhost::plugin {

// Thread-safe. Lives as long as the runtime or any thread of it: everything an abandoned thread may still touch is in
// here or behind host_gate_.
class Instance final : public std::enable_shared_from_this<Instance> {
 public:
  Instance(std::shared_ptr<const loader::LoadedPlugin> plugin, config::ModuleConfig module,
           const services::Shared& shared, executor::Watchdog& watchdog, InProcessRuntime::Options options);

  Result<void> bring_up();
  void submit(AttemptInput input, OutcomeListener listener);
  void cancel(std::int64_t journal_seq, CancelReason reason);
  void cancel_all(CancelReason reason);
  bool shut_down(Deadline deadline);
  [[nodiscard]] unsigned free_slots() const;
  [[nodiscard]] bool is_running() const { return phase_.load() == Phase::kRunning && !is_standing_still(); }
  [[nodiscard]] RuntimeStatus status() const;

 private:
  enum class Phase { kNew, kRunning, kStopping, kStopped };
  using AttemptPtr = std::shared_ptr<Attempt>;

  // Running one attempt.
  void run(const AttemptPtr& attempt, executor::Lane::Ticket ticket);
  void call_on_event(const AttemptPtr& attempt, Deadline deadline);
  void ended(services::OpenEvent& event, services::EventEnd end);

  // Ending one early.
  void cancel(const AttemptPtr& attempt, std::int32_t reason, Deadline give_up_at);
  void give_up(const AttemptPtr& attempt, modhost_status status, std::string why);
  void arm(const AttemptPtr& attempt, Deadline at, void (Instance::*then)(const AttemptPtr&));
  void on_deadline(const AttemptPtr& attempt);
  void on_grace_over(const AttemptPtr& attempt);

  // Plugin code beside on_event, on threads of its own lane, watched.
  bool post_watched(executor::Lane& lane, std::chrono::milliseconds limit, std::function<void()> work);
  std::optional<Reply> control(Deadline deadline, std::function<Reply()> call);

  services::Timers timers();
  Result<void> make();
  Result<void> failed(std::string_view what, const std::optional<Reply>& reply);
  void notify_finished();
  bool wait_until_finished(Deadline deadline);
  bool destroy_plugin(Deadline deadline);
  void abandon(const std::string& why);
  [[nodiscard]] bool is_standing_still() const;
  void set_problem(std::string problem);
  void write_log(telemetry::LogLevel level, std::string_view message, const services::OpenEvent* event,
                 std::string detail);

  const std::shared_ptr<const loader::LoadedPlugin> plugin_;
  const config::ModuleConfig module_;
  const unsigned threads_;
  const services::Shared& shared_;
  executor::Watchdog& watchdog_;
  const InProcessRuntime::Options options_;
  const Barrier barrier_;
  const services::Redactor redactor_;

  const std::shared_ptr<executor::Lane> work_;      // on_event and sinks: at most `threads`
  const std::shared_ptr<executor::Lane> cancels_;   // on_cancel, which must reach a plugin whose threads are all busy
  const std::shared_ptr<executor::Lane> controls_;  // create, start, stop, destroy: one at a time
  services::InstanceServices services_;
  services::HostRecord& record_;
  services::Gate host_gate_;  // whoever comes back from plugin code passes it before touching what is not ours

  std::atomic<Phase> phase_{Phase::kNew};
  std::atomic<bool> was_clean_{false};
  modhost_instance* self_ = nullptr;  // the plugin's; written by bring_up only
  mutable Mutex mutex_;
  std::condition_variable finished_;
  std::string problem_ GUARDED_BY(mutex_) = "not started yet";
  bool is_control_hung_ GUARDED_BY(mutex_) = false;
};

}  // namespace modhost::plugin
