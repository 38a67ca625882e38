// refused: nodiscard
// A failure that nobody looks at does not compile.
#include "base/result.hpp"

modhost::Result<void> may_fail() { return {}; }

bool looked_at() { return may_fail().has_value(); }

#ifdef BYPASS
void bypass() { may_fail(); }
#endif
