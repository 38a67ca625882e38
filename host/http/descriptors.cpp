#include "http/descriptors.hpp"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "http/server.hpp"

namespace modhost::http {

namespace {

constexpr rlim_t kReserveMin = 16;   // of a very low limit
constexpr rlim_t kReserveMax = 512;  // journal, plugins, outbound calls
constexpr std::size_t kSpares = 4;

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
  const UniqueFd probe = take_any();
  if (!probe.is_open()) {
    spares_.clear();
    return true;
  }
  if (is_scarce(probe.get())) return true;
  while (spares_.size() < kSpares) spares_.push_back(take_any());
  return false;
}

}  // namespace modhost::http
