// The headers of a delivery: first line the signature, second the timestamp, the rest the body. Whatever they hold, the
// verdict follows the rules: nothing but the right MAC within the tolerance is accepted.
#include <cstdint>
#include <cstdlib>

#include "signature/timestamp.hpp"
#include "signature/verifier.hpp"

namespace {

using modhost::signature::Failure;

class FixedClock final : public modhost::Clock {
 public:
  [[nodiscard]] modhost::SteadyTime steady_now() const override { return {}; }
  [[nodiscard]] modhost::UnixMillis unix_now() const override {
    return modhost::UnixMillis(std::chrono::seconds(1'760'000'000));
  }
};

std::vector<modhost::config::App> apps() {
  modhost::config::App app;
  app.id = "app";
  modhost::config::EndpointSecret secret;
  secret.id = "s";
  secret.value = modhost::Secret(std::string("usig_fuzz"));
  app.secrets.push_back(secret);
  return {app};
}

std::optional<std::string> line(std::string_view& input) {
  if (input.empty()) return std::nullopt;
  const std::size_t end = input.find('\n');
  std::string text(input.substr(0, end));
  input = end == std::string_view::npos ? std::string_view() : input.substr(end + 1);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FixedClock clock;
  static const modhost::signature::Verifier verifier(apps(), std::chrono::seconds(300), clock);
  std::string_view input(reinterpret_cast<const char*>(data), size);
  modhost::RawRequest request;
  request.path = "/webhook";
  request.signature = line(input);
  request.timestamp = line(input);
  request.body = input;
  // "*" stands for the right signature, so that the way behind the MAC is walked too.
  const std::string right = modhost::signature::sign("usig_fuzz", request.body);
  if (request.signature == "*") request.signature = right;

  const auto verdict = verifier.explain(request);
  const auto timestamp = modhost::signature::parse_timestamp(request.timestamp);
  const bool is_fresh =
      timestamp.kind == modhost::signature::Timestamp::Kind::kValue && timestamp.seconds >= 1'759'999'700;
  const bool is_right = request.signature == right && is_fresh;
  if ((verdict.failure == Failure::kNone) != is_right) std::abort();
  if (to_string(verdict.failure).empty()) std::abort();
  modhost::signature::Verdict same;
  const auto trusted = verifier.verify(request, same);
  if (trusted.has_value() != is_right || same.failure != verdict.failure) std::abort();
  return 0;
}
