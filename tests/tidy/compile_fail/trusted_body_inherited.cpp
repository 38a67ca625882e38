// refused: private
// A class derived from TrustedBody can not make one either.
#include "event/trusted_body.hpp"

struct Unsigned : modhost::TrustedBody {
#ifdef BYPASS
  Unsigned() : TrustedBody(Origin::kSigned, "{}", "app_1", "key") {}
#endif
};
