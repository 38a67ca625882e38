// The admin API's values as JSON.
#pragma once

#include <string>
#include <vector>

#include "journal/journal.hpp"
#include "journal/operations.hpp"
#include "plugin/runtime.hpp"

namespace modhost::admin {

// `bodies` are those of the rows, in their order; none: without bodies.
std::string render(const journal::Page& page, const journal::Filter& filter,
                   const std::vector<std::string>& bodies = {});
std::string render(const journal::Row& row, const std::vector<journal::Attempt>& attempts);
std::string render(const journal::Details& event);
std::string render(const std::vector<plugin::RuntimeStatus>& modules, const journal::Stats& stats,
                   const std::vector<journal::PausedModule>& paused);
std::string render(const journal::Plan& plan);
std::string render(const journal::ChangeResult& result);
std::string render(const std::vector<journal::AuditEntry>& entries, std::size_t limit);

}  // namespace modhost::admin
