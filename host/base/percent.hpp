// Percent-encoding, RFC 3986 2.1.
#pragma once

#include <string>
#include <string_view>

namespace modhost {

// Everything but letters, digits and "-._~" becomes %XX: any text as one segment or one value of a query.
std::string percent_encoded(std::string_view text);
// A malformed escape stays as it is, and so does '+'.
std::string percent_decoded(std::string_view text);

}  // namespace modhost
