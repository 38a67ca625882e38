#include "platform/unique_request.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "base/percent.hpp"
#include "base/version.hpp"
#include "config/api_base.hpp"
#include "platform/http_text.hpp"

namespace modhost::platform {
namespace {

constexpr std::size_t kTargetBytesMax = 32 * 1024;  // the longest real query, 200 message ids, has 6 KiB

// Credentials, identity and framing; "proxy-..." beside these.
constexpr std::array<std::string_view, 18> kHostHeaders = {
    "authorization", "host",     "content-length", "transfer-encoding", "connection",
    "keep-alive",    "te",       "trailer",        "upgrade",           "expect",
    "cookie",        "x-app-id", "x-user-id",      "x-company-id",      "x-api-version",
    "user-agent",    "via",      "forwarded"};

// What is wrong with a path, nothing when it is fine. '\' counts as '/', as careless servers read it.
std::optional<std::string_view> path_problem(std::string path) {
  std::replace(path.begin(), path.end(), '\\', '/');
  if (path.find("//") != std::string::npos) return "holds '//'";
  if (std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return "holds a control character";
  path += '/';
  if (path.find("/../") != std::string::npos || path.find("/./") != std::string::npos)
    return "holds a '.' or '..' segment";
  return std::nullopt;
}

bool is_traceparent(std::string_view text) {  // W3C, version 00: 00-<32 hex>-<16 hex>-<2 hex>
  if (text.size() != 55 || !text.starts_with("00-")) return false;
  for (std::size_t i = 3; i < text.size(); ++i) {
    const bool dash = i == 35 || i == 52;
    const bool is_hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !is_hex) return false;
  }
  return true;
}

bool has(const HeaderList& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) { return iequals(header.first, name); });
}

Result<void> add(HeaderList& headers, std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  if (!is_header_value(value))
    return invalid("header " + std::string(name) + " would hold a control character: check where its value comes from");
  headers.emplace_back(name, value);
  return {};
}

}  // namespace

Result<void> check_target(std::string_view target) {
  const auto refuse = [](std::string_view why) {
    return invalid("call target " + std::string(why) + "; write a path below the API base, e.g. /messages?chatId=...");
  };
  if (!target.starts_with('/')) return refuse("does not start with '/'");
  if (target.size() > kTargetBytesMax) return refuse("is longer than 32 KiB");
  if (!std::all_of(target.begin(), target.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '#'; }))
    return refuse("holds a character that has to be percent-encoded (space, control, not ASCII, '#')");
  std::string path(target.substr(0, target.find('?')));
  for (int level = 0; level <= 2; ++level) {  // as written, as servers read it, as two servers in a row may read it
    if (const auto problem = path_problem(path)) return refuse(*problem);
    path = percent_decoded(path);
  }
  return {};
}

Result<void> check_header(std::string_view name, std::string_view value) {
  if (!is_token(name))
    return invalid("header name '" + printable(name, 40) + "' is not a token of letters, digits and -");
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower.starts_with("proxy-") || std::find(kHostHeaders.begin(), kHostHeaders.end(), lower) != kHostHeaders.end())
    return invalid("header " + lower + " belongs to the host: leave it out, the host sends what is needed");
  if (!is_header_value(value)) return invalid("header " + lower + " holds a control character");
  return {};
}

Result<HttpRequest> build_request(const config::App& app, UniqueCall call) {
  constexpr std::array<std::string_view, 6> kMethods = {"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"};
  if (std::find(kMethods.begin(), kMethods.end(), call.method) == kMethods.end())
    return invalid("method '" + printable(call.method, 20) + "' is none of GET, POST, PATCH, PUT, DELETE, HEAD");
  if (auto ok = check_target(call.target); !ok) return std::move(ok).error();
  for (const auto& [name, value] : call.headers)
    if (auto ok = check_header(name, value); !ok) return std::move(ok).error();

  HttpRequest request;
  request.headers = std::move(call.headers);
  HeaderList& headers = request.headers;
  if (!app.api_key.empty()) {
    if (!is_header_value(app.api_key.reveal()))
      return invalid("api_key of app " + app.id + " holds a control character: check where it comes from");
    headers.emplace_back("Authorization", "Bearer " + std::string(app.api_key.reveal()));
  }
  for (const auto& [name, value] : {std::pair<std::string_view, std::string_view>{"x-app-id", app.id},
                                    {"x-user-id", call.user_id},
                                    {"x-company-id", call.company_id},
                                    {"x-api-version", kApiVersion}})
    if (auto ok = add(headers, name, value); !ok) return std::move(ok).error();
  const bool has_body = call.method == "POST" || call.method == "PATCH" || call.method == "PUT";
  if (has_body && !has(headers, "content-type")) headers.emplace_back("Content-Type", "application/json");
  headers.emplace_back("User-Agent", "modhost/" + std::string(kVersion));
  if (is_traceparent(call.traceparent) && !has(headers, "traceparent"))
    headers.emplace_back("traceparent", call.traceparent);

  request.method = std::move(call.method);
  // Joined as it was checked: nothing is trimmed from a target after the check.
  std::string_view base = app.api_base;
  while (base.ends_with('/')) base.remove_suffix(1);
  request.url = std::string(base) + call.target;
  request.body = std::move(call.body);
  request.deadline = call.deadline;
  request.safe_to_repeat = call.safe_to_repeat;
  request.response_bytes_max = call.response_bytes_max;
  return request;
}

}  // namespace modhost::platform
