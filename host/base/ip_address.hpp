// Internet addresses and networks as values: read, compared and looked up, never resolved.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace modhost {

class IpAddress {
 public:
  static constexpr unsigned kBits = 128;

  // "192.0.2.7", "2001:db8::1". An IPv4 address written as an IPv6 one (::ffff:192.0.2.7) is the IPv4 address; the zone
  // of a link-local one (%eth0) is left out.
  static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] std::string to_string() const;
  // The first `bits` of 128, the rest 0; an IPv4 address has its own in the last 32.
  [[nodiscard]] IpAddress first_bits(unsigned bits) const;
  // What one client commonly has to itself: an IPv4 address, of an IPv6 address its /64.
  [[nodiscard]] IpAddress site() const { return is_v4() ? *this : first_bits(64); }
  [[nodiscard]] std::size_t hash() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

class IpNetwork {
 public:
  // "10.0.0.1", "10.0.0.0/8", "fd00::/8". An error says what is expected.
  static Result<IpNetwork> parse(std::string_view text);

  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] bool is_everything() const { return bits_ == (first_.is_v4() ? IpAddress::kBits - 32 : 0); }

 private:
  IpAddress first_;
  unsigned bits_ = IpAddress::kBits;
};

}  // namespace modhost

template <>
struct std::hash<modhost::IpAddress> {
  std::size_t operator()(const modhost::IpAddress& address) const noexcept { return address.hash(); }
};
