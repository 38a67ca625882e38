// A filter as SQL: conditions with numbered parameters, only those that are asked for, so that each question finds its
// index.
#pragma once

#include <string>

#include "journal/operations.hpp"
#include "store/connection.hpp"

namespace modhost::journal {

// seqs from `low` to `high`, both included: what one statement looks at.
struct Window {
  EventSeq low = 0, high = 0;
};

// Over the table `event e`. The limit is a parameter too and must follow: " LIMIT ?3".
std::string where_sql(const Filter& filter);
store::Statement& bind(store::Statement& statement, const Filter& filter, Window window, std::size_t limit);

// The condition that a change puts on a filter that names neither a state nor an event.
std::string scope_sql(Change change, const ChangeRequest& request);
// Why an event stays as it is, as a text; empty when it is changed.
std::string refusal_sql(Change change, const ChangeRequest& request);

}  // namespace modhost::journal
