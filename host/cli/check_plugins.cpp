// The plugins' part of `modhost check`.
#include <stdlib.h>

#include <set>

#include "cli/findings.hpp"
#include "loader/loader.hpp"

namespace modhost::cli {
namespace {

// Where the checked files are staged; gone afterwards.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "modhost-check-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

void check_plugins(const config::Config& config, Findings& out) {
  const ScratchFolder scratch;
  if (scratch.path().empty())
    return out.push_back(
        {Level::kError, "plugins", "no temporary folder can be made: set TMPDIR to a folder that can be written"});
  loader::Loader loader({scratch.path(), {}, {}});
  std::set<std::string> seen;
  for (const auto& [name, module] : config.modules) {
    if (!seen.insert(module.plugin).second) continue;
    const auto plugin = loader.load(config.plugins_dir, module.plugin);
    const std::string about = "plugin " + module.plugin;
    if (!plugin) {
      out.push_back({Level::kError, about, plugin.error().message + " (module " + name + ")"});
      continue;
    }
    const loader::LoadedPlugin& found = **plugin;
    out.push_back(
        {Level::kOk, about,
         found.id + " " + found.version + ", ABI 1." + std::to_string(found.abi_minor) + ", " + found.path.string()});
    for (const std::string& warning : found.warnings) out.push_back({Level::kWarning, about, warning});
  }
  const auto files = loader::Loader::scan(config.plugins_dir);
  if (!files)
    return out.push_back({config.modules.empty() ? Level::kWarning : Level::kError, "plugins", files.error().message});
  for (const loader::PluginFile& file : *files)
    if (!seen.contains(file.name))
      out.push_back({Level::kWarning, "plugin " + file.name,
                     file.problem.empty()
                         ? file.path.string() + " is named by no module: add it under modules or remove it"
                         : file.problem});
}

}  // namespace modhost::cli
