#include "admin/token.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/unique_fd.hpp"
#include "crypto/digest.hpp"

namespace modhost::admin {

namespace {

constexpr std::size_t kTokenLength = 40;

Error problem(const std::filesystem::path& file, const char* what) {
  return invalid("admin token " + file.string() + ": " + what + ": " + std::strerror(errno) +
                 "; make the state folder writable for this user or remove the file");
}

}  // namespace

Result<Secret> load_or_make_token(const std::filesystem::path& state_dir) {
  const std::filesystem::path file = state_dir / "admin.token";
  const UniqueFd existing(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (existing.is_open()) {
    struct stat facts {};
    if (::fstat(existing.get(), &facts) != 0) return problem(file, "can not be examined");
    if ((facts.st_mode & 077) != 0)
      return invalid("admin token " + file.string() + " is readable by others: chmod 600 " + file.string());
    char text[kTokenLength + 1];
    const ssize_t length = ::read(existing.get(), text, sizeof text);
    if (length < static_cast<ssize_t>(kTokenLength))
      return invalid("admin token " + file.string() +
                     " is too short: remove the file, a new one is made at the next start");
    return Secret(std::string(text, kTokenLength));
  }
  if (errno != ENOENT) return problem(file, "can not be opened");
  // Under its own name only when it is whole: a host that is killed here leaves no half of it.
  const std::filesystem::path draft = state_dir / "admin.token.new";
  ::unlink(draft.c_str());
  const UniqueFd made(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!made.is_open()) return problem(file, "can not be made");
  Secret token(crypto::random_token(kTokenLength));
  const std::string_view text = token.reveal();
  const bool is_written =
      ::write(made.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(made.get()) == 0;
  if (!is_written || ::rename(draft.c_str(), file.c_str()) != 0) {
    const Error error = problem(file, "can not be written");
    ::unlink(draft.c_str());
    return error;
  }
  return token;
}

}  // namespace modhost::admin
