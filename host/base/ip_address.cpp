#include "base/ip_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

namespace modhost {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::string_view kExpected = "expected an address or a network, such as 10.0.0.1 or 10.0.0.0/8";

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string copy(text.substr(0, text.find('%')));
  if (copy.size() != text.size() && copy.find(':') == std::string::npos) return std::nullopt;
  IpAddress out;
  if (::inet_pton(AF_INET6, copy.c_str(), out.bytes_.data()) == 1) return out;
  std::copy(kMapped.begin(), kMapped.end(), out.bytes_.begin());
  if (::inet_pton(AF_INET, copy.c_str(), out.bytes_.data() + kMapped.size()) == 1) return out;
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4())
    ::inet_ntop(AF_INET, bytes_.data() + kMapped.size(), text.data(), text.size());
  else
    ::inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  return text.data();
}

IpAddress IpAddress::first_bits(unsigned bits) const {
  IpAddress out = *this;
  for (unsigned i = 0; i < out.bytes_.size(); ++i) {
    const unsigned kept = std::min(bits - std::min(bits, i * 8), 8u);
    out.bytes_[i] = static_cast<std::uint8_t>(out.bytes_[i] & (0xff00u >> kept));
  }
  return out;
}

// FNV-1a.
std::size_t IpAddress::hash() const {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const std::uint8_t byte : bytes_) hash = (hash ^ byte) * 0x100000001b3ull;
  return hash;
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address || text.find('%') != std::string_view::npos) return invalid(std::string(kExpected));
  IpNetwork out;
  out.first_ = *address;
  if (slash == std::string_view::npos) return out;
  const std::string_view length = text.substr(slash + 1);
  const bool is_written_as_v4 = text.find(':') == std::string_view::npos;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc() || end != length.data() + length.size() ||
      bits > (is_written_as_v4 ? 32u : IpAddress::kBits))
    return invalid(std::string(kExpected));
  out.bits_ = is_written_as_v4 ? bits + 96 : bits;
  out.first_ = address->first_bits(out.bits_);
  if (out.first_ != *address)
    return invalid("an address within the network, not the network: write " + out.first_.to_string() + "/" +
                   std::to_string(bits) + ", or the address alone");
  return out;
}

bool IpNetwork::contains(const IpAddress& address) const {
  return address.is_v4() == first_.is_v4() && address.first_bits(bits_) == first_;
}

}  // namespace modhost
