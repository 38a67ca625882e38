#include "loader/loader.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <map>
#include <system_error>
#include <utility>

#include "base/mutex.hpp"
#include "crypto/digest.hpp"
#include "loader/elf_rules.hpp"
#include "loader/mapped_library.hpp"

namespace modhost::loader {
namespace {

namespace fs = std::filesystem;

using PluginPtr = std::shared_ptr<const LoadedPlugin>;

Result<Warnings> check_bytes(std::string_view bytes) {
  auto facts = read_elf_facts(bytes);
  if (!facts) return std::move(facts).error();
  auto warnings = check_elf_rules(*facts);
  if (!warnings) return warnings;
  auto more = check_against_process(*facts);
  if (!more) return more;
  warnings->insert(warnings->end(), more->begin(), more->end());
  return warnings;
}

// Folders of hosts that have ended, e.g. by kill -9; in a container the last one had our number.
void remove_stale_stages(const fs::path& stage_dir) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(stage_dir, ignored)) {
    const std::string name = entry.path().filename().string();
    pid_t owner = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), owner);
    if (parsed.ptr == name.data() || *parsed.ptr != '.' || owner <= 0) continue;
    if (owner == ::getpid() || (::kill(owner, 0) != 0 && errno == ESRCH)) fs::remove_all(entry.path(), ignored);
  }
}

// <stage_dir>/<pid>.XXXXXX, ours alone.
Result<fs::path> make_stage(const fs::path& stage_dir) {
  std::error_code failed;
  fs::create_directories(stage_dir, failed);
  if (!failed) fs::permissions(stage_dir, fs::perms::owner_all, failed);
  if (failed) return Error{Code::kDenied, "the stage folder " + stage_dir.string() + ": " + failed.message()};
  remove_stale_stages(stage_dir);
  // dladdr answers with the path as given, so it must not depend on the working directory.
  std::string folder = (fs::absolute(stage_dir) / (std::to_string(::getpid()) + ".XXXXXX")).lexically_normal();
  if (::mkdtemp(folder.data()) == nullptr)
    return Error{Code::kDenied,
                 "the stage folder " + stage_dir.string() + ": " + std::generic_category().message(errno)};
  return fs::path(folder);
}

}  // namespace

struct Loader::Impl {
  explicit Impl(Options given) : options(std::move(given)), stage(make_stage(options.stage_dir)) {}
  ~Impl() {
    std::error_code ignored;
    if (stage) fs::remove_all(*stage, ignored);  // what is mapped stays mapped
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<PluginPtr> map(SourceFile file, std::string sha256, const std::string& name);
  PluginPtr find(const std::string& sha256) {
    const MutexLock lock(mutex);
    const auto found = loaded.find(sha256);
    return found == loaded.end() ? nullptr : found->second;
  }
  // The first of two threads that loaded the same bytes at once wins.
  PluginPtr publish(PluginPtr plugin) {
    const MutexLock lock(mutex);
    return loaded.emplace(plugin->sha256, plugin).first->second;
  }

  const Options options;
  const Result<fs::path> stage;
  std::atomic<unsigned> copies{0};
  Mutex mutex;
  std::map<std::string, PluginPtr> loaded GUARDED_BY(mutex);
};

Result<PluginPtr> Loader::Impl::map(SourceFile file, std::string sha256, const std::string& name) {
  auto warnings = check_bytes(file.bytes);
  if (!warnings) return std::move(warnings).error();
  if (!stage) return stage.error();
  // A new path for each mapping: the dynamic linker answers a known one with what it has.
  const auto staged = stage_file(*stage, sha256 + "." + std::to_string(++copies) + ".so", file.bytes);
  if (!staged) return staged.error();
  if (auto survived = probe(*staged, options.probe); !survived) return std::move(survived).error();
  auto library = MappedLibrary::map(*staged);
  if (!library) return std::move(library).error();
  auto imported = library->import();
  if (!imported) return std::move(imported).error();
  if (auto kept = library->keep(); !kept) return std::move(kept).error();

  auto plugin = std::make_shared<LoadedPlugin>();
  plugin->table = imported->table;
  plugin->name = name;
  plugin->id = std::move(imported->id);
  plugin->version = std::move(imported->version);
  plugin->summary = std::move(imported->summary);
  plugin->config_schema = std::move(imported->config_schema);
  plugin->abi_minor = imported->abi_minor;
  plugin->sha256 = std::move(sha256);
  plugin->path = std::move(file.path);
  plugin->staged_path = *staged;
  plugin->warnings = std::move(file.warnings);
  plugin->warnings.insert(plugin->warnings.end(), warnings->begin(), warnings->end());
  return publish(std::move(plugin));
}

Loader::Loader(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Loader::~Loader() = default;

Result<PluginPtr> Loader::load(const fs::path& plugins_dir, const std::string& name) {
  auto file = read_source_file(plugins_dir, name, impl_->options.owner_check);
  if (!file) return std::move(file).error();
  const fs::path path = file->path;
  std::string sha256 = crypto::hex(crypto::sha256(file->bytes));
  if (auto known = impl_->find(sha256)) return known;
  auto plugin = impl_->map(*std::move(file), std::move(sha256), name);
  if (!plugin) {
    Error error = std::move(plugin).error();
    error.message = path.string() + " " + error.message;
    return error;
  }
  return plugin;
}

Result<std::vector<PluginFile>> Loader::scan(const fs::path& plugins_dir, OwnerCheck owner_check) {
  const auto names = plugin_names(plugins_dir);
  if (!names) return names.error();
  std::vector<PluginFile> files;
  for (const std::string& name : *names) {
    PluginFile found{name, plugins_dir / (name + ".so"), {}};
    const auto file = read_source_file(plugins_dir, name, owner_check);
    if (!file) {
      found.problem = file.error().message;
    } else if (const auto fit = check_bytes(file->bytes); !fit) {
      found.problem = found.path.string() + " " + fit.error().message;
    }
    files.push_back(std::move(found));
  }
  return files;
}

}  // namespace modhost::loader
