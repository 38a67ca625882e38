// A change by an operator on its way through the writer's queue. Somebody waits for its outcome.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "journal/operations.hpp"

namespace modhost::journal {

struct OperatorOutcome {
  struct Replayed {
    EventSeq seq = 0;
    std::string module;
    std::uint64_t body_bytes = 0;
  };
  std::vector<Replayed> replayed;
  std::uint64_t events = 0, refused = 0;
};

struct OperatorOp {
  enum class Kind { kReplay, kPurge, kPause, kResume, kAudit };
  Kind kind = Kind::kAudit;
  std::vector<EventSeq> seqs;
  bool completed_too = false;
  std::string module;  // to pause or resume
  AuditEntry entry;    // written with it
  std::function<void(Result<OperatorOutcome>)> done;
};

}  // namespace modhost::journal
