// `modhost verify`: is this delivery's signature good, and if not, why exactly.
#include <fstream>

#include "cli/diagnosis.hpp"
#include "cli/json.hpp"
#include "cli/options.hpp"
#include "cli/signing.hpp"
#include "crypto/digest.hpp"

namespace modhost::cli {
namespace {

Result<std::string> body_of(const VerifyOptions& options, std::istream& in) {
  if (options.body.empty() || options.body == "-") return read_all(in);
  std::ifstream file(options.body, std::ios::binary);
  if (!file) return not_found(options.body.string() + " can not be opened");
  return read_all(file);
}

}  // namespace

int run_verify(const VerifyOptions& options, Terminal& terminal) {
  Result<config::Config> config = load_for_signing(options, options.secret);
  if (!config) return fail(terminal, options.json, config.error().message);
  Result<std::string> body = body_of(options, terminal.in);
  if (!body) return fail(terminal, options.json, body.error().message);
  Evidence evidence;
  if (options.has_signature) evidence.signature = options.signature;
  if (options.has_timestamp) evidence.timestamp = options.timestamp;
  evidence.body = *std::move(body);
  evidence.apps = config->apps;
  evidence.tolerance = config->limits.timestamp_tolerance;
  evidence.now = options.has_now ? UnixMillis(std::chrono::seconds(options.now)) : SystemClock().unix_now();
  const Diagnosis diagnosis = diagnose(evidence);
  const int code = diagnosis.is_valid ? kOk : kFailed;
  if (options.json) {
    JsonObject out;
    out.field("valid", diagnosis.is_valid).field("verdict", diagnosis.verdict).field("secret", diagnosis.secret);
    out.begin_list("reasons");
    for (const std::string& reason : diagnosis.reasons) out.item(reason);
    out.end_list().begin_list("notes");
    for (const std::string& note : diagnosis.notes) out.item(note);
    out.end_list().field("bytes", evidence.body.size()).field("sha256", crypto::hex(crypto::sha256(evidence.body)));
    terminal.out << out.finish() << '\n';
    return code;
  }
  if (diagnosis.is_valid) {
    terminal.out << "valid: signed with secret " << diagnosis.secret << '\n';
  } else {
    terminal.out << "invalid: " << diagnosis.verdict << ", the endpoint answers 401 (body of " << evidence.body.size()
                 << " bytes)\n";
  }
  for (const std::string& reason : diagnosis.reasons) terminal.out << "  - " << reason << '\n';
  for (const std::string& note : diagnosis.notes) terminal.out << "  note: " << note << '\n';
  return code;
}

}  // namespace modhost::cli
