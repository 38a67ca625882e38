// The statements of operators' changes, on the writing connection.
#pragma once

#include "journal/bodies.hpp"
#include "journal/operator_op.hpp"
#include "store/connection.hpp"

namespace modhost::journal {

class OperatorTables {
 public:
  explicit OperatorTables(Bodies& bodies) : bodies_(bodies) {}
  Result<void> attach(store::Connection& connection);
  void detach();

  // Part of the open transaction, with its line in the audit.
  Result<OperatorOutcome> apply(const OperatorOp& op);

 private:
  struct Ended {
    State state = State::kDead;
    std::string module;
    std::uint64_t body_bytes = 0;
    bool has_body = false;
  };
  Result<std::optional<Ended>> find(EventSeq seq);
  Result<bool> replay(EventSeq seq, const OperatorOp& op, OperatorOutcome& outcome);
  Result<bool> purge(EventSeq seq);
  Result<bool> set_paused(const OperatorOp& op);
  Result<void> write_audit(const AuditEntry& entry, std::uint64_t count);

  Bodies& bodies_;
  store::Statement find_, replay_, drop_apology_, blank_, drop_attempts_, drop_checkpoint_, drop_outbox_, pause_,
      resume_, audit_, trim_audit_;
};

}  // namespace modhost::journal
