// Who sent a request: the peer of the connection or, when that is a proxy of ours, whom the proxies name in
// X-Forwarded-For. Each of them adds to the right the peer that it saw, so the list is read from there, as long as the
// word of a trusted one stands behind it; what is further left anybody may have written.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.hpp"
#include "http/message.hpp"

namespace modhost::webhook {

struct Client {
  std::string name;  // for logs: the farthest address that is certain
  // The client's own, never a proxy's that many share; nothing without trusted_proxies, or when the proxies do not say.
  std::optional<IpAddress> address;
};

// Immutable; thread-safe.
class ClientAddresses {
 public:
  // As config/ has checked them.
  explicit ClientAddresses(const std::vector<std::string>& trusted_proxies);

  [[nodiscard]] Client of(const http::Request& request) const;

 private:
  [[nodiscard]] bool is_trusted(const IpAddress& address) const;

  std::vector<IpNetwork> trusted_;
};

}  // namespace modhost::webhook
