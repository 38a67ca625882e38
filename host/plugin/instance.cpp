#include "plugin/instance.hpp"

#include <algorithm>
#include <utility>

#include "base/fault_point.hpp"
#include "base/limits.hpp"
#include "base/plugin_code.hpp"
#include "plugin/schema.hpp"

namespace modhost::plugin {

namespace {

using executor::Lane;
using services::Answer;
using services::EventEnd;
using services::OpenEvent;
using telemetry::LogLevel;

// Shorter than kDrainCancel: whoever drains sees the last attempt end within it.
constexpr std::chrono::milliseconds kStoppingGrace = limits::kDrainCancel - std::chrono::milliseconds(500);

std::shared_ptr<Lane> make_lane(const std::string& name, unsigned threads, std::size_t queue_max) {
  Lane::Options options;
  options.name = name;
  options.threads = threads;
  options.queue_max = queue_max;
  return std::make_shared<Lane>(std::move(options));
}

unsigned threads_of(const config::ModuleConfig& module, const modhost_plugin& table) {
  return table.threads_max == 0 ? module.threads : std::min(module.threads, table.threads_max);
}

// Every event and every call waits at most once, so nothing that was admitted is ever refused.
std::size_t queue_max_of(const config::ModuleConfig& module) {
  return module.in_flight + limits::kCallsPerModuleMax + services::InstanceServices::tasks_max(module);
}

}  // namespace

Instance::Instance(std::shared_ptr<const loader::LoadedPlugin> plugin, config::ModuleConfig module,
                   const services::Shared& shared, executor::Watchdog& watchdog, InProcessRuntime::Options options)
    : plugin_(std::move(plugin)),
      module_(std::move(module)),
      threads_(threads_of(module_, plugin_->table)),
      shared_(shared),
      watchdog_(watchdog),
      options_(std::move(options)),
      barrier_(plugin_->table),
      redactor_(module_.secrets),
      work_(make_lane(module_.name, threads_, queue_max_of(module_))),
      cancels_(make_lane("cancel " + module_.name, 1, module_.in_flight + 1)),
      controls_(make_lane("control " + module_.name, 1, 8)),
      services_(module_, shared, options_.number,
                {[this](OpenEvent& event, EventEnd end) { ended(event, std::move(end)); },
                 [this] {
                   notify_finished();
                   if (options_.place_freed && host_gate_.enter()) {
                     options_.place_freed();
                     host_gate_.leave();
                   }
                 },
                 [this, lane = work_](std::function<void()> work) {
                   return post_watched(*lane, module_.attempt_deadline + limits::kCancelGrace, std::move(work));
                 },
                 timers()}),
      record_(services::HostRecord::make(module_.name, services_)) {}

// The watchdog is the host's: whoever may be late asks at the gate first.
services::Timers Instance::timers() {
  return {[this](SteadyTime at, std::function<void()> work) -> std::uint64_t {
            if (!host_gate_.enter()) return 0;
            const auto entry = watchdog_.schedule(at, std::move(work));
            host_gate_.leave();
            return entry;
          },
          [this](std::uint64_t entry) {
            if (entry == 0 || !host_gate_.enter()) return false;
            const bool is_cancelled = watchdog_.cancel(entry);
            host_gate_.leave();
            return is_cancelled;
          }};
}

// ------------------------------------------------------------------------------------------------- running attempts

unsigned Instance::free_slots() const {
  if (!is_running()) return 0;
  const std::size_t unfinished = services_.events.unfinished();
  return unfinished >= module_.in_flight ? 0 : module_.in_flight - static_cast<unsigned>(unfinished);
}

void Instance::submit(AttemptInput input, OutcomeListener listener) {
  const SteadyTime now = shared_.clock.steady_now();
  const std::chrono::nanoseconds budget =
      input.deadline.is_never() ? std::chrono::nanoseconds(module_.attempt_deadline) : input.deadline.at() - now;
  // The event's own deadline, moved from the wall clock to the steady one.
  const auto age = input.first_received == UnixMillis{} ? std::chrono::milliseconds(0)
                                                        : shared_.clock.unix_now() - input.first_received;
  const Deadline limit(now + module_.event_deadline - age);
  std::string shown_answer = std::move(input.shown_answer);
  const auto attempt = std::make_shared<Attempt>(std::move(input), budget, limit, std::move(listener));
  attempt->note_shown_answer(std::move(shown_answer));  // an earlier one's: the bubble still says it
  if (phase_.load() != Phase::kRunning || !services_.events.admit(attempt)) {
    const bool is_full = phase_.load() == Phase::kRunning;
    EventEnd end;
    end.by_host = true;
    end.answer.status = is_full ? MODHOST_E_FULL : MODHOST_E_CLOSED;
    end.answer.detail = is_full ? "all places of the module are taken" : "the module is not running";
    attempt->tell(std::move(end));
    return;
  }
  const bool is_queued =
      work_->submit([self = shared_from_this(), attempt](Lane::Ticket ticket) { self->run(attempt, ticket); });
  // Looked at again: shut_down() may have gone through the open events before this one was among them.
  if (phase_.load() != Phase::kRunning)
    services_.events.give_up(*attempt, MODHOST_E_CLOSED, "the module is stopping");
  else if (!is_queued)
    services_.events.give_up(*attempt, MODHOST_E_FULL, "no thread can be started for the module");
}

void Instance::run(const AttemptPtr& attempt, Lane::Ticket ticket) {
  const SteadyTime now = shared_.clock.steady_now();
  const Deadline deadline = std::min(Deadline(now + attempt->budget), attempt->limit());
  if (deadline.at() <= now) {
    services_.events.give_up(*attempt, MODHOST_E_TIMEOUT, "its deadline passed while it waited for a thread");
    return;
  }
  attempt->ticket = ticket;
  attempt->started_at = now;
  if (!attempt->begin(deadline)) return;  // it was cancelled while it waited
  arm(attempt, deadline, &Instance::on_deadline);
  if (options_.run_record != nullptr) options_.run_record->begun(attempt->journal_seq());
  const InPluginCode code(module_.name.c_str(), attempt->journal_seq());
  call_on_event(attempt, deadline);
}

void Instance::call_on_event(const AttemptPtr& attempt, Deadline deadline) {
  fault_point("plugin.before_on_event");
  Reply reply = barrier_.on_event(self_, attempt->id(), attempt->lend(record_.host()->module_name, deadline));
  fault_point("plugin.after_on_event");
  if (reply.status == MODHOST_PENDING) return;  // complete() follows, or came already
  if (reply.has_thrown) attempt->has_thrown = true;
  const std::string said =
      reply.has_thrown ? "on_event " + reply.message : "on_event answered " + std::to_string(reply.status);
  if (services_.events.returned(*attempt, Answer{reply.status, {}, reply.has_thrown ? said : std::string()})) return;
  write_log(LogLevel::kWarn, "an event was finished twice", attempt.get(), said + " after complete()");
}

// The one place where an attempt's end leaves the room.
void Instance::ended(OpenEvent& event, EventEnd end) {
  auto& attempt = static_cast<Attempt&>(event);
  const bool is_host_here = host_gate_.enter();
  if (is_host_here) {
    if (const auto timer = attempt.timer.exchange(0); timer != 0) watchdog_.cancel(timer);
  }
  end.answer.detail = redactor_.redact(end.answer.detail, limits::kDetailBytesMax);
  attempt.tell(std::move(end));
  if (is_host_here) host_gate_.leave();
  notify_finished();
}

void Instance::notify_finished() {
  MutexLock lock(mutex_);
  finished_.notify_all();
}

// --------------------------------------------------------------------------------------------------- ending early

void Instance::arm(const AttemptPtr& attempt, Deadline at, void (Instance::*then)(const AttemptPtr&)) {
  MutexLock one_at_a_time(attempt->arming);
  // Cancelled meanwhile: its grace runs, and the timer of the deadline must not take that one's place.
  if (then == &Instance::on_deadline && attempt->cancelled() != 0) return;
  const auto timer = watchdog_.schedule(at.at(), [self = weak_from_this(), weak = std::weak_ptr(attempt), then] {
    const auto instance = self.lock();
    const auto late = weak.lock();
    if (instance && late) ((*instance).*then)(late);
  });
  if (const auto previous = attempt->timer.exchange(timer); previous != 0) watchdog_.cancel(previous);
  if (attempt->has_ended()) watchdog_.cancel(attempt->timer.exchange(0));
}

void Instance::on_deadline(const AttemptPtr& attempt) {
  const Deadline deadline = attempt->deadline();
  if (!deadline.has_passed(shared_.clock)) {  // it was extended
    arm(attempt, deadline, &Instance::on_deadline);
    return;
  }
  cancel(attempt, MODHOST_CANCEL_DEADLINE, Deadline::after(shared_.clock, limits::kCancelGrace));
}

void Instance::cancel(const AttemptPtr& attempt, std::int32_t reason, Deadline give_up_at) {
  if (!services_.events.ask_to_cancel(*attempt, reason, give_up_at)) return;
  arm(attempt, give_up_at, &Instance::on_grace_over);
  if (!barrier_.has_on_cancel()) return;
  post_watched(*cancels_, limits::kCancelGrace, [self = shared_from_this(), attempt, reason] {
    if (!attempt->enter_on_cancel()) return;
    const InPluginCode code(attempt->journal_seq());
    const Reply reply = self->barrier_.on_cancel(self->self_, attempt->id(), reason);
    attempt->leave_on_cancel();
    if (reply.has_thrown) self->write_log(LogLevel::kWarn, "on_cancel threw", attempt.get(), reply.message);
  });
}

void Instance::on_grace_over(const AttemptPtr& attempt) {
  if (attempt->cancelled() == MODHOST_CANCEL_DEADLINE)
    give_up(attempt, MODHOST_E_TIMEOUT, "no end within the attempt's deadline and its grace");
  else
    give_up(attempt, MODHOST_E_CANCELLED, "no end within the grace after the cancel");
}

void Instance::give_up(const AttemptPtr& attempt, modhost_status status, std::string why) {
  if (attempt->has_ended()) return;
  const bool is_stuck = work_->overdue(attempt->ticket.load());
  if (is_stuck) why += "; on_event still runs on its thread";
  write_log(LogLevel::kWarn, "attempt given up", attempt.get(), why);
  services_.events.give_up(*attempt, status, std::move(why));
}

void Instance::cancel(std::int64_t journal_seq, CancelReason reason) {
  const Deadline give_up_at = Deadline::after(shared_.clock, limits::kCancelGrace);
  for (const auto& event : services_.events.all())
    if (event->journal_seq() == journal_seq)
      cancel(std::static_pointer_cast<Attempt>(event), static_cast<std::int32_t>(reason), give_up_at);
}

void Instance::cancel_all(CancelReason reason) {
  const auto grace = reason == CancelReason::kStopping ? kStoppingGrace : limits::kCancelGrace;
  const Deadline give_up_at = Deadline::after(shared_.clock, grace);
  for (const auto& event : services_.events.all())
    cancel(std::static_pointer_cast<Attempt>(event), static_cast<std::int32_t>(reason), give_up_at);
}

// ------------------------------------------------------------------------------------------- watched plugin threads

// A task that may hang as on_event may: past its limit its thread is counted and replaced.
bool Instance::post_watched(Lane& lane, std::chrono::milliseconds limit, std::function<void()> work) {
  return lane.submit([self = shared_from_this(), &lane, limit, work = std::move(work)](Lane::Ticket ticket) {
    executor::Watchdog::EntryId timer = 0;
    if (self->host_gate_.enter()) {
      timer = self->watchdog_.schedule(self->shared_.clock.steady_now() + limit,
                                       [weak = self->weak_from_this(), &lane, ticket] {
                                         if (const auto instance = weak.lock()) lane.overdue(ticket);
                                       });
      self->host_gate_.leave();
    }
    {
      const InPluginCode code(self->module_.name.c_str(), 0);
      work();
    }
    if (timer != 0 && self->host_gate_.enter()) {
      self->watchdog_.cancel(timer);
      self->host_gate_.leave();
    }
  });
}

void Instance::set_problem(std::string problem) {
  MutexLock lock(mutex_);
  problem_ = std::move(problem);
}

void Instance::write_log(LogLevel level, std::string_view message, const OpenEvent* event, std::string detail) {
  if (!host_gate_.enter()) return;
  detail = redactor_.redact(detail, limits::kDetailBytesMax);
  if (event != nullptr)
    shared_.log.write(level, message, {{"module", module_.name}, {"event_id", event->event().id}, {"detail", detail}});
  else
    shared_.log.write(level, message, {{"module", module_.name}, {"detail", detail}});
  host_gate_.leave();
}

bool Instance::is_standing_still() const {
  const auto lane = work_->status();
  return lane.stuck >= threads_ + Lane::Options{}.substitutes_max;
}

RuntimeStatus Instance::status() const {
  RuntimeStatus status;
  status.module = module_.name;
  status.plugin = plugin_->name;
  status.version = plugin_->version;
  status.summary = plugin_->summary;
  status.sha256 = plugin_->sha256;
  status.threads = threads_;
  status.in_flight = static_cast<unsigned>(services_.events.unfinished());
  for (const auto& event : services_.events.all()) status.given_up += event->has_ended() ? 1 : 0;
  status.stuck = work_->status().stuck + cancels_->status().stuck;
  status.running = is_running();
  if (status.running && status.given_up >= module_.in_flight)
    status.problem = "takes no events: the plugin never finished " + std::to_string(status.given_up) +
                     " that were given up. Mend the plugin, then restart the host";
  if (status.running) return status;
  if (phase_.load() == Phase::kRunning) {
    status.problem = "takes no events: each thread it may have hangs in the plugin. Mend it, then restart the host";
    return status;
  }
  MutexLock lock(mutex_);
  status.problem = problem_;
  return status;
}

}  // namespace modhost::plugin
