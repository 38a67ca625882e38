// Reads secrets: from a variable or from a file that only its owner can read. Their values appear in no message.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "config/config.hpp"
#include "config/reader.hpp"

namespace modhost::config {

// "${NAME}", {env: NAME} or {file: path}; in clear text it works and is warned about. Nothing after an error. An empty
// value is returned: the caller knows whether that is allowed.
std::optional<Secret> read_secret(Context& context, const Node& node, const std::string& what, schema::Keys keys);

// One entry of `secrets:` of an app or of `endpoint_secrets:`.
std::optional<EndpointSecret> read_endpoint_secret(Context& context, const Node& node, const std::string& what);

// Empty, `dummy_secret`, white space around, an API key or an app id in its place: an error at `mark` and false.
bool check_endpoint_secret(Context& context, Mark mark, const std::string& what, const Secret& secret);

}  // namespace modhost::config
