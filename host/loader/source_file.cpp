#include "loader/source_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <system_error>

#include "base/limits.hpp"
#include "base/unique_fd.hpp"
#include "crypto/digest.hpp"

namespace modhost::loader {
namespace {

namespace fs = std::filesystem;

std::string error_text(int error) { return std::generic_category().message(error); }

Code code_of(int error) {
  if (error == ENOENT || error == ENOTDIR) return Code::kNotFound;
  return error == EACCES || error == EPERM ? Code::kDenied : Code::kInternal;
}

bool is_plugin_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                  c == '.';
         });
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

Error missing(const fs::path& plugins_dir, const std::string& name) {
  std::string text = "there is no " + (plugins_dir / (name + ".so")).string();
  const auto names = plugin_names(plugins_dir);
  if (!names) return not_found(text + ": " + names.error().message);
  if (names->empty()) return not_found(text + "; the folder holds no plugins");
  const auto nearest = std::min_element(names->begin(), names->end(), [&](const auto& a, const auto& b) {
    return edit_distance(a, name) < edit_distance(b, name);
  });
  if (edit_distance(*nearest, name) <= std::max<std::size_t>(2, name.size() / 3))
    return not_found(text + "; did you mean " + *nearest + "?");
  text += "; the folder holds ";
  for (std::size_t i = 0; i < names->size(); ++i) text += (i == 0 ? "" : ", ") + (*names)[i];
  return not_found(std::move(text));
}

// Why others than us could replace what is at this path; empty when they can not.
std::string exposure(const fs::path& path, const struct stat& info, bool check_owner) {
  const bool is_sticky_folder = S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX) != 0 && info.st_uid == 0;
  if ((info.st_mode & S_IWOTH) != 0 && !is_sticky_folder)
    return path.string() + " can be written by everybody; run: chmod o-w " + path.string();
  if ((info.st_mode & S_IWGRP) != 0 && !is_sticky_folder)
    return path.string() + " can be written by its group; run: chmod g-w " + path.string();
  if (check_owner && info.st_uid != 0 && info.st_uid != ::geteuid())
    return path.string() + " belongs to user " + std::to_string(info.st_uid) + ", not to root or to user " +
           std::to_string(::geteuid()) + " that runs modhost; run: chown " + std::to_string(::geteuid()) + " " +
           path.string();
  return {};
}

// The first exposure of the folder and of those above it. The owner counts for the folder itself: above it, whoever
// owns a home or a mount is trusted not to swap what they own.
std::string folder_exposure(const fs::path& folder) {
  std::error_code failed;
  const fs::path real = fs::canonical(folder, failed);
  if (failed) return folder.string() + ": " + failed.message();
  for (fs::path at = real;; at = at.parent_path()) {
    struct stat info {};
    if (::stat(at.c_str(), &info) != 0) return at.string() + ": " + error_text(errno);
    if (std::string found = exposure(at, info, at == real); !found.empty()) return found;
    if (at == at.root_path()) return {};
  }
}

Result<std::string> read_all(int fd, const struct stat& info) {
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::read(fd, bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{Code::kInternal, "reading failed: " + error_text(errno)};
    if (count == 0) break;  // cut while we read: the ELF checks see it
    filled += static_cast<std::size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

Result<void> check_kind_and_size(const fs::path& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return Error{Code::kDenied, path.string() + " is not a regular file"};
  if (static_cast<std::uint64_t>(info.st_size) > limits::kPluginFileBytesMax)
    return Error{Code::kFull,
                 path.string() + " is larger than " + std::to_string(limits::kPluginFileBytesMax >> 20) + " MiB"};
  return {};
}

}  // namespace

Result<SourceFile> read_source_file(const fs::path& plugins_dir, const std::string& name, OwnerCheck owner_check) {
  if (!is_plugin_name(name))
    return invalid("\"" + name + "\" is no plugin name; it is a file of plugins_dir without its .so");
  SourceFile file{plugins_dir / (name + ".so"), {}, {}};
  const UniqueFd folder(::open(plugins_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return Error{code_of(errno), "plugins_dir " + plugins_dir.string() + ": " + error_text(errno)};
  // NONBLOCK: a pipe put there must not hold us up. NOFOLLOW: a link could be turned round after the checks.
  const UniqueFd fd(
      ::openat(folder.get(), (name + ".so").c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.is_open()) {
    if (errno == ENOENT) return missing(plugins_dir, name);
    if (errno == ELOOP)
      return Error{Code::kDenied, file.path.string() + " is a symbolic link; put the file itself there"};
    return Error{code_of(errno), file.path.string() + ": " + error_text(errno)};
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return internal_error(file.path.string() + ": " + error_text(errno));
  if (auto fits = check_kind_and_size(file.path, info); !fits) return std::move(fits).error();
  std::string exposed = exposure(file.path, info, true);
  if (exposed.empty()) exposed = folder_exposure(plugins_dir);
  if (!exposed.empty() && owner_check == OwnerCheck::kRefuse) return Error{Code::kDenied, std::move(exposed)};
  if (!exposed.empty()) file.warnings.push_back(std::move(exposed));
  auto bytes = read_all(fd.get(), info);
  if (!bytes) return std::move(bytes.error()).within(file.path.string());
  file.bytes = *std::move(bytes);
  return file;
}

std::string exposure_of(const fs::path& folder) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) return folder.string() + ": " + error_text(errno);
  return exposure(folder, info, true);
}

Result<fs::path> stage_file(const fs::path& folder, const std::string& name, std::string_view bytes) {
  const fs::path target = folder / name;
  const UniqueFd fd(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0500));
  const auto failed = [&](int error) {
    return Error{error == ENOSPC || error == EDQUOT ? Code::kFull : code_of(error),
                 "the copy " + target.string() + " can not be written: " + error_text(error)};
  };
  if (!fd.is_open()) return failed(errno);
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::write(fd.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      ::unlink(target.c_str());
      return failed(error);
    }
    done += static_cast<std::size_t>(count);
  }
  return target;
}

Result<std::string> source_sha256(const fs::path& plugins_dir, const std::string& name, OwnerCheck owner_check) {
  const auto file = read_source_file(plugins_dir, name, owner_check);
  if (!file) return file.error();
  return crypto::hex(crypto::sha256(file->bytes));
}

Result<std::string> read_whole_file(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (!fd.is_open() || ::fstat(fd.get(), &info) != 0)
    return Error{code_of(errno), path.string() + ": " + error_text(errno)};
  if (auto fits = check_kind_and_size(path, info); !fits) return std::move(fits).error();
  auto bytes = read_all(fd.get(), info);
  if (!bytes) return std::move(bytes.error()).within(path.string());
  return bytes;
}

Result<std::vector<std::string>> plugin_names(const fs::path& plugins_dir) {
  std::error_code failed;
  std::vector<std::string> names;
  for (fs::directory_iterator at(plugins_dir, failed), end; !failed && at != end; at.increment(failed))
    if (at->path().extension() == ".so" && is_plugin_name(at->path().stem().string()))
      names.push_back(at->path().stem().string());
  if (failed) return Error{code_of(failed.value()), "plugins_dir " + plugins_dir.string() + ": " + failed.message()};
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace modhost::loader
