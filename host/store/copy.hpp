// A copy of a database as of one moment, made by a reader: whoever writes goes on meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace modhost::store {

// The bytes of the new file, mode 0600, synced. Without what was deleted. kConflict: `to` exists. kGone: `stop` became
// true.
Result<std::uint64_t> copy_database(const std::filesystem::path& from, const std::filesystem::path& to,
                                    const std::atomic<bool>& stop, const std::string& vfs = {});

Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace modhost::store
