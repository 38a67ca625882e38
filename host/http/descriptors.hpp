// Descriptors run out for the whole process at once: the journal, plugins and the platform client need some too. New
// descriptors get the lowest free number, so the number of an accepted one tells how many are in use.
#pragma once

#include <vector>

#include "base/unique_fd.hpp"

namespace modhost::http {

// Not thread-safe; one an http thread.
class DescriptorReserve {
 public:
  DescriptorReserve();

  [[nodiscard]] bool is_scarce(int fd) const { return fd >= scarce_from_; }      // close idle connections or refuse
  [[nodiscard]] bool is_critical(int fd) const { return fd >= critical_from_; }  // refuse without lingering

  // To be called now and then; true when descriptors are scarce. When none is left, Pistache's accept loop would spin:
  // then the spare ones kept here are given away, so that it can accept what the transport refuses at once.
  bool watch();

 private:
  void read_limit();

  int scarce_from_ = 0;
  int critical_from_ = 0;
  std::vector<UniqueFd> spares_;
};

}  // namespace modhost::http
