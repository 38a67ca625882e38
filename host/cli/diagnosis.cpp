#include "cli/diagnosis.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "config/values.hpp"
#include "crypto/digest.hpp"
#include "event/json_reader.hpp"
#include "signature/timestamp.hpp"
#include "signature/verifier.hpp"

namespace modhost::cli {
namespace {

constexpr std::int64_t kMillisecondsFrom = 100'000'000'000;  // as seconds this is the year 5138

// One thing as it should be and as somebody may have made it.
struct Variant {
  std::string value;
  std::string mistake;  // empty: no mistake
};
using Variants = std::vector<Variant>;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

// Base64 of either alphabet; nothing when it is not.
std::optional<std::string> from_base64(std::string_view text) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char c : text) {
    const std::size_t at = kAlphabet.find(c == '-' ? '+' : c == '_' ? '/' : c);
    if (at == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(at)) & 0xffffff;
    if ((count += 6) >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  return out;
}

// What the signature header may have meant: the plain MAC and what has to be undone to see it.
Variant plain_mac(std::string_view header) {
  std::vector<std::string> mistakes;
  std::string_view text = trimmed(header);
  if (text.size() != header.size())
    mistakes.emplace_back("white space around the signature: the header holds 64 hex digits only");
  if (const std::size_t v1 = text.find("v1="); text.starts_with("t=") && v1 != std::string_view::npos) {
    mistakes.emplace_back("a header of Stripe's form (t=...,v1=...): the header holds 64 hex digits only");
    text = text.substr(v1 + 3);
    text = text.substr(0, text.find(','));
  }
  for (const std::string_view prefix : {"sha256=", "SHA256=", "hmac-sha256=", "v1=", "0x"})
    if (text.starts_with(prefix)) {
      mistakes.push_back("the prefix " + std::string(prefix) + ": the header holds 64 hex digits only");
      text.remove_prefix(prefix.size());
    }
  std::string mac(text);
  const auto decoded = from_base64(text);
  if (decoded && decoded->size() == 32 && !(text.size() == 64 && is_hex(text))) {
    mistakes.emplace_back("the MAC in base64: the platform writes it as lower-case hex");
    mac = crypto::hex(*decoded);
  } else if (is_hex(text) && lower(text) != text) {
    mistakes.emplace_back("upper-case hex: the comparison minds case, write it in lower case");
    mac = lower(text);
  }
  std::string all;
  for (const std::string& mistake : mistakes) all += (all.empty() ? "" : "; ") + mistake;
  return {std::move(mac), std::move(all)};
}

// Why the header can not be a MAC at all.
std::string shape_of(const std::string& mac) {
  if (mac.size() == 64 && is_hex(mac)) return {};
  if (!is_hex(mac)) return "the signature is not hex: expected 64 lower-case hex digits";
  std::string out = "the signature has " + std::to_string(mac.size()) + " hex digits instead of 64";
  if (mac.size() == 40) out += ": that is the length of SHA-1, the platform uses HMAC-SHA256";
  if (mac.size() == 128) out += ": that is the length of SHA-512, the platform uses HMAC-SHA256";
  if (mac.size() < 64 && mac.size() != 40) out += ": it was cut";
  return out;
}

Variants keys_of(std::string_view secret) {
  Variants out = {{std::string(secret), ""}};
  if (secret.starts_with("usig_"))
    out.push_back({std::string(secret.substr(5)),
                   "signed with the secret without its usig_ prefix: the prefix belongs to the key"});
  else
    out.push_back({"usig_" + std::string(secret),
                   "signed with usig_ before the configured secret: configure the whole secret, prefix included"});
  out.push_back({std::string(secret) + "\n", "signed with a newline behind the secret: read it without its line end"});
  out.push_back({"\"" + std::string(secret) + "\"", "signed with quotes around the secret: they do not belong to it"});
  return out;
}

std::string without_line_end(std::string_view body) {
  if (body.ends_with('\n')) body.remove_suffix(1);
  if (body.ends_with('\r')) body.remove_suffix(1);
  return std::string(body);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

Variants bodies_of(const Evidence& evidence) {
  const std::string& body = evidence.body;
  Variants out = {{body, ""}};
  const auto add = [&](std::string value, std::string mistake) {
    if (value != body) out.push_back({std::move(value), std::move(mistake)});
  };
  add(without_line_end(body), "the body has an extra trailing newline: pass on exactly the bytes that were received");
  if (!body.ends_with('\n'))
    add(body + "\n",
        "a trailing newline is missing at the end of the body: pass on exactly the bytes that were received");
  add(replaced(body, "\r\n", "\n"),
      "line ends were changed to CRLF on the way: pass on exactly the bytes that were received");
  add(replaced(body, "\n", "\r\n"),
      "line ends were changed from CRLF on the way: pass on exactly the bytes that were received");
  if (body.starts_with("\xef\xbb\xbf"))
    add(body.substr(3), "a byte order mark was put before the body: pass on the bytes as received");
  if (evidence.timestamp)
    add(std::string(trimmed(*evidence.timestamp)) + "." + body,
        "the MAC is over <timestamp>.<body> (Stripe style): the platform signs the body alone");
  if (const auto document = parse_json(body))
    add(to_json(*document),
        "the body was written anew (other white space or escapes): sign and check the raw bytes, not parsed JSON");
  add("", "the MAC is that of an empty body: the body was lost before signing");
  return out;
}

std::string activity(const config::EndpointSecret& secret, UnixMillis now) {
  if (secret.not_before && now < *secret.not_before)
    return "matches secret " + secret.id + " that is not active yet (not_before " +
           config::to_text(*secret.not_before) + ")";
  if (secret.not_after && now >= *secret.not_after)
    return "matches secret " + secret.id + " that is not active any more (not_after " +
           config::to_text(*secret.not_after) + ")";
  return {};
}

// The first combination of mistakes, fewest first, that yields the MAC.
void find_mistake(const Evidence& evidence, const Variant& claimed, Diagnosis& out) {
  const Variants bodies = bodies_of(evidence);
  for (const bool is_body_wrong : {false, true})
    for (const config::App& app : evidence.apps)
      for (const config::EndpointSecret& secret : app.secrets)
        for (const Variant& key : keys_of(secret.value.reveal()))
          for (const Variant& body : bodies) {
            if (body.mistake.empty() == is_body_wrong || signature::sign(key.value, body.value) != claimed.value)
              continue;
            out.secret = secret.id;
            for (const std::string& mistake :
                 {claimed.mistake, key.mistake, body.mistake, activity(secret, evidence.now)})
              if (!mistake.empty()) out.reasons.push_back(mistake);
            return;
          }
  if (!claimed.mistake.empty()) out.reasons.push_back(claimed.mistake);
  if (const std::string shape = shape_of(claimed.value); !shape.empty()) {
    out.reasons.push_back(shape);
    return;
  }
  std::string ids;
  for (const config::App& app : evidence.apps)
    for (const config::EndpointSecret& secret : app.secrets) ids += (ids.empty() ? "" : ", ") + secret.id;
  out.reasons.push_back("no secret yields this signature (tried " + ids +
                        "): it was made with another endpoint's secret, or the body is not the one that was signed");
}

void look_at_timestamp(const Evidence& evidence, Diagnosis& out) {
  const signature::Timestamp timestamp = signature::parse_timestamp(evidence.timestamp);
  if (timestamp.kind == signature::Timestamp::Kind::kMissing) {
    out.reasons.emplace_back(evidence.timestamp
                                 ? "the timestamp is 0, which counts as missing"
                                 : "the header X-Unique-Created-At is missing: it holds the time in unix seconds");
    return;
  }
  if (timestamp.kind == signature::Timestamp::Kind::kMalformed) {
    const bool is_date = evidence.timestamp->find_first_of("TZ:") != std::string::npos;
    out.reasons.emplace_back(
        is_date ? "the timestamp is a date: the header holds unix seconds, such as 1760000000"
                : "the timestamp is not an integer: the header holds unix seconds, such as 1760000000");
    return;
  }
  const std::int64_t age = signature::age_seconds(timestamp, evidence.now);
  const auto tolerance = std::chrono::duration_cast<std::chrono::seconds>(evidence.tolerance).count();
  if (timestamp.seconds >= kMillisecondsFrom)
    out.notes.emplace_back(
        "the timestamp is in milliseconds: it is accepted as far in the future, so its age is never checked; send "
        "seconds");
  else if (age < -tolerance)
    out.notes.push_back("the timestamp is " + std::to_string(-age) + " s in the future: accepted, but a clock is off");
  if (evidence.tolerance.count() != 0 && signature::is_older_than(timestamp, evidence.now, evidence.tolerance))
    out.reasons.push_back("the timestamp is " + std::to_string(age) + " s old, at most " + std::to_string(tolerance) +
                          " s are accepted: check both clocks, or it is an old delivery (--now says when it arrived)");
}

}  // namespace

Diagnosis diagnose(const Evidence& evidence) {
  Diagnosis out;
  // Every path's secrets are tried: which path the delivery came to is not known here.
  Evidence everywhere = evidence;
  for (config::App& app : everywhere.apps) app.path = "/";
  struct FixedClock final : Clock {
    explicit FixedClock(UnixMillis time) : now(time) {}
    [[nodiscard]] SteadyTime steady_now() const override { return {}; }
    [[nodiscard]] UnixMillis unix_now() const override { return now; }
    UnixMillis now;
  };
  const FixedClock clock(evidence.now);
  RawRequest request;
  request.path = "/";
  request.body = evidence.body;
  request.signature = evidence.signature;
  request.timestamp = evidence.timestamp;
  const signature::Verdict verdict = signature::Verifier(everywhere.apps, evidence.tolerance, clock).explain(request);
  out.is_valid = verdict.failure == signature::Failure::kNone;
  out.verdict = out.is_valid ? "valid" : std::string(signature::to_string(verdict.failure));
  out.secret = verdict.key_id;
  if (!evidence.signature || evidence.signature->empty())
    out.reasons.emplace_back("the header X-Unique-Signature is missing: without it nothing is accepted");
  else if (!verdict.mac_matches)
    find_mistake(everywhere, plain_mac(*evidence.signature), out);
  look_at_timestamp(evidence, out);
  return out;
}

}  // namespace modhost::cli
