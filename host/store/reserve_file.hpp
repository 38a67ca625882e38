// Disk space held back so that finishing work is never blocked by a full disk: released when a commit finds the disk
// full, and new work is accepted again only once the reserve could be laid aside anew.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.hpp"

namespace modhost::store {

class ReserveFile {
 public:
  // Nothing is touched until acquire(). bytes = 0: no reserve, always whole.
  ReserveFile(std::filesystem::path file, std::uint64_t bytes) : file_(std::move(file)), bytes_(bytes) {}

  [[nodiscard]] bool is_whole() const { return whole_ || bytes_ == 0; }
  // Lays the space aside; kFull when the disk does not have it.
  Result<void> acquire();
  void release() noexcept;

 private:
  std::filesystem::path file_;
  std::uint64_t bytes_;
  bool whole_ = false;
};

}  // namespace modhost::store
