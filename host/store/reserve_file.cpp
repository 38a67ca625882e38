#include "store/reserve_file.hpp"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unique_fd.hpp"

namespace modhost::store {

Result<void> ReserveFile::acquire() {
  if (is_whole()) return {};
  const UniqueFd fd(::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.is_open())
    return Error{Code::kFull, "can not open " + file_.string() + " (" + ::strerrordesc_np(errno) + ")"};
  ::fchmod(fd.get(), 0600);
  if (::fallocate(fd.get(), 0, 0, static_cast<off_t>(bytes_)) != 0 && errno != EOPNOTSUPP) {
    const int reason = errno;
    release();
    return Error{Code::kFull, "can not lay " + std::to_string(bytes_ >> 20) + " MiB aside in " + file_.string() + " (" +
                                  ::strerrordesc_np(reason) + "): free disk space"};
  }
  whole_ = true;
  return {};
}

void ReserveFile::release() noexcept {
  whole_ = false;
  ::unlink(file_.c_str());
}

}  // namespace modhost::store
