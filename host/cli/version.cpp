// `modhost version`: what a bug report needs to say about this binary.
#include <link.h>

#include <filesystem>
#include <set>

#include "base/version.hpp"
#include "cli/json.hpp"
#include "cli/options.hpp"
#include "modhost/plugin.h"

namespace modhost::cli {
namespace {

// The shared libraries this process runs with, by the names of their files: they carry the versions.
std::set<std::string> libraries() {
  std::set<std::string> out;
  const auto add = [](dl_phdr_info* info, std::size_t, void* to) {
    std::error_code error;
    const std::filesystem::path file = std::filesystem::canonical(info->dlpi_name, error);
    if (!error) static_cast<std::set<std::string>*>(to)->insert(file.filename().string());
    return 0;
  };
  ::dl_iterate_phdr(add, &out);
  return out;
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
    for (const std::string& library : libraries()) terminal.out << "  " << library << '\n';
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
