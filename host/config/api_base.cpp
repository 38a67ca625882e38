// The table of deployments and the join rule of the platform's own clients.
#include "config/api_base.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>

namespace modhost::config {
namespace {

constexpr std::string_view kSpace = " \t\r\n\f\v";
constexpr std::string_view kExample = "e.g. https://gateway.unique.app/public/chat-gen2";

std::string_view strip(std::string_view text, std::string_view outside) {
  const auto first = text.find_first_not_of(outside);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(outside) - first + 1);
}

std::string_view strip_end(std::string_view text, char last) {
  while (text.ends_with(last)) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

struct Parts {
  std::string scheme;     // lower case
  std::string authority;  // as written
  std::string host;       // lower case, without brackets
  std::string port;       // digits or empty
  std::string path;       // from its first slash, or empty
};

Error wrong(std::string_view what) {
  return invalid("API base URL " + std::string(what) + "; write the address of the platform's API, " +
                 std::string(kExample));
}

std::optional<Error> split_authority(Parts& parts) {
  if (contains(parts.authority, "@"))
    return invalid("API base URL holds credentials: take the part before '@' out and use api_key");
  const std::string_view authority = parts.authority;
  std::string_view host = authority;
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return wrong("has an IPv6 address without its ']'");
    host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) return wrong("has text after the ']' of its IPv6 address");
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (host.empty()) return wrong("names no host");
  if (!port.empty()) {
    port.remove_prefix(1);
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc{} || end != port.data() + port.size() || number == 0)
      return wrong("has a port that is not a number from 1 to 65535");
  }
  parts.host = lower(host);
  parts.port = port;
  return std::nullopt;
}

Result<Parts> split(std::string_view url) {
  if (url.empty()) return wrong("is empty");
  if (std::any_of(url.begin(), url.end(), [](unsigned char c) {
        return c <= 0x20 || c >= 0x7f ||
               contains("\"<>\\^`{|}", std::string_view(reinterpret_cast<const char*>(&c), 1));
      }))
    return wrong("holds a character that no URL has, such as a space or a quote");
  const auto colon = url.find("://");
  if (colon == std::string_view::npos) {
    const bool near = lower(url).starts_with("localhost") || url.starts_with("127.");
    return invalid("API base URL has no scheme: write " + std::string(near ? "http://" : "https://") + " before it, " +
                   std::string(kExample));
  }
  Parts parts;
  parts.scheme = lower(url.substr(0, colon));
  if (parts.scheme != "http" && parts.scheme != "https") return wrong("has a scheme other than http and https");
  const std::string_view rest = url.substr(colon + 3);
  if (contains(rest, "?")) return wrong("holds a query: take '?' and what follows out");
  if (contains(rest, "#")) return wrong("holds a fragment: take '#' and what follows out");
  const auto slash = std::min(rest.find('/'), rest.size());
  parts.authority = rest.substr(0, slash);
  parts.path = rest.substr(slash);
  if (auto error = split_authority(parts)) return *std::move(error);
  return parts;
}

bool is_loopback(const Parts& parts) {
  return parts.host == "localhost" || parts.host.ends_with(".localhost") || parts.host.starts_with("127.") ||
         parts.host == "::1";
}

bool is_inside(const Parts& parts) {
  return contains(parts.host, "localhost") || contains(parts.host, "svc.cluster.local") ||
         contains(parts.host, ".svc.") || parts.host.ends_with(".svc") || is_loopback(parts);
}

struct Deployment {
  std::string_view path;
  std::string_view why;
};

Result<Deployment> deployment_of(const Parts& parts, std::string_view api_type) {
  const std::string type = lower(api_type);
  if (type == "next") return Deployment{"/public/chat-gen2", "API type next"};
  if (type == "external") return Deployment{"/public/chat", "API type external"};
  if (type == "internal") return Deployment{"/public", "API type internal"};
  if (!type.empty() && type != "legacy")
    return invalid("API type '" + type + "' is unknown: write next, external, internal or legacy");
  if (contains(parts.host, "unique-api") || (is_loopback(parts) && parts.port == "8096"))
    return Deployment{"", "the unique-api service needs no path"};
  if (is_inside(parts)) return Deployment{"/public", "a service in the cluster or on this machine"};
  if (contains(parts.host, "gateway.qa.unique") || contains(parts.host, "gateway.unique"))
    return Deployment{"/public/chat-gen2", "the multi-tenant gateway"};
  return Deployment{"/public/chat", "a customer's own deployment"};
}

void warn_about_path(const std::string& path, std::vector<std::string>& warnings) {
  const std::string lowered = lower(path);
  if (contains(lowered, "/chat/public") || contains(lowered, "/chat-gen2/public"))
    warnings.push_back(
        "API base URL has the parts of its path in the wrong order: the platform serves /public/chat and "
        "/public/chat-gen2, not " +
        path);
  if (contains(path, "//")) warnings.push_back("API base URL has '//' in its path: write single slashes");
  if (contains(path + "/", "/../") || contains(path + "/", "/./"))
    warnings.push_back("API base URL has '.' or '..' in its path: write the path it means");
}

}  // namespace

Result<ResolvedBase> resolve_api_base(std::string_view written, std::string_view api_type) {
  const std::string_view unquoted = strip(strip(written, kSpace), "'\"");
  const std::string_view url = strip_end(unquoted, '/');
  auto parts = split(url);
  if (!parts) return std::move(parts).error();

  ResolvedBase base;
  if (unquoted.size() != strip(written, kSpace).size())
    base.warnings.emplace_back("API base URL is written in quotes, they are left out");
  if (parts->scheme == "http" && !is_inside(*parts))
    base.warnings.push_back("API base URL of " + parts->host + " is http: the API key travels readable; write https");
  const std::string origin = parts->scheme + "://" + parts->authority;
  if (parts->path.empty()) {
    auto deployment = deployment_of(*parts, api_type);
    if (!deployment) return std::move(deployment).error();
    base.url = origin + std::string(deployment->path);
    base.how = (deployment->path.empty() ? "no path added: " : std::string(deployment->path) + " added: ") +
               std::string(deployment->why);
    return base;
  }
  if (url.size() != unquoted.size())
    base.warnings.push_back("API base URL ends in '/', which is left out: write " + origin + parts->path);
  warn_about_path(parts->path, base.warnings);
  base.url = origin + parts->path;
  base.how = "used as written";
  return base;
}

std::string join_api_path(std::string_view base, std::string_view path) {
  const std::string_view bare = strip(strip(strip(path, kSpace), "'\""), "/");
  std::string url(strip_end(base, '/'));
  url += '/';
  return url.append(bare);
}

}  // namespace modhost::config
