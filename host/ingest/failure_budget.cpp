#include "ingest/failure_budget.hpp"

namespace modhost::ingest {

bool FailureBudget::admits(const IpAddress& address) {
  const SteadyTime now = clock_.steady_now();
  const MutexLock lock(mutex_);
  Failures* const failures = failing_.find(address.site());
  if (failures == nullptr || failures->count < failures->times.size()) return true;
  const SteadyTime oldest = failures->times.at(failures->count % failures->times.size());
  if (now - oldest >= limits::kFailureWindow) return true;
  const SteadyTime* const verified = verified_.find(address.site());
  return verified != nullptr && now - *verified < limits::kVerifiedFor;
}

void FailureBudget::failed(const IpAddress& address) {
  const SteadyTime now = clock_.steady_now();
  const MutexLock lock(mutex_);
  Failures& failures = failing_.at(address.site());
  failures.times.at(failures.count++ % failures.times.size()) = now;
}

void FailureBudget::verified(const IpAddress& address) {
  const SteadyTime now = clock_.steady_now();
  const MutexLock lock(mutex_);
  verified_.at(address.site()) = now;
}

}  // namespace modhost::ingest
