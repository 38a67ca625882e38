// Puts a copy of the database in place of the one in a state folder whose host is stopped.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "base/result.hpp"
#include "store/migrate.hpp"

namespace modhost::store {

struct Restored {
  int version = 0;             // schema version of the copy
  std::filesystem::path kept;  // where the database that was there is now; empty: there was none
};

// kConflict: a host runs on the folder, or an earlier `.before-restore` is in the way; kInvalid: not a journal, or
// damaged; kUnsupported: of a newer host. Nothing has changed then. `note` is left in meta "restored".
Result<Restored> restore(const std::filesystem::path& dir, const std::filesystem::path& copy,
                         std::span<const Migration> migrations, const std::string& note);

}  // namespace modhost::store
