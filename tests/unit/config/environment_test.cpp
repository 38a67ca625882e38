// .env files: their syntax, where they are found, and which names count where.
#include <sys/stat.h>

#include "config/environment.hpp"
#include "support/temp_dir.hpp"
#include "unit/config/load_text.hpp"

namespace modhost::config {
namespace {

using test::TempDir;

Variables parse(std::string_view text, std::vector<Problem>* warnings = nullptr) {
  Problems problems("");
  Variables out = parse_env_file(text, ".env", problems);
  if (warnings != nullptr) *warnings = std::move(problems).take();
  return out;
}

TEST(EnvFile, ReadsWhatShellsAndDotenvWrite) {
  const Variables variables = parse(
      "\xef\xbb\xbf"
      "PLAIN=value\n"
      "# a comment\n"
      "\n"
      "  SPACED  =  some text   # a comment\r\n"
      "export EXPORTED=yes\n"
      "HASH=a#b\n"
      "EMPTY=\n"
      "EMPTY_COMMENT= # nothing\n"
      "SINGLE='raw \\n \\' # kept'\n"
      "DOUBLE=\"a\\nb\\t\\\"c\\\" \\\\ \\x $D\" # gone\n"
      "LINES=\"one\r\ntwo\"\n"
      "EQUALS=a=b=c\n"
      "PLAIN=later\n"
      "LAST=end");
  EXPECT_EQ(variables.at("PLAIN"), "later");
  EXPECT_EQ(variables.at("SPACED"), "some text");
  EXPECT_EQ(variables.at("EXPORTED"), "yes");
  EXPECT_EQ(variables.at("HASH"), "a#b");
  EXPECT_EQ(variables.at("EMPTY"), "");
  EXPECT_EQ(variables.at("EMPTY_COMMENT"), "");
  EXPECT_EQ(variables.at("SINGLE"), "raw \\n ' # kept");
  EXPECT_EQ(variables.at("DOUBLE"), "a\nb\t\"c\" \\ \\x $D");
  EXPECT_EQ(variables.at("LINES"), "one\ntwo");
  EXPECT_EQ(variables.at("EQUALS"), "a=b=c");
  EXPECT_EQ(variables.at("LAST"), "end");
  EXPECT_EQ(variables.size(), 11u);
}

TEST(EnvFile, OtherLinesAreIgnoredAndReportedByNumber) {
  std::vector<Problem> warnings;
  const Variables variables = parse("A=1\njust TAINT\n1X=TAINT\nB='TAINT\nC=3\nD=\"x\"TAINT\nexport\n", &warnings);
  EXPECT_EQ(variables, (Variables{{"A", "1"}, {"C", "3"}, {"D", "x"}}));
  ASSERT_EQ(warnings.size(), 5u);
  EXPECT_EQ(to_string(warnings[0]), ".env:2: not NAME=VALUE: the line is ignored");
  EXPECT_EQ(warnings[1].where, ".env:3");
  EXPECT_EQ(to_string(warnings[2]), ".env:4: the quote is never closed: the line is ignored");
  EXPECT_EQ(to_string(warnings[3]), ".env:6: text after the closing quote is ignored");
  EXPECT_EQ(warnings[4].where, ".env:7");
}

// A folder tree of its own: the folder of modules.yaml, the current one, and the user's.
class Discovery : public testing::Test {
 protected:
  std::optional<std::string> find(const std::string& name, Variables process = {}) {
    process.emplace("HOME", home.path().string());
    Problems problems("modules.yaml");
    const Environment environment = Environment::discover(std::move(process), {first.path(), second.path()}, problems);
    errors = problems.summary();
    searched = environment.searched();
    const auto variable = environment.find(name);
    origin = variable ? variable->origin : "";
    return variable ? std::optional(variable->value) : std::nullopt;
  }
  TempDir first, second, home;
  std::string errors, searched, origin;
};

TEST_F(Discovery, UniqueEnvComesBeforeDotEnvAndTheFirstFileIsTheOnlyOne) {
  EXPECT_EQ(find("A"), std::nullopt);
  EXPECT_NE(searched.find((first.path() / "unique.env").string()), std::string::npos);
  EXPECT_NE(searched.find((home.path() / ".config/unique/.env").string()), std::string::npos);
  home.write(".config/unique/.env", "A=6");
  EXPECT_EQ(find("A"), "6");
  second.write(".env", "A=5");
  EXPECT_EQ(find("A"), "5");
  first.write(".env", "A=4\nONLY=4");
  EXPECT_EQ(find("A"), "4");
  home.write(".config/unique/unique.env", "A=3");
  EXPECT_EQ(find("A"), "3");
  second.write("unique.env", "A=2");
  EXPECT_EQ(find("A"), "2");
  first.write("unique.env", "A=1");
  EXPECT_EQ(find("A"), "1");
  EXPECT_EQ(find("ONLY"), std::nullopt) << "files are not merged";
  EXPECT_EQ(searched, "the environment and " + (first.path() / "unique.env").string());
}

TEST_F(Discovery, TheProcessWins) {
  first.write(".env", "A=file\na_b=file");
  EXPECT_EQ(find("A", {{"A", "process"}}), "process");
  EXPECT_EQ(origin, "environment A");
  EXPECT_EQ(find("A"), "file");
  EXPECT_EQ(origin, ".env A");
  EXPECT_EQ(find("A_B"), "file") << "the toolkit does not mind case";
}

TEST_F(Discovery, ANamedFileIsTheOnlyOne) {
  first.write(".env", "A=1");
  const auto named = home.write("other.env", "B=2");
  EXPECT_EQ(find("A", {{"ENVIRONMENT_FILE_PATH", named.string()}}), std::nullopt);
  EXPECT_EQ(find("B", {{"ENVIRONMENT_FILE_PATH", named.string()}}), "2");
  EXPECT_EQ(errors, "");
  EXPECT_EQ(find("A", {{"ENVIRONMENT_FILE_PATH", "/no/such.env"}}), std::nullopt);
  EXPECT_EQ(errors, "ENVIRONMENT_FILE_PATH: there is no file /no/such.env: correct the variable or unset it");
}

TEST_F(Discovery, XdgConfigHomeReplacesTheUsersFolder) {
  const TempDir xdg;
  xdg.write("unique/.env", "A=xdg");
  home.write(".config/unique/.env", "A=home");
  EXPECT_EQ(find("A", {{"XDG_CONFIG_HOME", xdg.path().string()}}), "xdg");
}

TEST_F(Discovery, AFileThatCanNotBeReadIsAnError) {
  std::filesystem::create_directory(first.path() / ".env");
  find("A");
  EXPECT_EQ(errors, (first.path() / ".env").string() + ": is not a regular file");
}

TEST_F(Discovery, LongNamesComeFirstAndShortOnesCountInFilesOnly) {
  first.write(".env", "API_KEY=short\nAPP_ID=short\nBASE_URL=short\nENDPOINT_SECRET=short\n");
  for (const char* name : {"UNIQUE_APP_KEY", "UNIQUE_APP_ID", "UNIQUE_API_BASE_URL", "UNIQUE_APP_ENDPOINT_SECRET"})
    EXPECT_EQ(find(name), "short") << name;
  first.write(".env", "");
  for (const char* name : {"API_KEY", "KEY", "APP_ID", "BASE_URL", "API_BASE", "ENDPOINT_SECRET"})
    for (const char* wanted : {"UNIQUE_APP_KEY", "UNIQUE_APP_ID", "UNIQUE_API_BASE_URL", "UNIQUE_APP_ENDPOINT_SECRET"})
      EXPECT_EQ(find(wanted, {{name, "process"}}), std::nullopt) << name << " of the process is somebody else's";
  EXPECT_EQ(find("API_KEY", {{"API_KEY", "asked for"}}), "asked for") << "by its own name any variable counts";
  first.write(".env", "API_KEY=short\nKEY=shorter\nUNIQUE_API_KEY=cli\nUNIQUE_APP_KEY=long");
  EXPECT_EQ(find("UNIQUE_APP_KEY"), "long");
  EXPECT_EQ(find("UNIQUE_APP_KEY", {{"UNIQUE_API_KEY", "process"}}), "process");
  first.write(".env", "API_KEY=short\nKEY=shorter");
  EXPECT_EQ(find("UNIQUE_APP_KEY"), "shorter") << "the toolkit's order";
}

TEST_F(Discovery, LoadUsesTheFolderOfTheFile) {
  first.write("modules.yaml", "app: {id: '${MY_ID}'}\nmodules: {A: a}\nstate_dir: here");
  ::chmod(first
              .write("unique.env",
                     "MY_ID=app_env\nAPI_KEY=ukey_1\nAPI_BASE=http://localhost:8092\nENDPOINT_SECRET=usig_1\n")
              .c_str(),
          0600);
  LoadOptions options;
  options.file = first.path() / "modules.yaml";
  options.environment = Variables{{"HOME", home.path().string()}};
  const Examined first_time = examine(options);
  ASSERT_FALSE(first_time.error) << first_time.error->message;
  EXPECT_EQ(first_time.config.apps.at(0).id, "app_env");
  EXPECT_EQ(first_time.config.state_dir, first.path() / "here");
  EXPECT_TRUE(first_time.problems.empty()) << to_string(first_time.problems.front());
  ::chmod((first.path() / "unique.env").c_str(), 0644);
  const Examined again = examine(options);
  ASSERT_EQ(again.problems.size(), 1u);
  EXPECT_EQ(again.problems[0].severity, Severity::kWarning);
  EXPECT_NE(again.problems[0].what.find("other users can read it"), std::string::npos);
}

TEST(Process, VariablesAreThoseOfTheProcess) {
  ASSERT_EQ(::setenv("MODHOST_TEST_VARIABLE", "a=b", 1), 0);
  EXPECT_EQ(process_variables().at("MODHOST_TEST_VARIABLE"), "a=b");
  ASSERT_EQ(::unsetenv("MODHOST_TEST_VARIABLE"), 0);
}

}  // namespace
}  // namespace modhost::config
