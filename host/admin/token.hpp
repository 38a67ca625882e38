// The admin token: <state_dir>/admin.token, 0600, made at the first start and kept. The commands read the same file.
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace modhost::admin {

Result<Secret> load_or_make_token(const std::filesystem::path& state_dir);

}  // namespace modhost::admin
