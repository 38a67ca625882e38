// claim -> run -> settle: gives ready events to the instances that have room for them and writes down what came of each
// attempt. One thread claims; outcomes arrive on any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>

#include "base/mutex.hpp"
#include "config/current.hpp"
#include "dispatch/ender.hpp"
#include "dispatch/holds.hpp"
#include "dispatch/pauses.hpp"
#include "dispatch/policy.hpp"
#include "dispatch/stop_poller.hpp"
#include "journal/journal.hpp"
#include "platform/http_client.hpp"
#include "plugin/runtime.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace modhost::dispatch {

class Dispatcher {
 public:
  // The running instance of a module, or null while it has none: its events wait. [dispatcher thread]
  using Runtimes = std::function<plugin::PluginRuntime*(const std::string& module)>;

  // Borrows everything for its life. Registers itself as the journal's ready listener: construct before the journal's
  // first append.
  Dispatcher(journal::Journal& journal, Runtimes runtimes, platform::HttpClient& client, const config::Current& config,
             const Clock& clock, telemetry::Log& log, telemetry::Metrics& metrics);
  ~Dispatcher();  // stop()

  // The module has just ended the host several times: it waits, then proves itself. Before start().
  void hold(const std::string& module);
  [[nodiscard]] bool is_held(const std::string& module) const;
  void start();
  // Claims nothing more; what runs goes on. Endings still leave.
  void pause();
  // True when no attempt runs any more before the deadline. Attempts given up after this count as stopped by us.
  bool wait_idle(Deadline deadline);
  // Ends the thread. Outcomes that arrive later are still settled as long as this object lives.
  void stop();
  [[nodiscard]] std::size_t running() const;
  // Something may be possible that was not: a place became free. [any thread]
  void wake();
  // Modules whose events are not claimed; wake() after a resume.
  [[nodiscard]] Pauses& pauses() { return pauses_; }
  // It has been ended by hand while it waited: its stop button is not looked at any more. [any thread]
  void forget(journal::EventSeq seq);

 private:
  struct Attempt;
  struct Waiting {  // for its next attempt
    std::shared_ptr<const Attempt> last;
    bool turn_completed = false;
    std::string shown_answer;  // what the user has read by now
  };
  struct ModuleMetrics;
  void loop();
  bool claim_round();
  void run(journal::Claim claim, const config::ModulePtr& configured, plugin::PluginRuntime& runtime);
  void watch_waiting();
  void cancel_stopped();
  void cancel_superseded(const std::string& module, plugin::PluginRuntime& runtime);
  void withdraw(journal::EventSeq seq, const char* reason);
  bool expire_waiting(const std::string& name);  // true: a late one is on its way to be claimed
  void expire(const journal::Claim& claim, const config::ModulePtr& module);
  const ModuleMetrics& metrics_of(const std::string& module);
  void give_back(const journal::Claim& claim);
  void finish(const std::shared_ptr<const Attempt>& attempt, const plugin::Outcome& outcome);
  void settle(const std::shared_ptr<const Attempt>& attempt, const Decision& decision, plugin::Outcome outcome);
  telemetry::Gauge module_held(const std::string& module);
  std::size_t places_of(const std::string& module, const plugin::PluginRuntime& runtime) const;
  void note_end(const Attempt& attempt, const journal::Settlement& end, UnixMillis now);

  journal::Journal& journal_;
  const Runtimes runtimes_;
  const config::Current& config_;
  const Clock& clock_;
  telemetry::Log& log_;
  telemetry::Metrics& metrics_;
  telemetry::Histogram accept_to_on_event_;

  // The dispatcher thread's own.
  std::map<std::string, std::unique_ptr<ModuleMetrics>> module_metrics_;  // never shrinks: attempts borrow them
  std::map<std::string, SteadyTime> next_expiry_;

  mutable Mutex mutex_;
  std::condition_variable changed_;
  std::size_t running_ GUARDED_BY(mutex_) = 0;
  bool signalled_ GUARDED_BY(mutex_) = false;
  bool paused_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::minstd_rand jitter_ GUARDED_BY(mutex_);
  Holds holds_ GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, journal::EventSeq>> stopped_by_user_ GUARDED_BY(mutex_);
  std::map<journal::EventSeq, Waiting> waiting_ GUARDED_BY(mutex_);  // chats only

  Pauses pauses_;
  Ender ender_;
  StopPoller stop_poller_;
  std::thread thread_;
};

}  // namespace modhost::dispatch
