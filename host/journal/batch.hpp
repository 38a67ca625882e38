// What the journal's writer takes into one transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "journal/operator_op.hpp"
#include "journal/ops.hpp"
#include "journal/tables.hpp"

namespace modhost::journal {

struct Pending {
  NewEvent event;
  Journal::AppendDone done;
  EventSeq seq = 0;
  Result<Appended> result = Appended::kStored;
};
struct BatchOp {
  Op op;
  std::vector<std::int64_t> endings = {};                // that are due with it
  OpenSteps::StepRecord record = 0;                      // of a StepOpeningOp
  std::optional<Tables::Withdrawn> withdrawn = {};       // of a WithdrawOp
  bool is_lost = false;                                  // there was nothing to change
  Result<OperatorOutcome> operated = OperatorOutcome();  // of an OperatorOp
  Result<std::uint64_t> changed = kAbsent;               // of a KeyOp
};
// What one transaction writes.
struct Batch {
  std::vector<Pending> appends;
  std::vector<BatchOp> ops;
  Ledger before, ledger;  // as it is after the batch
  EventSeq last_seq = 0;
  std::uint64_t flush_ticket = 0;  // flush() calls that this batch satisfies
};

}  // namespace modhost::journal
