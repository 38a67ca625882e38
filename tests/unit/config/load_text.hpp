// Loads a configuration from text with a made-up environment.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "config/load.hpp"

namespace modhost::test {

// The variables of a complete account.
inline config::Variables account() {
  return {{"UNIQUE_APP_ID", "app_one"},
          {"UNIQUE_APP_KEY", "ukey_TAINT1"},
          {"UNIQUE_API_BASE_URL", "https://gateway.example.com/public/chat"},
          {"UNIQUE_APP_ENDPOINT_SECRET", "usig_TAINT2"}};
}

inline config::LoadOptions text_options(config::Variables environment = account()) {
  config::LoadOptions options;
  options.environment = std::move(environment);
  options.reads_env_files = false;
  return options;
}

// The errors of a text, one a line; empty when it is good. Every call checks that no secret is in them.
inline std::string errors_of(std::string_view yaml, const config::LoadOptions& options = text_options()) {
  const Result<config::Config> config = config::load_text(yaml, options);
  std::string message = config ? std::string() : config.error().message;
  EXPECT_EQ(message.find("TAINT"), std::string::npos) << message;
  return message;
}

inline config::Config good(std::string_view yaml, const config::LoadOptions& options = text_options()) {
  Result<config::Config> config = config::load_text(yaml, options);
  EXPECT_TRUE(config) << config.error().message;
  return config ? *std::move(config) : config::Config{};
}

}  // namespace modhost::test
