// Any bytes given to the reader of plugin files: it answers within its bounds, and what it found can be judged.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "loader/elf_rules.hpp"

namespace {

using namespace modhost::loader;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_bounded(const std::vector<std::string>& names, std::size_t count_max) {
  require(names.size() <= count_max);
  for (const std::string& name : names) require(name.size() <= kSymbolNameMax);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto facts = read_elf_facts({reinterpret_cast<const char*>(data), size});
  if (!facts) {
    require(!facts.error().message.empty() && facts.error().message.size() < 200);
    return 0;
  }
  require_bounded(facts->entries, kExportsKept);
  require_bounded(facts->exports, kExportsKept);
  require_bounded(facts->undefined_modhost, kExportsKept);
  require_bounded(facts->libraries, kLibrariesMax);
  require_bounded(facts->provides, kVersionsMax);
  require(facts->needs.size() <= kVersionsMax);
  const auto judged = check_elf_rules(*facts);
  require(judged ? facts->abi && facts->abi->major == 1 : !judged.error().message.empty());
  return 0;
}
