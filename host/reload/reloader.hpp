// Puts another configuration in force while the host runs: read, compare, make what it needs beside what runs, swap.
// Whatever goes wrong on the way leaves the one before in force and says so.
#pragma once

#include <condition_variable>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/result.hpp"
#include "config/changes.hpp"
#include "config/current.hpp"
#include "config/load.hpp"
#include "reload/file_watch.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace modhost::reload {

// What the next configuration needs is there. One of the two is called, once.
struct Staged {
  std::vector<std::string> applied;        // what comes into force beside what the two configurations differ in
  std::vector<std::string> needs_restart;  // what does not, with the reason
  std::function<void(const config::Snapshot& next)> commit;
  std::function<void()> discard;
};

struct Loaded {
  config::Examined examined;
  std::vector<std::string> needs_restart;
};

// What the host does for it; called by one thread at a time.
struct Steps {
  std::function<Loaded()> load;
  // An error has one line a problem, and has changed nothing.
  std::function<Result<Staged>(const config::Snapshot& next)> stage;
};

class Reloader {
 public:
  // Borrows everything.
  Reloader(config::Current& current, Steps steps, const Clock& clock, telemetry::Log& log, telemetry::Metrics& metrics,
           FileWatch::Options watch = {});
  ~Reloader();  // close(), and waits for a reload under way
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  // From here on changed files and request() have an effect.
  void start();
  // Now, on this thread, after one under way. `cause` is for the log. An error: the configuration before stays in
  // force. [any thread but the host's main one: plugin code that starts may take its time]
  Result<config::ReloadReport> reload(const std::string& cause);
  // Soon, on a thread of this object. [any thread, does not block]
  void request(const std::string& cause);
  // Nothing comes into force any more, also of a reload under way. [any thread]
  void close();
  // False: a reload is still under way at the deadline.
  bool wait_idle(Deadline deadline);

 private:
  void run();
  Result<config::ReloadReport> apply(Loaded loaded);
  void report(const std::string& cause, const Result<config::ReloadReport>& result);

  config::Current& current_;
  const Steps steps_;
  const Clock& clock_;
  telemetry::Log& log_;
  telemetry::Counter applied_, rejected_, unchanged_;
  telemetry::Gauge loaded_at_;

  Mutex one_at_a_time_;
  Mutex commit_mutex_;  // held for the swap: after close() there is none
  bool is_closed_ GUARDED_BY(commit_mutex_) = false;

  Mutex mutex_;
  std::condition_variable condition_;
  std::optional<std::string> requested_ GUARDED_BY(mutex_);
  std::size_t under_way_ GUARDED_BY(mutex_) = 0;
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
  FileWatch watch_;
};

}  // namespace modhost::reload
