// docs/configuration.md names every key, and its examples are what it says they are.
#include <regex>

#include "config/schema.hpp"
#include "support/temp_dir.hpp"
#include "unit/config/load_text.hpp"

namespace modhost::config {
namespace {

std::string document() { return test::read_file(MODHOST_SOURCE_DIR "/docs/configuration.md"); }

// The text from a heading to the next one of its level or above.
std::string section(const std::string& text, const std::string& heading) {
  const std::size_t begin = text.find("\n## " + heading + "\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find("\n## ", begin + 4) - begin);
}

TEST(Documentation, EveryKeyHasItsRow) {
  const std::map<std::string_view, std::string> headings = {{"", "Top level"},
                                                            {"log", "Logs"},
                                                            {"limits", "Limits"},
                                                            {"journal", "Journal"},
                                                            {"http_client", "Calls to the platform"},
                                                            {"app", "Apps"},
                                                            {"apps[]", "Apps"},
                                                            {"apps[].secrets[]", "Apps"},
                                                            {"modules.<name>", "Modules"},
                                                            {"modules.<name>.secrets.<name>", "Apps"}};
  const std::string text = document();
  for (const schema::Section& part : schema::kSections) {
    ASSERT_TRUE(headings.contains(part.path)) << part.path;
    const std::string rows = section(text, headings.at(part.path));
    for (const std::string_view key : part.keys)
      EXPECT_NE(rows.find("\n| `" + std::string(key) + "` |"), std::string::npos)
          << part.path << "." << key << " has no row under \"" << headings.at(part.path) << '"';
  }
}

TEST(Documentation, NamesNoKeyThatIsUnknown) {
  const std::string text = document();
  std::vector<std::string_view> known;
  for (const schema::Section& part : schema::kSections) known.insert(known.end(), part.keys.begin(), part.keys.end());
  static const std::regex kRow("\n\\| `([a-z_]+)` \\|");
  for (std::sregex_iterator row(text.begin(), text.end(), kRow), end; row != end; ++row)
    EXPECT_NE(std::find(known.begin(), known.end(), (*row)[1].str()), known.end()) << (*row)[1];
}

TEST(Documentation, DefaultsAreThoseInForce) {
  const std::string text = document();
  const Config config = test::good("modules: {A: a}");
  const std::string effective = "\n" + describe(config);
  static const std::regex kRow("\n\\| `([a-z_]+)` \\| `([^`]+)` \\|");
  std::size_t compared = 0;
  for (const auto& [heading, prefix] : std::map<std::string, std::string>{{"Top level", ""},
                                                                          {"Limits", "limits."},
                                                                          {"Journal", "journal."},
                                                                          {"Logs", "log."},
                                                                          {"Modules", "modules.A."}}) {
    const std::string rows = section(text, heading);
    for (std::sregex_iterator row(rows.begin(), rows.end(), kRow), end; row != end; ++row) {
      std::string value = (*row)[2];
      if (value == "data" || value == "plugins") value = (std::filesystem::current_path() / value).string();
      if (value == "[2s, 10s, 60s]") value = "[2s, 10s, 1m]";  // the same, in the shortest form
      if (value == "{}") value = "2 bytes of JSON";
      const std::string line = "\n" + prefix + (*row)[1].str() + ": " + value + "  # default\n";
      EXPECT_NE(effective.find(line), std::string::npos) << heading << ": " << (*row)[0];
      ++compared;
    }
  }
  EXPECT_GE(compared, 20u);
}

TEST(Documentation, ExamplesLoad) {
  const std::string text = document();
  static const std::string kFence = "```yaml\n";
  std::size_t examples = 0;
  for (std::size_t at = 0; (at = text.find(kFence, at)) != std::string::npos; ++examples) {
    at += kFence.size();
    std::string yaml = text.substr(at, text.find("```", at) - at);
    if (yaml.find("modules:") == std::string::npos) yaml += "modules: {Indexer: indexer}\n";
    Variables variables = test::account();
    variables["NEW_SECRET"] = "usig_new";
    variables["OLD_SECRET"] = "usig_old";
    EXPECT_EQ(test::errors_of(yaml, test::text_options(variables)), "");
  }
  EXPECT_EQ(examples, 3u);
}

TEST(Documentation, TheRepositorysOwnFileLoads) {
  LoadOptions options = test::text_options();
  options.file = MODHOST_SOURCE_DIR "/modules.yaml";
  const Examined examined = examine(options);
  ASSERT_FALSE(examined.error) << examined.error->message;
  EXPECT_TRUE(examined.problems.empty());
  EXPECT_EQ(examined.config.modules.at("DemoApp").plugin, "demo_app");
  EXPECT_EQ(examined.config.modules.at("EchoC").plugin, "echo_c");
  EXPECT_EQ(examined.config.plugins_dir, MODHOST_SOURCE_DIR "/build/release/plugins");
  options.environment = Variables();
  options.purpose = Purpose::kDev;
  EXPECT_TRUE(load(options)) << "./dev run needs no account";
}

}  // namespace
}  // namespace modhost::config
