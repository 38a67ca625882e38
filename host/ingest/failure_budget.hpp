// How often an address may fail the signature before its deliveries are refused unread: each costs a MAC for every
// secret of the path. An address that has verified lately is never held back. Both memories are bounded, and apart, so
// that a flood from many addresses does not push out those that verify.
#pragma once

#include <array>

#include "base/clock.hpp"
#include "base/ip_address.hpp"
#include "base/limits.hpp"
#include "base/lru_map.hpp"
#include "base/mutex.hpp"

namespace modhost::ingest {

// Thread-safe. Borrows the clock. IPv6 addresses of one /64 count as one.
class FailureBudget {
 public:
  explicit FailureBudget(const Clock& clock) : clock_(clock) {}

  // False: it has failed more than limits::kFailuresMax times within limits::kFailureWindow.
  [[nodiscard]] bool admits(const IpAddress& address);
  void failed(const IpAddress& address);
  void verified(const IpAddress& address);

 private:
  // The times of the last failures, in a ring: the oldest is the next to be replaced.
  struct Failures {
    std::array<SteadyTime, limits::kFailuresMax + 1> times;
    std::size_t count = 0;
  };

  const Clock& clock_;
  Mutex mutex_;
  LruMap<IpAddress, Failures> failing_ GUARDED_BY(mutex_){limits::kFailingAddressesMax};
  LruMap<IpAddress, SteadyTime> verified_ GUARDED_BY(mutex_){limits::kVerifiedAddressesMax};
};

}  // namespace modhost::ingest
