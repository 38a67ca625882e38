// The exclusive right to a state folder: a second host on the same folder is refused and told who holds it. The kernel
// gives the lock back when the process dies, however it dies.
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace modhost::store {

class LockFile {
 public:
  // kConflict: somebody else holds it.
  static Result<LockFile> acquire(const std::filesystem::path& file);

 private:
  explicit LockFile(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace modhost::store
