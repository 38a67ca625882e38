// The seam to durable delivery state. append is answered after the commit; claim hands out what is ready; settle ends
// an attempt. Every accepted event reaches exactly one terminal state. All calls [any thread], none blocks on the disk
// except those that say so.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "event/event.hpp"
#include "journal/state.hpp"
#include "journal/views.hpp"

namespace modhost::journal {

struct NewEvent {
  Event event;
  std::string module;             // configured module that will run it; empty for a dead letter
  std::optional<State> ended_as;  // a terminal state: stored so at once, known from then on, never run
  std::string reason;             // why, with ended_as
  std::string body_sha256;        // raw 32 bytes; empty: the journal makes it when it is first needed
};

enum class Appended {
  kStored,
  kDuplicate,  // the id is known with the same body: nothing happens again
  kConflict    // the id is known with another body: not run, counted, logged
};

// One attempt's right to run an event. The token makes late results recognisable.
struct Claim {
  EventSeq seq = 0;
  std::uint64_t token = 0;
  std::string module;
  Event event;
  unsigned attempt = 1;         // 1 for the first
  unsigned generation = 0;      // raised by a replay
  bool prior_run = false;       // an earlier attempt may have reached the outside world
  bool superseded = false;      // a newer event of its chat has come: it is to be cancelled, not run
  bool turn_completed = false;  // an earlier attempt completed the chat's turn
  std::string checkpoint;       // kept between attempts
  UnixMillis first_received{};
  UnixMillis fresh_since{};  // deadlines count from here: first_received, or its last replay
};

// What an attempt came to. `state` is kWaiting (retry or snooze, with not_before) or terminal, or kReady; kReady
// without consumes_attempt is given back unused and leaves no trace.
struct Settlement {
  EventSeq seq = 0;
  std::uint64_t token = 0;
  State state = State::kCompleted;
  std::string reason;       // machine word: "ok", "retry", "permanent", "exhausted", "deadline", "interrupted", ...
  std::string detail;       // for operators, cut to limits::kDetailBytesMax
  UnixMillis not_before{};  // kWaiting
  bool consumes_attempt = true;    // false for a snooze or a stop of ours
  std::string ending;              // not empty: an outbox row (JSON, see dispatch/ending.hpp) committed with the state
  bool leaves_steps_open = false;  // of a terminal state: the prepared endings of its log steps are dropped
};

struct OutboxItem {
  std::int64_t id = 0;
  EventSeq seq = 0;
  Event event;  // ids only, the body is empty
  std::string ending;
  unsigned tries = 0;
};

class Journal {
 public:
  using AppendDone = std::function<void(Result<Appended>)>;
  using ReadyListener = std::function<void()>;

  virtual ~Journal() = default;
  // done runs exactly once, on the journal's thread after the commit: kFull when the backlog or the disk is full,
  // kUnavailable when the disk fails; or at once on this thread: kFull when the queue is, kUnavailable when closed. A
  // duplicate is never refused for the backlog. An append of an id that is in flight shares its result.
  virtual void append(NewEvent event, AppendDone done) = 0;

  // Up to `max` ready events of one module that `order` lets run, oldest first, each now kRunning. May read the disk.
  // Those of a `once` module, and without a run record those with prior_run, come from a later call, announced by
  // on_ready(), when marked. [dispatcher thread]
  virtual std::vector<Claim> claim(const std::string& module, std::size_t max, ClaimOrder order = ClaimOrder::kAny) = 0;
  // Gives back what is marked as running and was never handed out by claim(): the module takes no events.
  virtual void release_unstarted(const std::string& module) = 0;
  // Events of one module, running or waiting, that a claim in ClaimOrder::kNewest has found overtaken; each once.
  virtual std::vector<EventSeq> take_superseded(const std::string& module) = 0;

  virtual std::vector<std::string> modules_ready() = 0;
  // When the event that claim() would hand out next was accepted or replayed. Reads the disk. [dispatcher thread]
  virtual std::optional<UnixMillis> oldest_ready(const std::string& module) = 0;

  // Called on the journal's thread when something became ready (new, retried, released, an ending due), and once soon
  // after it was set. Must only signal. The listener before it has returned for good when this returns.
  virtual void on_ready(ReadyListener listener) = 0;

  // Ends the claim; durable with the next group commit. A stale token is dropped and counted.
  virtual void settle(Settlement settlement) = 0;
  // Ends an event that no attempt runs, kReady or kWaiting, with the next group commit; its token is not looked at.
  // False: it runs. Nothing happens to one that has ended.
  virtual bool withdraw(Settlement settlement) = 0;
  // Up to `max` chats that wait for their next attempt, oldest first: no body, nothing claimed. Reads the disk.
  virtual std::vector<Claim> waiting(std::size_t max) = 0;
  // Durable small blob of a running event, replaced as a whole; done after the commit.
  virtual void checkpoint(EventSeq seq, std::string blob, std::function<void(Result<void>)> done) = 0;

  // Endings that are due, oldest first, each handed out once; done() removes one, later() postpones it.
  virtual std::vector<OutboxItem> outbox_due(std::size_t max) = 0;
  virtual void outbox_done(std::int64_t id) = 0;
  virtual void outbox_later(std::int64_t id, UnixMillis not_before) = 0;

  // Block on the disk. [admin threads]
  virtual Result<std::vector<Row>> query(const Filter& filter) = 0;
  virtual Result<std::vector<Attempt>> attempts(EventSeq seq) = 0;
  [[nodiscard]] virtual Stats stats() = 0;
  // Waits until all given so far is committed and answered, or a try to commit it has failed. [main thread, tests]
  virtual void flush() = 0;
};

}  // namespace modhost::journal
