// What sign, verify and send share: the secrets they sign with, and the headers of a delivery.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "cli/options.hpp"
#include "config/config.hpp"

namespace modhost::cli {

// The configuration with at least one endpoint secret: those of modules.yaml and the environment, or only the one that
// `source` names. Without --config the file may be absent.
Result<config::Config> load_for_signing(const CommonOptions& options, const SecretSource& source);

// The secret a new delivery is signed with: the first that is active now, else the first. The app is where it belongs.
std::pair<const config::App*, const config::EndpointSecret*> signing_secret(const config::Config& config,
                                                                            UnixMillis now);

using Headers = std::vector<std::pair<std::string, std::string>>;

// The six headers of the platform's delivery; those that repeat the body are left out when it can not be read.
Headers delivery_headers(std::string_view body, std::string_view signature, std::string_view timestamp);

// All of a stream, or kFull beyond 64 MiB.
Result<std::string> read_all(std::istream& in);

std::string unix_seconds(UnixMillis time);

}  // namespace modhost::cli
