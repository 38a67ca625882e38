#include "loader/elf_rules.hpp"

#include <modhost/plugin.h>

#include <algorithm>

namespace modhost::loader {
namespace {

const std::string kEntryName = "modhost_entry_v" + std::to_string(MODHOST_ABI_MAJOR);

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "a, b, c and 4 more".
std::string list_some(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

Result<void> check_version(const ElfFacts& facts) {
  if (!facts.abi)
    return invalid("has no .note.modhost" + std::string(has(facts.entries, kEntryName) ? "" : " and no " + kEntryName) +
                   ": it is no modhost plugin; write MODHOST_DECLARE_PLUGIN (or MODHOST_PLUGIN) once in its code");
  if (facts.abi->major != MODHOST_ABI_MAJOR)
    return Error{Code::kUnsupported, "was built for version " + std::to_string(facts.abi->major) +
                                         " of the plugin ABI, this modhost speaks version " +
                                         std::to_string(MODHOST_ABI_MAJOR) + "; build it with our plugin.h"};
  if (facts.abi->min_host_minor > MODHOST_ABI_MINOR)
    return Error{Code::kUnsupported, "needs a modhost with plugin ABI " + std::to_string(facts.abi->major) + "." +
                                         std::to_string(facts.abi->min_host_minor) + ", this one has " +
                                         std::to_string(MODHOST_ABI_MAJOR) + "." + std::to_string(MODHOST_ABI_MINOR) +
                                         "; update modhost or build the plugin with a lower MODHOST_MIN_HOST_MINOR"};
  return {};
}

}  // namespace

Result<Warnings> check_elf_rules(const ElfFacts& facts) {
  if (auto done = check_version(facts); !done) return std::move(done).error();
  if (!has(facts.entries, kEntryName))
    return invalid("does not export " + kEntryName + "; keep the symbol visible when linking or stripping");
  if (!facts.undefined_modhost.empty())
    return invalid("expects " + list_some(facts.undefined_modhost) +
                   " from the host, which exports nothing; use the services of modhost_host");
  if (facts.has_executable_stack) return invalid("asks for an executable stack; link it with -Wl,-z,noexecstack");
  if (facts.has_text_relocations) return invalid("has relocations in its code (TEXTREL); compile it with -fPIC");

  Warnings warnings;
  if (!facts.exports.empty())
    warnings.push_back("exports more than " + kEntryName + ": " + list_some(facts.exports) +
                       "; compile it with -fvisibility=hidden");
  if (facts.has_unique_symbols)
    warnings.push_back("has GNU_UNIQUE symbols, which all copies share; compile it with -fno-gnu-unique");
  if (facts.has_static_tls)
    warnings.push_back("uses static TLS, of which a process has little; drop -ftls-model=initial-exec");
  if (facts.runpath.find("$ORIGIN") != std::string::npos)
    warnings.push_back("has the library path " + facts.runpath +
                       ": a copy is loaded from another folder, where $ORIGIN finds nothing");
  return warnings;
}

}  // namespace modhost::loader
