// What the host demands of a plugin file before a byte of it is mapped.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "loader/elf_facts.hpp"

namespace modhost::loader {

using Warnings = std::vector<std::string>;

// kInvalid or kUnsupported with the first rule that is broken, in a text that continues "<file> ..."; otherwise what an
// operator should know of a file that may be loaded all the same.
Result<Warnings> check_elf_rules(const ElfFacts& facts);

// The same for the file against this process: symbol versions newer than the libraries we run with, and exports that
// our own libraries would take the place of. Reads the files of loaded libraries; maps nothing.
Result<Warnings> check_against_process(const ElfFacts& facts);

}  // namespace modhost::loader
