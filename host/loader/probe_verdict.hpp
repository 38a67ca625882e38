// What the probe child tells its parent: one write of kind, error code and text.
#pragma once

#include <cstddef>

namespace modhost::loader {

enum class VerdictKind : char { kLoaded = 'L', kRefused = 'R', kThrew = 'T' };

inline constexpr int kVerdictFd = 3;
inline constexpr std::size_t kVerdictBytesMax = 4096;  // PIPE_BUF
inline constexpr unsigned kChildSecondsMax = 60;

}  // namespace modhost::loader
