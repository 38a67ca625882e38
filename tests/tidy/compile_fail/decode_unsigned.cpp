// refused: could not convert|no viable conversion|no matching
// decode() takes a TrustedBody and nothing else: a path round the signature does not compile.
#include <string>
#include <utility>

#include "event/decode.hpp"

modhost::Decoded decoded(modhost::TrustedBody body, const modhost::RawRequest& request) {
  return modhost::decode(std::move(body), request);
}

#ifdef BYPASS
modhost::Decoded bypass(const modhost::RawRequest& request) { return modhost::decode(request.body, request); }
#endif
