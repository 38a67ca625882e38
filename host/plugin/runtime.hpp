// The seam to running plugin code: in this process (InProcessRuntime) now, in a runner later. One object is one
// instance: a plugin made alive for one module with that module's config.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "event/event.hpp"

namespace modhost::plugin {

enum class CancelReason : std::int32_t { kUser = 1, kSuperseded = 2, kDeadline = 3, kStopping = 4, kOperator = 5 };

// One attempt as the plugin sees it. The runtime keeps it until the plugin has finished with it, even after the host
// has given the attempt up.
struct AttemptInput {
  Event event;
  std::string idempotency_key;  // equal across attempts
  std::string checkpoint;
  unsigned attempt = 1, attempts_max = 1;
  bool prior_run = false, replay = false;
  UnixMillis first_received{};
  Deadline deadline;  // of the attempt, counted from submit(): waiting for a thread is given back
  std::int64_t journal_seq = 0;
  std::string shown_answer;  // Outcome::shown_answer of the attempt before
};

// How an attempt ended, whatever the way: returned, completed later, threw, was given up.
struct Outcome {
  enum class Kind { kOk, kRetry, kSnooze, kFailed, kCancelled, kDeadline, kCrashed };
  Kind kind = Kind::kOk;
  std::int32_t status = 0;                   // the plugin's modhost_status
  std::chrono::milliseconds retry_after{0};  // 0: the host's policy
  std::string detail;
  bool turn_completed = false;                     // a call of the module already completed the turn
  bool leave_turn_open = false;                    // the module asked the host not to complete it
  std::string shown_answer;                        // a call's body with the text the user sees, when it is not stored
  std::optional<CancelReason> cancelled_for = {};  // it was asked to end
  bool is_unfinished = false;                      // given up while plugin code ran: it may go on
  SteadyTime started_at{};                         // just before on_event was called; zero if it never was
};

// Runs exactly once per submit(), on any thread; after it the attempt is closed and later results answer E_GONE.
using OutcomeListener = std::function<void(Outcome)>;

struct RuntimeStatus {
  std::string module, plugin, version, summary, sha256;
  bool running = false;  // created, started and taking events
  std::string problem;   // why not
  bool held = false;     // it ended the host several times and proves itself now, one event at a time
  unsigned threads = 0, in_flight = 0, stuck = 0;
  unsigned given_up = 0;   // of in_flight: given up by the host and still held by the plugin
  unsigned finishing = 0;  // attempts that earlier instances of the module, replaced by a reload, still run
};

class PluginRuntime {
 public:
  virtual ~PluginRuntime() = default;
  // Queues one attempt on the instance's own threads. Exactly one outcome follows. [any]
  virtual void submit(AttemptInput input, OutcomeListener done) = 0;
  // Free places: in_flight limit minus unfinished events. [any]
  [[nodiscard]] virtual unsigned free_slots() const = 0;
  // Cancels the open attempt at this event, if there is one, with this reason. [any]
  virtual void cancel(std::int64_t journal_seq, CancelReason reason) = 0;
  // Cancels every open attempt with this reason. [any]
  virtual void cancel_all(CancelReason reason) = 0;
  // No event follows; waits for running code until the deadline, then abandons what still runs. True: all joined.
  virtual bool stop(Deadline deadline) = 0;
  [[nodiscard]] virtual RuntimeStatus status() const = 0;
  // Takes events. [any]
  [[nodiscard]] virtual bool is_running() const { return status().running; }
};

}  // namespace modhost::plugin
