// What a plugin file says about itself, read from its bytes alone: nothing of it is mapped or run. The bytes are
// hostile: every offset is checked, nothing recurses, and what is collected is bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace modhost::loader {

// A symbol version a file needs of a library, e.g. GLIBCXX_3.4.30 of libstdc++.so.6.
struct VersionNeed {
  std::string library;
  std::string version;
};

struct ElfFacts {
  struct Abi {
    std::uint32_t major = 0, minor = 0, min_host_minor = 0;
  };
  std::optional<Abi> abi;                      // .note.modhost; the first of several
  std::vector<std::string> entries;            // exported modhost_entry_v<major>
  std::vector<std::string> exports;            // every other strong symbol it exports, the first kExportsKept
  std::vector<std::string> undefined_modhost;  // modhost_* symbols it expects from elsewhere
  std::vector<std::string> libraries;          // DT_NEEDED
  std::vector<VersionNeed> needs;              // .gnu.version_r
  std::vector<std::string> provides;           // versions it defines (.gnu.version_d)
  std::string runpath;                         // DT_RUNPATH, or DT_RPATH
  bool has_executable_stack = false;
  bool has_text_relocations = false;
  bool has_unique_symbols = false;  // STB_GNU_UNIQUE: shared between all copies, never unloaded
  bool has_static_tls = false;      // DF_STATIC_TLS: takes from a small reserve of the process
};

inline constexpr std::size_t kExportsKept = 256;
inline constexpr std::size_t kSymbolNameMax = 16 * 1024;  // mangled C++ names are long, none is longer
inline constexpr std::size_t kSymbolsMax = 1u << 22;
inline constexpr std::size_t kVersionsMax = 4096;
inline constexpr std::size_t kLibrariesMax = 512;
inline constexpr std::size_t kNotesMax = 256;

// kInvalid with a text that continues "<file> ...": is not an ELF file, is cut short, is for another machine, is not a
// shared library, is damaged. A file without note or entry is no error here: what is missing is for the rules to judge.
Result<ElfFacts> read_elf_facts(std::string_view bytes);

}  // namespace modhost::loader
