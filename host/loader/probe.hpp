// The child that maps each plugin first. An exception, a crash or an endless loop in a library's initialisers can not
// be survived by the process that maps it, so a child of ourselves goes ahead and the host reads how it fared.
#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>

#include "base/limits.hpp"
#include "base/result.hpp"

namespace modhost::loader {

// The hidden first argument by which a program becomes the child: `modhost __probe <file>`.
inline constexpr std::string_view kProbeCommand = "__probe";

struct ProbeOptions {
  std::filesystem::path program = "/proc/self/exe";  // must call probe_main() when asked to
  std::chrono::milliseconds timeout = limits::kPreloadTimeout;
};

// Maps the file in a child and reads its entry there. The error continues "<file> ...": what an initialiser threw, the
// signal it died of, that it hung or ended the process, the symbol that is missing, or what is wrong with the entry.
Result<void> probe(const std::filesystem::path& file, const ProbeOptions& options);

// The child's main. argv: <program> __probe <file>; the verdict goes to file descriptor 3.
int probe_main(int argc, char** argv);

}  // namespace modhost::loader
