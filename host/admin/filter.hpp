// Which events a request means: the same names in a query and in a JSON body.
#pragma once

#include <rapidjson/document.h>

#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "journal/views.hpp"

namespace modhost::admin {

// "2026-08-01T12:00:00Z", or "2h": so long before now.
Result<UnixMillis> parse_moment(std::string_view text, UnixMillis now);

Result<journal::Filter> filter_of_query(std::string_view query, UnixMillis now);
Result<journal::Filter> filter_of_json(const rapidjson::Value& object, UnixMillis now);

// A whole number of 0 or more; the error names it.
Result<std::int64_t> parse_number(std::string_view name, std::string_view text);

}  // namespace modhost::admin
