#include "cli/signing.hpp"

#include <array>

#include "config/load.hpp"
#include "config/text_file.hpp"
#include "event/json_reader.hpp"

namespace modhost::cli {
namespace {

constexpr std::size_t kInputBytesMax = 64 * 1024 * 1024;

// A configuration of one app and one secret, read as modules.yaml would read it, so that the same rules refuse it.
Result<config::Config> from_source(const config::LoadOptions& options, const SecretSource& source) {
  if (!source.env.empty() && !source.file.empty()) return invalid("--secret-env and --secret-file: give one of them");
  config::LoadOptions only = options;
  only.file = source.env.empty() ? "--secret-file" : "--secret-env";
  const std::string key = source.env.empty() ? "file" : "env";
  const std::string value = source.env.empty() ? std::filesystem::absolute(source.file).string() : source.env;
  Result<config::Config> config = config::load_text("app: {secrets: [{" + key + ": " + quote_json(value) + "}]}", only);
  if (config && config->apps.front().secrets.empty())
    return not_found("--secret-env: the variable " + source.env +
                     " is not set, neither in the environment nor in a .env file");
  return config;
}

}  // namespace

Result<config::Config> load_for_signing(const CommonOptions& options, const SecretSource& source) {
  config::LoadOptions load;
  load.file = options.config;
  load.purpose = config::Purpose::kSign;
  load.may_be_absent = !options.has_config;
  const bool has_source = !source.env.empty() || !source.file.empty();
  Result<config::Config> config = config::load(load);
  if (!has_source) {
    if (config && signing_secret(*config, UnixMillis{}).second == nullptr)
      return not_found(
          "no endpoint secret: set UNIQUE_APP_ENDPOINT_SECRET in the environment or in unique.env, or name one with "
          "--secret-env or --secret-file");
    return config;
  }
  Result<config::Config> only = from_source(load, source);
  if (!only || !config) return only;
  only->listen = config->listen;
  only->http_client = config->http_client;
  only->limits = config->limits;
  only->apps.front().path = config->apps.empty() ? config->webhook_path : config->apps.front().path;
  return only;
}

std::pair<const config::App*, const config::EndpointSecret*> signing_secret(const config::Config& config,
                                                                            UnixMillis now) {
  std::pair<const config::App*, const config::EndpointSecret*> first{nullptr, nullptr};
  for (const config::App& app : config.apps)
    for (const config::EndpointSecret& secret : app.secrets) {
      if (first.second == nullptr) first = {&app, &secret};
      if ((!secret.not_before || *secret.not_before <= now) && (!secret.not_after || now < *secret.not_after))
        return {&app, &secret};
    }
  return first;
}

Headers delivery_headers(std::string_view body, std::string_view signature, std::string_view timestamp) {
  Headers out = {{"X-Unique-Signature", std::string(signature)}, {"X-Unique-Created-At", std::string(timestamp)}};
  static constexpr std::array<std::pair<const char*, const char*>, 4> kCopied = {
      {{"X-Unique-Id", "id"},
       {"X-Unique-Version", "version"},
       {"X-Unique-User-Id", "userId"},
       {"X-Unique-Company-Id", "companyId"}}};
  const Result<rapidjson::Document> document = parse_json(body);
  if (!document || !document->IsObject()) return out;
  for (const auto& [header, member] : kCopied) {
    const std::string_view value = string_member(*document, member);
    const bool is_header_text = std::all_of(value.begin(), value.end(),
                                            [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
    if (!value.empty() && is_header_text) out.emplace_back(header, value);
  }
  return out;
}

Result<std::string> read_all(std::istream& in) {
  std::string out;
  std::array<char, 64 * 1024> chunk{};
  while (in.read(chunk.data(), chunk.size()), in.gcount() > 0) {
    out.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
    if (out.size() > kInputBytesMax) return Error{Code::kFull, "the input is larger than 64 MiB"};
  }
  return out;
}

std::string unix_seconds(UnixMillis time) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

}  // namespace modhost::cli
