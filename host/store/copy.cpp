#include "store/copy.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "base/unique_fd.hpp"

namespace modhost::store {
namespace {

constexpr int kStepsBetweenLooks = 10'000;  // of SQLite's machine: a few milliseconds

Error problem(const std::filesystem::path& file, const char* what, int reason = errno) {
  const Code code = reason == ENOSPC || reason == EDQUOT ? Code::kFull
                    : reason == EACCES                   ? Code::kDenied
                    : reason == ENOENT                   ? Code::kNotFound
                    : reason == EEXIST                   ? Code::kConflict
                                                         : Code::kUnavailable;
  return Error{code, file.string() + " " + what + " (" + ::strerrordesc_np(reason) + ")"};
}

Result<void> vacuum_into(const std::filesystem::path& from, const std::filesystem::path& to,
                         const std::atomic<bool>& stop, const std::string& vfs) {
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* opened = nullptr;
  int status = sqlite3_open_v2(from.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                               vfs.empty() ? nullptr : vfs.c_str());
  const std::unique_ptr<sqlite3, Close> database(opened);
  if (status == SQLITE_OK) {
    sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_busy_timeout(opened, 2000);
    sqlite3_progress_handler(
        opened, kStepsBetweenLooks,
        [](void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0; },
        const_cast<std::atomic<bool>*>(&stop));
    sqlite3_stmt* prepared = nullptr;
    status = sqlite3_prepare_v2(opened, "VACUUM INTO ?1", -1, &prepared, nullptr);
    const std::unique_ptr<sqlite3_stmt, Finalize> statement(prepared);
    if (status == SQLITE_OK) {
      sqlite3_bind_text(prepared, 1, to.c_str(), -1, SQLITE_STATIC);
      status = sqlite3_step(prepared);
    }
  }
  if (status == SQLITE_DONE && !stop) return {};
  if (stop) return Error{Code::kGone, "the copy was given up: the host stops"};
  const std::string message = opened == nullptr ? sqlite3_errstr(status) : sqlite3_errmsg(opened);
  return Error{(status & 0xff) == SQLITE_FULL ? Code::kFull : Code::kUnavailable,
               "can not copy " + from.string() + ": " + message};
}

}  // namespace

Result<void> sync_folder(const std::filesystem::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open() || ::fsync(fd.get()) != 0) return problem(folder, "can not be synced");
  return {};
}

Result<std::uint64_t> copy_database(const std::filesystem::path& from, const std::filesystem::path& to,
                                    const std::atomic<bool>& stop, const std::string& vfs) {
  struct stat facts {};
  if (::lstat(to.c_str(), &facts) == 0) return problem(to, "exists, and is not overwritten: name another file", EEXIST);
  // Whole or not there: a copy that was cut off never has the name that was asked for.
  std::filesystem::path part = to;
  part += ".part";
  ::unlink(part.c_str());
  const UniqueFd fd(::open(part.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.is_open()) return problem(part, "can not be made: name a folder that the host may write to");
  ::fchmod(fd.get(), 0600);
  const auto finish = [&]() -> Result<void> {
    if (auto copied = vacuum_into(from, part, stop, vfs); !copied) return copied;
    if (::fsync(fd.get()) != 0 || ::fstat(fd.get(), &facts) != 0) return problem(part, "can not be synced");
    if (::renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0 &&
        (errno != EINVAL || ::rename(part.c_str(), to.c_str()) != 0))  // EINVAL: a file system without NOREPLACE
      return problem(to, "can not be made");
    return sync_folder(to.parent_path().empty() ? "." : to.parent_path());
  };
  if (auto done = finish(); !done) {
    ::unlink(part.c_str());
    return std::move(done.error());
  }
  return static_cast<std::uint64_t>(facts.st_size);
}

}  // namespace modhost::store
