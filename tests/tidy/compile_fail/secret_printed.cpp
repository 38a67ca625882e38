// refused: no match for|invalid operands|no viable
// A secret has no way into a stream or a log line by itself.
#include <sstream>

#include "base/secret.hpp"

std::size_t size_of(const modhost::Secret&) { return sizeof(modhost::Secret); }

#ifdef BYPASS
void bypass(const modhost::Secret& secret) { std::ostringstream() << secret; }
#endif
