// modules.yaml + environment + .env -> one immutable, validated Config. Every mistake is found in one go, each with its
// place, its reason and its cure; no message holds a secret. (docs/configuration.md is the operator's page.)
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"
#include "config/environment.hpp"
#include "config/problems.hpp"

namespace modhost::config {

// What the configuration is for, and so what of it must be there.
enum class Purpose {
  kServe,  // all of it
  kDev,    // no account is needed: api_base is not read, api_key and secrets only when they are set; there is always at
           // least the app "app_dev"
  kSign,   // only the endpoint secrets: for the commands sign, verify and send
};

struct LoadOptions {
  std::filesystem::path file = "modules.yaml";
  Purpose purpose = Purpose::kServe;
  bool may_be_absent = false;            // no file: the environment alone
  std::optional<Variables> environment;  // instead of the process environment
  bool reads_env_files = true;
};

// kNotFound: no such file; kInvalid: the message has one line an error.
Result<Config> load(const LoadOptions& options);

// The same from text; options.file gives the name in messages and the folder relative paths start at.
Result<Config> load_text(std::string_view yaml, const LoadOptions& options);

// What can be read however much is wrong: a value that is wrong is left at its default. For `check`.
struct Examined {
  Config config;
  std::vector<Problem> problems;  // errors first, by line
  std::optional<Error> error;     // what load() answers
};
Examined examine(const LoadOptions& options);
Examined examine_text(std::string_view yaml, const LoadOptions& options);

// Every key of the schema with its path, such as "limits.body_bytes" and "modules.<name>.threads".
std::vector<std::string> schema_paths();

// The effective configuration, one "key: value  # origin" a line, secrets as "(set)".
std::string describe(const Config& config);

}  // namespace modhost::config
