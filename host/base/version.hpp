// The product's version, from the top-level CMakeLists.txt.
#pragma once

#include <string_view>

namespace modhost {

inline constexpr std::string_view kVersion = MODHOST_VERSION;

}  // namespace modhost
