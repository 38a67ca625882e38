// refused: could not convert|no matching|default constructor
// There is no empty TrustedBody to fill in later.
#include <optional>

#include "event/trusted_body.hpp"

std::optional<modhost::TrustedBody> none() { return std::nullopt; }

#ifdef BYPASS
modhost::TrustedBody bypass() { return {}; }
#endif
