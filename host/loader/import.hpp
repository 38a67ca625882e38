// Reading the plugin's entry once it is mapped: copied by its own struct_size, checked, never looked at again.
#pragma once

#include <modhost/plugin.h>

#include <string>

#include "base/result.hpp"

namespace modhost::loader {

struct ImportedPlugin {
  modhost_plugin table{};  // our copy; fields the plugin does not have are null
  std::uint32_t abi_minor = 0;
  std::string id, version, summary, config_schema;
};

// `entry` is the address of modhost_entry_v1. kInvalid or kUnsupported in a text that continues "<file> ...". A wild
// pointer in the entry crashes the reader, hence the probe child reads it first.
Result<ImportedPlugin> import_plugin(const void* entry);

}  // namespace modhost::loader
