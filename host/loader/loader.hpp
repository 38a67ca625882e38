// From a plugin's name to its function table: read, checked, staged, mapped by a child first, then by us. Every way
// this can fail is an error that names the file and the fault; the process lives on.
#pragma once

#include <modhost/plugin.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "loader/probe.hpp"
#include "loader/source_file.hpp"

namespace modhost::loader {

// One plugin file, mapped for good. Immutable, so safe from every thread.
struct LoadedPlugin {
  modhost_plugin table{};  // our copy: struct_size is what both sides know, later fields are null
  std::string name;        // the file's, without .so
  std::string id, version, summary, config_schema;
  std::uint32_t abi_minor = 0;
  std::string sha256;  // of the bytes that are mapped
  std::filesystem::path path, staged_path;
  std::vector<std::string> warnings;
};

// A file of plugins_dir, judged by its bytes alone.
struct PluginFile {
  std::string name;
  std::filesystem::path path;
  std::string problem;  // why it can not be loaded; empty when nothing speaks against it yet
};

class Loader {
 public:
  struct Options {
    std::filesystem::path stage_dir;  // made if need be, 0700; copies live in a folder of this process below it
    ProbeOptions probe;
    OwnerCheck owner_check = OwnerCheck::kRefuse;
  };

  explicit Loader(Options options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // <plugins_dir>/<name>.so, at most about limits::kPreloadTimeout. Bytes that are loaded already are not mapped again:
  // the same object is returned. [any]
  Result<std::shared_ptr<const LoadedPlugin>> load(const std::filesystem::path& plugins_dir, const std::string& name);

  // Everything in plugins_dir that could be a plugin, sorted by name. Maps nothing. [any]
  static Result<std::vector<PluginFile>> scan(const std::filesystem::path& plugins_dir,
                                              OwnerCheck owner_check = OwnerCheck::kRefuse);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace modhost::loader
