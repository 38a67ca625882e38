#include <dlfcn.h>
#include <link.h>
#include <modhost/plugin.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "loader/elf_rules.hpp"
#include "loader/source_file.hpp"

namespace modhost::loader {
namespace {

struct CloseLibrary {
  void operator()(void* handle) const { ::dlclose(handle); }
};

// The file of a library this process has loaded; empty when it has not.
std::string path_of_loaded(const std::string& library) {
  const std::unique_ptr<void, CloseLibrary> handle(::dlopen(library.c_str(), RTLD_LAZY | RTLD_NOLOAD));
  link_map* map = nullptr;
  if (!handle || ::dlinfo(handle.get(), RTLD_DI_LINKMAP, &map) != 0 || map->l_name == nullptr) return {};
  return map->l_name;
}

// The highest version of the same family, e.g. of "GLIBC_2.17" the highest "GLIBC_<number>" a library provides.
std::string newest_like(const std::vector<std::string>& provides, const std::string& version) {
  const std::string family = version.substr(0, version.find('_') + 1);
  std::string newest;
  for (const std::string& name : provides) {
    const bool is_numbered = name.size() > family.size() && name.compare(0, family.size(), family) == 0 &&
                             name[family.size()] >= '0' && name[family.size()] <= '9';
    if (is_numbered && ::strverscmp(name.c_str(), newest.c_str()) > 0) newest = name;
  }
  return newest;
}

Result<void> check_needs(const ElfFacts& facts) {
  for (const std::string& library : facts.libraries) {
    const bool is_versioned = std::any_of(facts.needs.begin(), facts.needs.end(),
                                          [&](const VersionNeed& need) { return need.library == library; });
    const std::string path = is_versioned ? path_of_loaded(library) : std::string();
    if (path.empty()) continue;  // not ours: the child that maps the file finds out
    const auto bytes = read_whole_file(path);
    if (!bytes) continue;
    const auto ours = read_elf_facts(*bytes);
    if (!ours) continue;
    for (const VersionNeed& need : facts.needs) {
      if (need.library != library) continue;
      if (std::find(ours->provides.begin(), ours->provides.end(), need.version) != ours->provides.end()) continue;
      return Error{Code::kUnsupported, "needs " + need.version + " of " + library + ", this machine has up to " +
                                           newest_like(ours->provides, need.version) +
                                           "; build it on a system as old as this one"};
    }
  }
  return {};
}

}  // namespace

Result<Warnings> check_against_process(const ElfFacts& facts) {
  if (auto done = check_needs(facts); !done) return std::move(done).error();
  for (const std::string& name : facts.exports) {
    void* const ours = ::dlsym(RTLD_DEFAULT, name.c_str());
    Dl_info where{};
    if (ours == nullptr) continue;
    const bool is_known = ::dladdr(ours, &where) != 0 && where.dli_fname != nullptr;
    return invalid("exports " + name + ", whose place " + (is_known ? std::string(where.dli_fname) : "the host") +
                   " would take; compile it with -fvisibility=hidden or link it with -Wl,--exclude-libs,ALL");
  }
  return Warnings{};
}

}  // namespace modhost::loader
