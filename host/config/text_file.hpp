// Reads a small text file and tells who else may read it, looking at the opened file and not at its name.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace modhost::config {

struct TextFile {
  std::string text;
  bool others_can_read = false;  // group or world
};

// kNotFound, kDenied, kInvalid (not a regular file), kFull (larger than bytes_max), kUnavailable. Never blocks on a
// FIFO.
Result<TextFile> read_text_file(const std::filesystem::path& file, std::size_t bytes_max);

// Another one when the text or who may read it is another; empty for a file that could not be read.
std::string fingerprint(const Result<TextFile>& file);

}  // namespace modhost::config
