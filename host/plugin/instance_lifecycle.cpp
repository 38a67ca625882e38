// How an instance begins and ends; instance.cpp is what happens between.
#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "base/plugin_code.hpp"
#include "plugin/instance.hpp"
#include "plugin/schema.hpp"
#include "services/abi_values.hpp"

namespace modhost::plugin {

namespace {

using telemetry::LogLevel;

// The point that leaves `tenths` of what is left until the deadline.
Deadline leaving(const Clock& clock, Deadline deadline, int tenths) {
  return Deadline::after(clock, deadline.remaining(clock) * (10 - tenths) / 10);
}

// What a control call and the one who waits for it share.
struct Pending {
  Mutex mutex;
  std::condition_variable done;
  std::optional<Reply> reply GUARDED_BY(mutex);
};

}  // namespace

// Runs a control call on the control thread. Nothing when it does not return in time: no further one is made then,
// since they never overlap.
std::optional<Reply> Instance::control(Deadline deadline, std::function<Reply()> call) {
  {
    MutexLock lock(mutex_);
    if (is_control_hung_) return std::nullopt;
  }
  const auto pending = std::make_shared<Pending>();
  const bool is_queued = controls_->submit([self = shared_from_this(), pending, call = std::move(call)](auto) {
    const InPluginCode code(self->module_.name.c_str(), 0);
    Reply reply = call();
    MutexLock lock(pending->mutex);
    pending->reply = std::move(reply);
    pending->done.notify_all();
  });
  const auto until = std::chrono::steady_clock::now() + deadline.remaining(shared_.clock);
  {
    MutexLock lock(pending->mutex);
    while (is_queued && !pending->reply)
      if (lock.wait_until(pending->done, until) == std::cv_status::timeout) break;
    if (pending->reply) return std::move(pending->reply);
  }
  MutexLock lock(mutex_);
  is_control_hung_ = true;
  return std::nullopt;
}

Result<void> Instance::failed(std::string_view what, const std::optional<Reply>& reply) {
  std::string problem(what);
  if (!reply)
    problem += " did not return in time: its thread is abandoned";
  else if (reply->has_thrown)
    problem += " " + reply->message;
  else
    problem += " failed with " + std::to_string(reply->status) + (reply->message.empty() ? "" : ": " + reply->message);
  return internal_error(redactor_.redact(problem, limits::kDetailBytesMax));
}

Result<void> Instance::bring_up() {
  auto made = make();
  if (made) {
    set_problem({});
    phase_.store(Phase::kRunning);
    return made;
  }
  set_problem(made.error().message);
  return std::move(made).error().within("module " + module_.name);
}

Result<void> Instance::make() {
  if (threads_ < module_.threads)
    write_log(LogLevel::kWarn, "the plugin takes fewer threads than configured", nullptr,
              "threads: " + std::to_string(module_.threads) + ", the plugin's ceiling is " + std::to_string(threads_));
  if (auto ok = check_config(plugin_->config_schema, module_.config_json); !ok) return ok;

  const Deadline deadline = Deadline::after(shared_.clock, options_.bring_up);
  const auto created = control(deadline, [this] {
    modhost_settings settings{};
    settings.struct_size = sizeof settings;
    settings.threads = threads_;
    settings.in_flight = module_.in_flight;
    settings.config = services::to_str(module_.config_json);
    modhost_instance* made = nullptr;
    Reply reply = barrier_.create(record_.host(), settings, made);
    if (reply.status >= 0) self_ = made;
    return reply;
  });
  if (!created || created->status < 0) {
    services_.close();
    return failed("create()", created);
  }
  const auto started = control(deadline, [this] { return barrier_.start(self_); });
  if (started && started->status >= 0) return {};
  auto failure = failed("start()", started);
  services_.close();  // no answer comes to an instance that is gone
  if (started && work_->stop(shared_.clock, deadline)) destroy_plugin(deadline);
  return failure;
}

bool Instance::wait_until_finished(Deadline deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline.remaining(shared_.clock);
  MutexLock lock(mutex_);
  while (services_.events.unfinished() != 0)
    if (lock.wait_until(finished_, until) == std::cv_status::timeout) return services_.events.unfinished() == 0;
  return true;
}

bool Instance::shut_down(Deadline deadline) {
  const Clock& clock = shared_.clock;
  Phase before = phase_.load();
  do {
    if (before == Phase::kStopping || before == Phase::kStopped) return was_clean_.load();
  } while (!phase_.compare_exchange_weak(before, Phase::kStopping));
  set_problem("stopping");

  // Events end, then calls, then threads, then the instance, then its services: nothing is called that has ended.
  const Deadline events_by = leaving(clock, deadline, 4);
  for (const auto& event : services_.events.all())
    cancel(std::static_pointer_cast<Attempt>(event), MODHOST_CANCEL_STOPPING, events_by);
  if (before == Phase::kRunning)
    control(events_by, [this, events_by] { return barrier_.stop(self_, services::mono_ns(events_by)); });
  wait_until_finished(events_by);
  for (const auto& event : services_.events.all())
    give_up(std::static_pointer_cast<Attempt>(event), MODHOST_E_CANCELLED, "the module is stopping");
  services_.close();

  const Deadline threads_by = leaving(clock, deadline, 4);
  const bool is_work_back = work_->stop(clock, threads_by);
  const bool are_cancels_back = cancels_->stop(clock, threads_by);
  const bool is_back = is_work_back && are_cancels_back;
  const bool is_destroyed = is_back && destroy_plugin(leaving(clock, deadline, 2));
  const bool is_retired = record_.retire(clock, deadline);
  const bool is_control_back = controls_->stop(clock, deadline);
  if (is_destroyed) services_.events.forget_all();

  const bool is_clean = is_destroyed && is_retired && is_control_back;
  if (!is_clean)
    abandon(is_back ? "create(), stop() or destroy() did not return" : "a thread does not come back from its code");
  host_gate_.close(clock, deadline);
  set_problem("stopped");
  was_clean_.store(is_clean);
  phase_.store(Phase::kStopped);
  return is_clean;
}

// True: nothing of the plugin's instance is left.
bool Instance::destroy_plugin(Deadline deadline) {
  {
    MutexLock lock(mutex_);
    if (is_control_hung_) return false;
  }
  if (self_ == nullptr) return true;
  const auto destroyed = control(deadline, [this] { return barrier_.destroy(std::exchange(self_, nullptr)); });
  if (destroyed && destroyed->has_thrown) write_log(LogLevel::kWarn, "destroy() threw", nullptr, destroyed->message);
  return destroyed.has_value();
}

// What its threads may still read stays for good; that is what abandoning costs.
void Instance::abandon(const std::string& why) {
  write_log(LogLevel::kError, "the instance is abandoned", nullptr, why + ": its memory stays until the process ends");
  record_.keep(shared_from_this());
}

// ------------------------------------------------------------------------------------------------ the runtime's face

InProcessRuntime::InProcessRuntime(std::shared_ptr<const loader::LoadedPlugin> plugin,
                                   const config::ModuleConfig& module, const services::Shared& shared,
                                   executor::Watchdog& watchdog, Options options)
    : clock_(shared.clock),
      instance_(std::make_shared<Instance>(std::move(plugin), module, shared, watchdog, std::move(options))) {}

InProcessRuntime::~InProcessRuntime() { instance_->shut_down(Deadline::after(clock_, limits::kDrainCancel)); }

Result<void> InProcessRuntime::start() { return instance_->bring_up(); }
void InProcessRuntime::submit(AttemptInput input, OutcomeListener done) {
  instance_->submit(std::move(input), std::move(done));
}
bool InProcessRuntime::is_running() const { return instance_->is_running(); }
unsigned InProcessRuntime::free_slots() const { return instance_->free_slots(); }
void InProcessRuntime::cancel(std::int64_t journal_seq, CancelReason reason) { instance_->cancel(journal_seq, reason); }
void InProcessRuntime::cancel_all(CancelReason reason) { instance_->cancel_all(reason); }
bool InProcessRuntime::stop(Deadline deadline) { return instance_->shut_down(deadline); }
RuntimeStatus InProcessRuntime::status() const { return instance_->status(); }

}  // namespace modhost::plugin
