// Runs a command in process, with its own folder, environment and streams.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "cli/cli.hpp"
#include "event/json_reader.hpp"
#include "support/temp_dir.hpp"

namespace modhost::test {

inline constexpr const char* kSecret = "usig_Zk3vN8qLw0Tt5yHc2RjX7bMd";

class CommandLine : public testing::Test {
 protected:
  // An account in the environment and nothing else of the platform's; the user's folders are empty ones.
  void SetUp() override {
    for (const char* name : {"ENVIRONMENT_FILE_PATH", "XDG_CONFIG_HOME", "UNIQUE_API_KEY", "UNIQUE_API_BASE",
                             "UNIQUE_API_API_TYPE", "UNIQUE_ENDPOINT_SECRET"})
      set(name, std::nullopt);
    set("HOME", folder.path().string());
    set("UNIQUE_APP_ID", "app_cli");
    set("UNIQUE_APP_KEY", "ukey_TAINT");
    set("UNIQUE_API_BASE_URL", "https://gateway.example.com/public/chat");
    set("UNIQUE_APP_ENDPOINT_SECRET", kSecret);
  }
  void TearDown() override {
    for (const auto& [name, value] : before_) put(name, value);
    for (const std::string& text : {out, err}) {
      EXPECT_EQ(text.find("TAINT"), std::string::npos) << text;
      EXPECT_EQ(text.find("Zk3vN8qLw0"), std::string::npos) << text;
    }
  }

  void set(const std::string& name, std::optional<std::string> value) {
    const char* old = ::getenv(name.c_str());
    before_.emplace(name, old == nullptr ? std::nullopt : std::optional<std::string>(old));
    put(name, value);
  }

  // The exit code; what was printed is in out and err. `--config` points into the folder when there is a modules.yaml.
  int run(std::vector<std::string> args, const std::string& input = "") {
    const auto file = folder.path() / "modules.yaml";
    if (std::filesystem::exists(file)) args.insert(args.end(), {"--config", file.string()});
    return run_exactly(std::move(args), input);
  }
  int run_exactly(std::vector<std::string> args, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out_stream, err_stream;
    cli::Terminal terminal{in, out_stream, err_stream};
    const int code = cli::run_command_line(std::move(args), terminal);
    out = out_stream.str();
    err = err_stream.str();
    return code;
  }

  // What --json printed: one line, one object.
  rapidjson::Document json() {
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1) << out;
    auto document = parse_json(out);
    EXPECT_TRUE(document && document->IsObject()) << out;
    return document ? *std::move(document) : rapidjson::Document(rapidjson::kObjectType);
  }

  TempDir folder;
  std::string out, err;

 private:
  static void put(const std::string& name, const std::optional<std::string>& value) {
    if (value)
      ::setenv(name.c_str(), value->c_str(), 1);
    else
      ::unsetenv(name.c_str());
  }
  std::map<std::string, std::optional<std::string>> before_;
};

inline testing::AssertionResult has(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\"" << part << "\" is not in:\n" << text;
}

}  // namespace modhost::test
