// What the writer's thread does to events that are already stored: queued in order and kept until committed.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "journal/journal.hpp"
#include "journal/key_values.hpp"
#include "journal/open_steps.hpp"
#include "journal/operator_op.hpp"

namespace modhost::journal {

// kReady -> kRunning.
struct RunOp {
  EventSeq seq = 0;
  std::string module;
  UnixMillis at{};
};

// The end of a run.
struct SettleOp {
  Settlement settlement;
  std::string module;
  unsigned attempt = 1;
  unsigned generation = 0;
  std::size_t body_bytes = 0;
  bool is_first_mark = false;  // its RunOp was never written: only this one makes the run durable
  bool has_steps = false;      // it may have prepared endings
  UnixMillis started_at{}, ended_at{};
};

// kReady or kWaiting -> terminal: without a run.
struct WithdrawOp {
  Settlement settlement;
  UnixMillis at{};
};

// kWaiting -> kReady: its time has come.
struct ReleaseOp {
  EventSeq seq = 0;
  std::string module;
  UnixMillis at{};
  UnixMillis not_before{};  // what it waited for: it may wait for something else by now
};

struct CheckpointOp {
  EventSeq seq = 0;
  std::string blob;
  std::function<void(Result<void>)> done;
};

struct OutboxDoneOp {
  std::int64_t id = 0;
};

struct OutboxLaterOp {
  std::int64_t id = 0;
  UnixMillis not_before{};
};

struct KeyOp {
  KeyChange change;
  KeyValues::Changed done;
};

struct StepOpeningOp {
  EventSeq seq = 0;
  OpenSteps::Recorded done;
};

struct StepOpenedOp {
  OpenSteps::StepRecord record = 0;
  std::string ending;
};

struct StepClosedOp {
  EventSeq seq = 0;
  std::string ending;
};

struct TurnCompletedOp {
  EventSeq seq = 0;
};

// Which modules have their runs marked before they begin, from here on.
struct OnceModulesOp {
  std::set<std::string> modules;
};

// monostate: a RunOp that its SettleOp overtook.
using Op =
    std::variant<std::monostate, RunOp, SettleOp, WithdrawOp, ReleaseOp, CheckpointOp, OutboxDoneOp, OutboxLaterOp,
                 KeyOp, StepOpeningOp, StepOpenedOp, StepClosedOp, TurnCompletedOp, OnceModulesOp, OperatorOp>;

// Somebody waits for the answer, and gets it also when the disk fails.
inline bool is_awaited(const Op& op) {
  return std::holds_alternative<CheckpointOp>(op) || std::holds_alternative<KeyOp>(op) ||
         std::holds_alternative<StepOpeningOp>(op) || std::holds_alternative<OperatorOp>(op);
}

inline void refuse_awaited(Op& op, const Error& error) {
  if (auto* checkpoint = std::get_if<CheckpointOp>(&op)) checkpoint->done(Error(error));
  if (auto* key = std::get_if<KeyOp>(&op)) key->done(Error(error));
  if (auto* step = std::get_if<StepOpeningOp>(&op)) step->done(Error(error));
  if (auto* change = std::get_if<OperatorOp>(&op)) change->done(Error(error));
}

}  // namespace modhost::journal
