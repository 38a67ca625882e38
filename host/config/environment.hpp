// The variables that `${NAME}` can mean: the process environment, then one unique.env or .env file, found as the
// platform's Python toolkit finds it. The platform's names stand in for each other where it says so.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/problems.hpp"

namespace modhost::config {

using Variables = std::map<std::string, std::string>;

// The environment of this process, copied.
Variables process_variables();

// KEY=VALUE lines with quotes, comments, `export` and CRLF; a later line wins. Lines that are none of this are reported
// as warnings with their number, never with their text.
Variables parse_env_file(std::string_view text, const std::string& name, Problems& problems);

struct Variable {
  std::string value;
  std::string origin;  // "environment UNIQUE_APP_KEY", ".env API_KEY"
};

class Environment {
 public:
  // Only these; for tests and for text that comes without a file.
  explicit Environment(Variables process) : process_(std::move(process)) {}

  // With the file that ENVIRONMENT_FILE_PATH names, else the first unique.env, then .env, in these folders and in the
  // user's ~/.config/unique.
  static Environment discover(Variables process, std::vector<std::filesystem::path> folders, Problems& problems);

  // First the process, then the file; in each the name itself, then the names that mean the same. Nothing for an unset
  // one.
  [[nodiscard]] std::optional<Variable> find(const std::string& name) const;

  // "the environment and /srv/x/.env".
  [[nodiscard]] std::string searched() const;

  // The file, and those that would have been taken instead, with their fingerprints.
  [[nodiscard]] const std::map<std::filesystem::path, std::string>& files() const { return files_; }

 private:
  bool read(const std::filesystem::path& file, Problems& problems);

  Variables process_;
  Variables file_;
  std::filesystem::path file_path_;
  std::vector<std::string> tried_;
  std::map<std::filesystem::path, std::string> files_;
};

}  // namespace modhost::config
