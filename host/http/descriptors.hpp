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

  [[nodiscard]] bool is_scarce(int fd) const { return is_exhausted_ || fd >= scarce_from_; }      // make room or refuse
  [[nodiscard]] bool is_critical(int fd) const { return is_exhausted_ || fd >= critical_from_; }  // without lingering

  // To be called now and then; true when descriptors are scarce. When none is left, Pistache's accept loop would spin:
  // then the spare ones kept here are given away, so that it accepts what the transport refuses at once.
  bool watch();

 private:
  void read_limit();
  void recover();

  int scarce_from_ = 0;
  int critical_from_ = 0;
  bool is_exhausted_ = true;  // and so without spares
  std::vector<UniqueFd> spares_;
};

}  // namespace modhost::http
