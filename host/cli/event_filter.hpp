// The filter options as the admin API wants them, and its numbers as values.
#pragma once

#include <rapidjson/document.h>

#include <string>

#include "base/clock.hpp"
#include "cli/admin_client.hpp"

namespace modhost::cli {

// "?state=dead&..."; further pairs are given encoded.
std::string query_of(const FilterOptions& filter, const std::string& more = {});
// {"state":"dead",...}; `more` is further members, each with a leading comma. "{}": picks everything.
std::string json_of(const FilterOptions& filter, const std::string& more = {});
bool is_empty(const FilterOptions& filter);

std::int64_t number(const rapidjson::Value& object, std::string_view name);
bool flag(const rapidjson::Value& object, std::string_view name);
UnixMillis time(const rapidjson::Value& object, std::string_view name);

// The number of an event that is named by it or by its id.
Result<std::int64_t> seq_of(AdminClient& client, const std::string& event);

// "Sure? [y/N]"; false when nobody says yes.
bool confirm(Terminal& terminal, const std::string& question);

}  // namespace modhost::cli
