#include "config/text_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/unique_fd.hpp"
#include "crypto/digest.hpp"

namespace modhost::config {
namespace {

Error from_errno(std::string_view doing, int number) {
  const Code code = number == ENOENT || number == ENOTDIR ? Code::kNotFound
                    : number == EACCES || number == EPERM ? Code::kDenied
                                                          : Code::kUnavailable;
  return {code, std::string(doing) + ": " + std::strerror(number)};
}

}  // namespace

Result<TextFile> read_text_file(const std::filesystem::path& file, std::size_t bytes_max) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.is_open()) return from_errno("can not be opened", errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return from_errno("can not be examined", errno);
  if (!S_ISREG(info.st_mode)) return invalid("is not a regular file");
  TextFile out;
  out.others_can_read = (info.st_mode & (S_IRGRP | S_IROTH)) != 0;
  char chunk[16 * 1024];
  for (;;) {
    const ssize_t got = ::read(fd.get(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return from_errno("can not be read", errno);
    if (got == 0) return out;
    out.text.append(chunk, static_cast<std::size_t>(got));
    if (out.text.size() > bytes_max)
      return Error{Code::kFull, "is larger than " + std::to_string(bytes_max) + " bytes"};
  }
}

std::string fingerprint(const Result<TextFile>& file) {
  if (!file) return {};
  return crypto::hex(crypto::sha256(file->text)) + (file->others_can_read ? " open" : "");
}

}  // namespace modhost::config
