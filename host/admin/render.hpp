// The admin API's values as JSON.
#pragma once

#include <string>
#include <vector>

#include "journal/journal.hpp"
#include "plugin/runtime.hpp"

namespace modhost::admin {

std::string render(const std::vector<journal::Row>& rows);
std::string render(const journal::Row& row, const std::vector<journal::Attempt>& attempts);
std::string render(const std::vector<plugin::RuntimeStatus>& modules);

}  // namespace modhost::admin
