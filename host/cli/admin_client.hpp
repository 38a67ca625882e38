// Calls the admin listener of the running host, one call at a time, and tells what to do when it can not be reached.
#pragma once

#include <rapidjson/document.h>

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "cli/operator_options.hpp"
#include "platform/curl_client.hpp"

namespace modhost::cli {

// state_dir as the configuration says, or as it was given.
Result<std::filesystem::path> state_dir_of(const HostOptions& options);

class AdminClient {
 public:
  // `command` goes into the host's audit with the name of whoever is logged in.
  static Result<AdminClient> open(const HostOptions& options, const std::string& command);

  // The answer's document. kUnavailable: nobody answers; other codes: what the host says.
  Result<rapidjson::Document> get(const std::string& target);
  Result<rapidjson::Document> post(const std::string& target, const std::string& body);
  // The last answer, as it came.
  [[nodiscard]] const std::string& text() const { return text_; }

  // Seconds pass. For commands that watch something.
  void pause(std::chrono::milliseconds time) const;
  [[nodiscard]] const Clock& clock() const { return *clock_; }

 private:
  AdminClient(std::string url, Secret token, std::string actor);
  Result<rapidjson::Document> call(const char* method, const std::string& target, const std::string& body);

  std::string url_;
  Secret token_;
  std::string actor_;
  std::string text_;
  std::unique_ptr<SystemClock> clock_ = std::make_unique<SystemClock>();
  std::unique_ptr<platform::CurlClient> client_;
};

// Exit code 4 when the host could not be reached, 1 otherwise.
int fail(Terminal& terminal, const HostOptions& options, const Error& error);

// " --config x --admin y": for commands that a message tells the operator to enter.
std::string host_arguments(const HostOptions& options);

}  // namespace modhost::cli
