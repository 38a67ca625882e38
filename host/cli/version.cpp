// `modhost version`: what a bug report needs to say about this binary.
#include <fstream>
#include <set>

#include "base/version.hpp"
#include "cli/json.hpp"
#include "cli/options.hpp"
#include "loader/loader.hpp"

namespace modhost::cli {
namespace {

// The shared libraries this process runs with, by the names of their files: they carry the versions.
std::set<std::string> libraries() {
  std::set<std::string> out;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::string name = line.substr(line.rfind('/') + 1);
    if (line.find('/') != std::string::npos && name.find(".so") != std::string::npos) out.insert(name);
  }
  return out;
}

// Those that the host links itself, and not theirs.
bool is_ours(std::string_view library) {
  for (const std::string_view name : {"libc.", "libcrypto.", "libcurl.", "libpistache", "libprometheus-cpp-core",
                                      "libspdlog", "libsqlite3", "libstdc++", "libyaml-cpp"})
    if (library.starts_with(name)) return true;
  return false;
}

}  // namespace

int run_version(const CommonOptions& options, Terminal& terminal) {
  const std::string compiler =
#if defined(__clang__)
      "clang " __clang_version__;
#else
      "g++ " __VERSION__;
#endif
  if (!options.json) {
    terminal.out << "modhost " << kVersion << " (plugin ABI " << MODHOST_ABI_MAJOR << '.' << MODHOST_ABI_MINOR << ", "
                 << compiler << ")\n";
    for (const std::string& library : libraries())
      if (is_ours(library)) terminal.out << "  " << library << '\n';
    return kOk;
  }
  JsonObject out;
  out.field("version", kVersion).field("compiler", compiler);
  out.begin_object("abi").field("major", MODHOST_ABI_MAJOR).field("minor", MODHOST_ABI_MINOR).end_object();
  out.begin_list("libraries");
  for (const std::string& library : libraries()) out.item(library);
  terminal.out << out.end_list().finish() << '\n';
  return kOk;
}

}  // namespace modhost::cli
