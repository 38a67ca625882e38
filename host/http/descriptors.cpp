#include "http/descriptors.hpp"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "http/server.hpp"

namespace modhost::http {

namespace {

constexpr rlim_t kReserveMin = 16;   // of a very low limit
constexpr rlim_t kReserveMax = 512;  // journal, plugins, outbound calls
constexpr std::size_t kSpares = 4;
constexpr std::size_t kFreeToRecover = 12;  // more than the spares: taking them must not exhaust the rest again

UniqueFd take_any() { return UniqueFd(::eventfd(0, EFD_CLOEXEC)); }

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

DescriptorReserve::DescriptorReserve() { watch(); }

void DescriptorReserve::read_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t descriptors = std::min<rlim_t>(limit.rlim_cur, std::numeric_limits<int>::max());
  const rlim_t reserve = std::clamp(descriptors / 8, kReserveMin, kReserveMax);
  scarce_from_ = static_cast<int>(descriptors > reserve ? descriptors - reserve : 0);
  critical_from_ = static_cast<int>(descriptors > reserve / 2 ? descriptors - reserve / 2 : 0);
}

bool DescriptorReserve::watch() {
  read_limit();
  if (is_exhausted_) recover();
  const UniqueFd probe = take_any();
  if (!probe.is_open()) {
    is_exhausted_ = true;
    spares_.clear();
  }
  return is_scarce(probe.get());
}

void DescriptorReserve::recover() {
  std::vector<UniqueFd> taken;
  while (taken.size() < kFreeToRecover) {
    taken.push_back(take_any());
    if (!taken.back().is_open()) return;
  }
  taken.resize(kSpares);
  spares_ = std::move(taken);
  is_exhausted_ = false;
}

}  // namespace modhost::http
