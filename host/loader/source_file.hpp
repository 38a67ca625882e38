// From a name in plugins_dir to bytes only we can change: opened without following links, its owner and mode checked,
// copied into the stage folder and hashed on the way. What is mapped later is the copy.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace modhost::loader {

// What to do about a file that others could replace: refuse it, or load it with a warning (for `dev`).
enum class OwnerCheck { kRefuse, kWarn };

struct SourceFile {
  std::filesystem::path path;
  std::string bytes;
  std::vector<std::string> warnings;
};

// <plugins_dir>/<name>.so. kNotFound names the plugins that are there; kDenied for a link, a special file, a foreign
// owner or a path others may write to; kFull when it is larger than limits::kPluginFileBytesMax.
Result<SourceFile> read_source_file(const std::filesystem::path& plugins_dir, const std::string& name,
                                    OwnerCheck owner_check);

// Of the bytes of <plugins_dir>/<name>.so as they are now, in hex; as read_source_file().
Result<std::string> source_sha256(const std::filesystem::path& plugins_dir, const std::string& name,
                                  OwnerCheck owner_check);

// Why others could change what is in this folder, and how to mend it; empty when they can not. Those above it do not
// count.
std::string exposure_of(const std::filesystem::path& folder);

// Writes bytes as <folder>/<name>, mode 0500, complete or not at all; the folder is ours alone (0700).
Result<std::filesystem::path> stage_file(const std::filesystem::path& folder, const std::string& name,
                                         std::string_view bytes);

// A whole regular file within kPluginFileBytesMax; links are followed.
Result<std::string> read_whole_file(const std::filesystem::path& path);

// The plugins of a folder: names without ".so", sorted.
Result<std::vector<std::string>> plugin_names(const std::filesystem::path& plugins_dir);

}  // namespace modhost::loader
