// Names for new things, shaped like the platform's: a prefix and 24 lower-case letters or digits.
#pragma once

#include <string>
#include <string_view>

namespace modhost::playground {

std::string new_id(std::string_view prefix);  // new_id("msg_") -> "msg_b6n2x8c4v0l5k1j7h3g9f5dy"
std::string random_hex(std::size_t bytes);    // from the kernel's generator: fit for secrets and trace ids

}  // namespace modhost::playground
