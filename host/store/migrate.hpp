// Numbered migrations: a file says its schema version in `meta` and is brought forward one version a step, all in one
// transaction. A file of a newer host is refused untouched.
#pragma once

#include <span>

#include "store/connection.hpp"

namespace modhost::store {

struct Migration {
  int version = 0;  // what the file is after it; numbered from 1 without gaps
  const char* sql = nullptr;
};

// What the file says it is; 0 for a new one.
Result<int> schema_version(Connection& connection);

// The version the file had before; 0 for a new one.
Result<int> migrate(Connection& connection, std::span<const Migration> migrations);

Result<std::string> meta(Connection& connection, const std::string& key, const std::string& otherwise);
Result<void> set_meta(Connection& connection, const std::string& key, const std::string& value);

}  // namespace modhost::store
