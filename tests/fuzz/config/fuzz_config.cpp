// modules.yaml, and behind a NUL byte an .env file, from a hostile hand: no crash, bounded errors, and never a secret
// in a message, a warning, an origin or a description.
#include <rapidjson/document.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/load.hpp"

namespace {

using namespace modhost;

constexpr std::string_view kPlanted = "PLANTEDSECRET";

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const config::Config& config, config::Purpose purpose) {
  require(purpose != config::Purpose::kServe || !config.apps.empty());
  for (const config::App& app : config.apps) {
    require(!app.id.empty() && app.path.starts_with('/'));
    require(purpose != config::Purpose::kServe || (!app.secrets.empty() && !app.api_base.empty()));
    for (const config::EndpointSecret& secret : app.secrets) require(!secret.value.empty() && !secret.id.empty());
  }
  for (const auto& [name, module] : config.modules) {
    require(name == module.name && !module.plugin.empty() && module.threads >= 1 && module.in_flight >= 1);
    require(module.attempt_deadline <= module.event_deadline);
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(module.config_json.c_str(),
                                                                                           module.config_json.size());
    require(!document.HasParseError() && document.IsObject());
  }
  for (const auto& [event, module] : config.subscriptions) require(config.modules.contains(module));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t nul = input.find('\0');
  const std::string_view yaml = input.substr(0, nul);
  config::LoadOptions options;
  options.reads_env_files = false;
  options.purpose = yaml.starts_with("#d")   ? config::Purpose::kDev
                    : yaml.starts_with("#s") ? config::Purpose::kSign
                                             : config::Purpose::kServe;
  config::Problems ignored("");
  options.environment = nul == std::string_view::npos ? config::Variables()
                                                      : config::parse_env_file(input.substr(nul + 1), ".env", ignored);
  options.environment->emplace("UNIQUE_APP_ID", "app_1");
  options.environment->emplace("UNIQUE_APP_KEY", "ukey_" + std::string(kPlanted));
  options.environment->emplace("UNIQUE_APP_ENDPOINT_SECRET", std::string(kPlanted));
  options.environment->emplace("UNIQUE_API_BASE_URL", "http://localhost:8092");

  const config::Examined examined = config::examine_text(yaml, options);
  require(!config::describe(examined.config).empty());
  if (!examined.error) {
    check(examined.config, options.purpose);
  } else {
    require(!examined.error->message.empty() && examined.error->message.size() < 64 * 1024);
  }
  if (input.find(kPlanted) != std::string_view::npos) return 0;
  // A host name is no secret, so warnings about the API base may show it, whatever variable it came from.
  for (const config::Problem& problem : examined.problems)
    require((problem.where + problem.what).find(kPlanted) == std::string::npos ||
            problem.what.find("API base URL") != std::string::npos);
  if (examined.error) require(examined.error->message.find(kPlanted) == std::string::npos);
  return 0;
}
