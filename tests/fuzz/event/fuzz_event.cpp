// The body of a signed delivery. The streaming decoder must say what a walk over the parsed tree says; neither may
// crash.
#include <cstdint>
#include <cstdlib>

#include "event/decode.hpp"
#include "event/json_reader.hpp"
#include "signature/verifier.hpp"

namespace {

using modhost::find_member;
using modhost::string_member;

modhost::Decoded decode(const std::string& body) {
  static const modhost::SystemClock clock;
  static const auto apps = [] {
    modhost::config::App app;
    app.id = "app";
    modhost::config::EndpointSecret secret;
    secret.id = "s";
    secret.value = modhost::Secret(std::string("usig_fuzz"));
    app.secrets.push_back(secret);
    return std::vector<modhost::config::App>{app};
  }();
  static const modhost::signature::Verifier verifier(apps, std::chrono::milliseconds(0), clock);
  modhost::RawRequest request;
  request.path = "/webhook";
  request.signature = modhost::signature::sign("usig_fuzz", body);
  request.timestamp = "1";
  request.body = body;
  modhost::signature::Verdict verdict;
  auto trusted = verifier.verify(request, verdict);
  if (!trusted) std::abort();
  return modhost::decode(std::move(*trusted), request);
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  const modhost::Decoded decoded = decode(body);
  require(decoded.event.body == body && decoded.body_sha256.empty() == decoded.unusable.empty());
  const auto tree = modhost::parse_json(body);
  if (!tree) {
    require(!decoded.unusable.empty());
    return 0;
  }
  require(modhost::is_utf8(body) && modhost::parse_json(modhost::to_json(*tree)).has_value());
  if (!decoded.unusable.empty()) {
    require(decoded.event.id.rfind("sha256:", 0) == 0);
    return 0;
  }
  const auto* payload = find_member(*tree, "payload");
  require(payload != nullptr && payload->IsObject());
  require(decoded.event.id == string_member(*tree, "id") && !decoded.event.id.empty());
  require(decoded.event.name == string_member(*tree, "event"));
  require(decoded.event.user_id == string_member(*tree, "userId"));
  require(decoded.event.company_id == string_member(*tree, "companyId"));
  require(decoded.event.reference == string_member(*payload, "name"));
  std::string_view chat = string_member(*payload, "chatId");
  if (chat.empty()) chat = string_member(*payload, "chatid");
  require(decoded.event.chat_id == chat);
  const auto* message = find_member(*payload, "assistantMessage");
  require(decoded.event.assistant_message_id ==
          (message != nullptr ? string_member(*message, "id") : std::string_view()));
  require(modhost::parse_json(modhost::quote_json(decoded.event.id)).has_value());
  return 0;
}
