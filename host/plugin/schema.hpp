// `config:` of a module against the JSON schema its plugin carries, before the plugin sees it.
#pragma once

#include <string>

#include "base/result.hpp"

namespace modhost::plugin {

// kInvalid names the place in `config:` and the rule ("config at /retries breaks \"maximum\" ..."), or says that the
// plugin's schema itself is broken. An empty schema takes everything. Draft 4.
Result<void> check_config(const std::string& schema, const std::string& config_json);

}  // namespace modhost::plugin
