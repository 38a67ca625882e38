// Why exactly a signature fails: tries the mistakes that people make until one of them yields the MAC at hand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "config/config.hpp"

namespace modhost::cli {

struct Evidence {
  std::optional<std::string> signature, timestamp;  // the headers as received
  std::string body;
  std::vector<config::App> apps;  // their secrets are the ones that are tried
  std::chrono::milliseconds tolerance;
  UnixMillis now;
};

struct Diagnosis {
  bool is_valid = false;
  std::string verdict;               // "valid", or the verifier's word, e.g. "mismatch"
  std::string secret;                // id of the one that matches, perhaps only after a repair
  std::vector<std::string> reasons;  // each what, and how to mend it
  std::vector<std::string> notes;    // not wrong, but odd
};

Diagnosis diagnose(const Evidence& evidence);

}  // namespace modhost::cli
