// What the command line said, one struct a command, and the function that does it. Only cli.cpp knows how it is parsed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "app.hpp"
#include "cli/terminal.hpp"

namespace modhost::cli {

struct CommonOptions {
  std::filesystem::path config = "modules.yaml";
  bool has_config = false;  // --config was given: then the file must exist
  bool json = false;
};

struct ServeOptions : CommonOptions {
  AppOptions app;
};

struct CheckOptions : CommonOptions {
  bool show = false;  // print the effective configuration too
};

// Where the endpoint secret comes from: the configuration, unless one of these is set.
struct SecretSource {
  std::string env;             // name of a variable
  std::filesystem::path file;  // only its owner may read it
};

struct SendOptions : CommonOptions {
  std::string what;  // event name, its short form, or a file
  std::string module, text, url;
  SecretSource secret;
  std::vector<std::string> overrides, corrupt;
  std::uint64_t count = 1;
  double rate = 0;  // a second; 0: one after the other
  bool keep = false;
};

struct SignOptions : CommonOptions {
  SecretSource secret;
  bool headers = false;
};

struct VerifyOptions : CommonOptions {
  SecretSource secret;
  std::string signature, timestamp;
  std::int64_t now = 0;  // unix seconds
  bool has_signature = false, has_timestamp = false, has_now = false;
  std::filesystem::path body;  // empty: stdin
};

int run_serve(const ServeOptions& options, Terminal& terminal);
int run_check(const CheckOptions& options, Terminal& terminal);
int run_send(const SendOptions& options, Terminal& terminal);
int run_sign(const SignOptions& options, Terminal& terminal);
int run_verify(const VerifyOptions& options, Terminal& terminal);
int run_version(const CommonOptions& options, Terminal& terminal);

}  // namespace modhost::cli
