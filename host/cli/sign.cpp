// `modhost sign`: the MAC of stdin, as the platform computes it.
#include "cli/json.hpp"
#include "cli/options.hpp"
#include "cli/signing.hpp"
#include "signature/verifier.hpp"

namespace modhost::cli {

int run_sign(const SignOptions& options, Terminal& terminal) {
  const Result<config::Config> config = load_for_signing(options, options.secret);
  if (!config) return fail(terminal, options.json, config.error().message);
  const Result<std::string> body = read_all(terminal.in);
  if (!body) return fail(terminal, options.json, body.error().message);
  const UnixMillis now = SystemClock().unix_now();
  const auto [app, secret] = signing_secret(*config, now);
  const std::string mac = signature::sign(secret->value.reveal(), *body);
  const Headers headers = delivery_headers(*body, mac, unix_seconds(now));
  if (options.json) {
    JsonObject out;
    out.field("signature", mac).field("secret", secret->id).field("bytes", body->size()).begin_object("headers");
    for (const auto& [name, value] : headers) out.field(name, value);
    terminal.out << out.end_object().finish() << '\n';
  } else if (options.headers) {
    for (const auto& [name, value] : headers) terminal.out << name << ": " << value << '\n';
  } else {
    terminal.out << mac << '\n';
  }
  return kOk;
}

}  // namespace modhost::cli
