#include "store/lock_file.hpp"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

namespace modhost::store {
namespace {

std::string holder(int fd) {
  std::array<char, 256> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string("another process");
}

std::string ourselves() {
  std::array<char, 128> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host = {};
  return "process " + std::to_string(::getpid()) + " on " + host.data();
}

}  // namespace

Result<LockFile> LockFile::acquire(const std::filesystem::path& file) {
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.is_open())
    return Error{errno == EACCES ? Code::kDenied : Code::kUnavailable,
                 "can not open the lock file " + file.string() + " (" + ::strerrordesc_np(errno) +
                     "): give the user of modhost write access to this folder"};
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return unavailable("can not lock " + file.string() + " (" + ::strerrordesc_np(errno) + "): use a local disk");
    return Error{Code::kConflict, "the state folder " + file.parent_path().string() + " is in use by " +
                                      holder(fd.get()) + ": stop that host, or set another state_dir"};
  }
  // The text only helps those who are refused: the lock holds without it, and a full disk must not keep a host down.
  const std::string text = ourselves();
  ::fchmod(fd.get(), 0600);
  [[maybe_unused]] const bool is_named =
      ::ftruncate(fd.get(), 0) == 0 &&
      ::pwrite(fd.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  return LockFile(std::move(fd));
}

}  // namespace modhost::store
