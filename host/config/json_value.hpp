// A YAML value as JSON text, for a module's `config:`.
#pragma once

#include <optional>
#include <string>

#include "config/reader.hpp"

namespace modhost::config {

// Plain scalars become null, booleans and numbers where JSON knows them; quoted ones, and all that hold a `${NAME}`,
// are text. Nothing after an error.
std::optional<std::string> to_json(Context& context, const Node& node, const std::string& what);

}  // namespace modhost::config
