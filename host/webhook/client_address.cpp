#include "webhook/client_address.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace modhost::webhook {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// "192.0.2.7", "2001:db8::1"; some proxies add a port: "192.0.2.7:4711", "[2001:db8::1]:4711".
std::optional<IpAddress> hop(std::string_view text) {
  if (text.starts_with('[')) return IpAddress::parse(text.substr(1, text.find(']') - 1));
  if (std::count(text.begin(), text.end(), ':') == 1) text = text.substr(0, text.find(':'));
  return IpAddress::parse(text);
}

// The entries of all X-Forwarded-For lines, the last one first.
std::vector<std::string_view> forwarded(const http::Request& request) {
  std::vector<std::string_view> out;
  for (auto header = request.headers.rbegin(); header != request.headers.rend(); ++header) {
    if (!http::equal_names(header->name, "X-Forwarded-For")) continue;
    std::string_view rest = header->value;
    while (out.size() < limits::kForwardedHopsMax) {
      const std::size_t comma = rest.rfind(',');
      out.push_back(trimmed(comma == std::string_view::npos ? rest : rest.substr(comma + 1)));
      if (comma == std::string_view::npos) break;
      rest = rest.substr(0, comma);
    }
  }
  return out;
}

}  // namespace

ClientAddresses::ClientAddresses(const std::vector<std::string>& trusted_proxies) {
  for (const std::string& text : trusted_proxies)
    if (auto network = IpNetwork::parse(text)) trusted_.push_back(*network);
}

bool ClientAddresses::is_trusted(const IpAddress& address) const {
  return std::any_of(trusted_.begin(), trusted_.end(),
                     [&](const IpNetwork& network) { return network.contains(address); });
}

Client ClientAddresses::of(const http::Request& request) const {
  const auto peer = trusted_.empty() ? std::nullopt : IpAddress::parse(request.peer);
  if (!peer) return {request.peer, std::nullopt};
  if (!is_trusted(*peer)) return {peer->to_string(), peer};
  IpAddress nearest = *peer;
  for (const std::string_view entry : forwarded(request)) {
    const auto address = hop(entry);
    if (!address) break;
    if (!is_trusted(*address)) return {address->to_string(), address};
    nearest = *address;
  }
  return {nearest.to_string(), std::nullopt};
}

}  // namespace modhost::webhook
