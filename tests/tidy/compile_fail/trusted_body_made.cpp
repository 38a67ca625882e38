// refused: private
// Only the signature verifier makes a TrustedBody out of bytes.
#include "event/trusted_body.hpp"

using modhost::TrustedBody;

std::size_t size_of(const TrustedBody& body) { return body.bytes().size(); }

#ifdef BYPASS
std::size_t bypass() { return size_of(TrustedBody(TrustedBody::Origin::kSigned, "{}", "app_1", "key")); }
#endif
