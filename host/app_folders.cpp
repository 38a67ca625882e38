#include "app_folders.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "loader/source_file.hpp"

namespace modhost {

Result<TemporaryFolder> TemporaryFolder::make() {
  std::string name = (std::filesystem::temp_directory_path() / "modhost-dev-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    return invalid("can not make a temporary folder " + name + ": " + std::strerror(errno) + "; use --persist");
  return TemporaryFolder(name);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<void> make_private_folder(const std::filesystem::path& folder) {
  std::error_code error;
  const bool is_new = std::filesystem::create_directories(folder, error);
  if (error) return invalid("state_dir " + folder.string() + " can not be made: " + error.message());
  if (is_new && ::chmod(folder.c_str(), 0700) != 0)
    return invalid("state_dir " + folder.string() + " can not be made private: " + std::strerror(errno));
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return invalid("state_dir " + folder.string() + " is not writable: " + std::strerror(errno) +
                   "; give this user write access or set another state_dir");
  // It holds the token, the journal and the copies of plugins that are mapped.
  if (const std::string exposed = loader::exposure_of(folder); !exposed.empty()) return invalid("state_dir " + exposed);
  return {};
}

}  // namespace modhost
