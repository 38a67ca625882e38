// What the endpoint hands to ingest: the bytes of one delivery, untouched, and the few headers that matter.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/ip_address.hpp"

namespace modhost {

struct RawRequest {
  std::string path;                         // as configured, e.g. "/webhook"; decides which apps' secrets apply
  std::string body;                         // byte for byte
  std::optional<std::string> signature;     // X-Unique-Signature
  std::optional<std::string> timestamp;     // X-Unique-Created-At
  std::optional<std::string> company;       // X-Unique-Company-Id
  std::string traceparent;                  // W3C trace context, may be empty
  std::string client;                       // the sender's address for logs
  std::optional<IpAddress> client_address;  // only when it is known to be the sender's own
  UnixMillis received_at{};
  SteadyTime received_steady{};
};

}  // namespace modhost
