// refused: deleted
// A signed body is used once: a copy would let one signature vouch for two events.
#include <utility>

#include "event/trusted_body.hpp"

modhost::TrustedBody moved(modhost::TrustedBody body) { return modhost::TrustedBody(std::move(body)); }

#ifdef BYPASS
modhost::TrustedBody bypass(const modhost::TrustedBody& body) { return modhost::TrustedBody(body); }
#endif
