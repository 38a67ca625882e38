// Names for new things, shaped like the platform's: a prefix and 24 lower-case letters or digits.
#pragma once

#include <string>
#include <string_view>

#include "crypto/digest.hpp"

namespace modhost::playground {

// new_id("msg_") -> "msg_b6n2x8c4v0l5k1j7h3g9f5dy"
inline std::string new_id(std::string_view prefix) { return std::string(prefix) + crypto::random_token(24); }
// Fit for secrets and trace ids.
inline std::string random_hex(std::size_t bytes) { return crypto::hex(crypto::random_bytes(bytes)); }

}  // namespace modhost::playground
