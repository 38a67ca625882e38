// Where the platform's API lives: what an operator wrote becomes the base URL that paths are appended to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace modhost::config {

struct ResolvedBase {
  std::string url;                    // no trailing slash: url + "/messages" is a call
  std::string how;                    // for `check`: why it is this path
  std::vector<std::string> warnings;  // what is probably wrong, and how to mend it
};

// A URL with a path is used as it is, without surrounding white space, quotes and trailing slashes. A URL of a host
// only gets the path of its kind of deployment: by `api_type` (next, external, internal; empty or legacy: by the host's
// name). kInvalid: no or another scheme, no host, credentials, query, fragment, characters no URL has, or an unknown
// type. Messages never repeat credentials. [any, pure]
Result<ResolvedBase> resolve_api_base(std::string_view written, std::string_view api_type = {});

// `base` as resolve_api_base gives it, and a path: white space, quotes and slashes at the outside of the path do not
// count.
std::string join_api_path(std::string_view base, std::string_view path);

}  // namespace modhost::config
