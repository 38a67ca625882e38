// TrustedBody -> Event: picks the fields that routing and delivery need. (Dossier 2.1 to 2.6, decisions on needed
// fields.)
#pragma once

#include <string>

#include "event/event.hpp"
#include "event/raw_request.hpp"
#include "event/trusted_body.hpp"

namespace modhost {

struct Decoded {
  Event event;              // always with app, key_id, body; with an unusable body the id is "sha256:<hex>"
  std::string unusable;     // not empty: why this body can not be an event ("payload.name is missing")
  std::string body_sha256;  // 32 raw bytes, of an unusable body only
};

Decoded decode(TrustedBody body, const RawRequest& request);

}  // namespace modhost
