// Each folder of tests/plugins is broken in one way and gets exactly its own diagnosis: a check that is taken out of
// the loader fails its folder here and no other.
#include <gtest/gtest.h>

#include "loader/loader.hpp"
#include "support/temp_dir.hpp"

namespace modhost::loader {
namespace {

using namespace std::chrono_literals;

struct Fault {
  const char* folder;
  Code code;
  const char* diagnosis;  // everything after the file's path
};

std::ostream& operator<<(std::ostream& out, const Fault& fault) { return out << fault.folder; }

Loader::Options test_options(const test::TempDir& dir) {
  Loader::Options options;
  options.stage_dir = dir.path() / "stage";
  options.probe.program = MODHOST_BINARY_DIR "/tests/modhost-probe";
  options.owner_check = OwnerCheck::kWarn;
  return options;
}

const std::filesystem::path kFaults = MODHOST_BINARY_DIR "/tests/plugins";

class FaultFolder : public testing::TestWithParam<Fault> {};

TEST_P(FaultFolder, IsNamedAndTheHostLives) {
  const Fault& fault = GetParam();
  const test::TempDir dir;
  auto options = test_options(dir);
  if (std::string_view(fault.folder) == "hangs_in_init") options.probe.timeout = 700ms;
  Loader loader(options);
  const auto plugin = loader.load(kFaults, fault.folder);
  ASSERT_FALSE(plugin);
  EXPECT_EQ(plugin.error().code, fault.code);
  EXPECT_EQ(plugin.error().message, (kFaults / fault.folder).string() + ".so " + fault.diagnosis);
}

INSTANTIATE_TEST_SUITE_P(
    Refused, FaultFolder,
    testing::Values(
        Fault{"no_entry", Code::kInvalid,
              "does not export modhost_entry_v1; keep the symbol visible when linking or stripping"},
        Fault{"no_note", Code::kInvalid,
              "has no .note.modhost: it is no modhost plugin; write MODHOST_DECLARE_PLUGIN (or MODHOST_PLUGIN) once in "
              "its code"},
        Fault{"not_a_plugin", Code::kInvalid,
              "has no .note.modhost and no modhost_entry_v1: it is no modhost plugin; write MODHOST_DECLARE_PLUGIN (or "
              "MODHOST_PLUGIN) once in its code"},
        Fault{"wrong_major", Code::kUnsupported,
              "was built for version 2 of the plugin ABI, this modhost speaks version 1; build it with our plugin.h"},
        Fault{
            "min_host_too_new", Code::kUnsupported,
            "needs a modhost with plugin ABI 1.9999, this one has 1.0; update modhost or build the plugin with a lower "
            "MODHOST_MIN_HOST_MINOR"},
        Fault{"entry_differs", Code::kUnsupported,
              "says ABI 7, oldest host minor 0 in its entry, other than its note; use MODHOST_DECLARE_PLUGIN"},
        Fault{"short_entry", Code::kInvalid,
              "has a modhost_entry of 8 bytes where version 1.0 has 24; set struct_size to sizeof(modhost_entry)"},
        Fault{"short_struct", Code::kInvalid,
              "has a modhost_plugin of 40 bytes where version 1.0 has 96; set struct_size to sizeof(modhost_plugin)"},
        Fault{"null_table", Code::kInvalid, "has an entry without a modhost_plugin"},
        Fault{"wild_table", Code::kInvalid,
              "can not be loaded: one of its initialisers crashed with SIGSEGV (Segmentation fault)"},
        Fault{
            "null_slot", Code::kInvalid,
            "leaves the function on_event null in its modhost_plugin; only functions marked [optional] in plugin.h may "
            "be"},
        Fault{"bad_id", Code::kInvalid,
              "has the id \"My Plugin!\"; it is a reverse domain of [a-z0-9.-], e.g. com.acme.summary"},
        Fault{"bad_version", Code::kInvalid, "has the version \"v2\"; it is MAJOR.MINOR.PATCH, e.g. 1.0.0"},
        Fault{"bad_utf8", Code::kInvalid, "has a summary that is not UTF-8"},
        Fault{"bad_schema", Code::kInvalid,
              "has a config_schema that is no JSON: Missing a name for object member. at byte 18"},
        Fault{"throws_in_init", Code::kInvalid,
              "can not be loaded: one of its initialisers threw std::runtime_error: no licence file; nothing may be "
              "thrown before create() is called"},
        Fault{"throws_int_in_init", Code::kInvalid,
              "can not be loaded: one of its initialisers threw int; nothing may be thrown before create() is called"},
        Fault{"crashes_in_init", Code::kInvalid,
              "can not be loaded: one of its initialisers crashed with SIGSEGV (Segmentation fault)"},
        Fault{"hangs_in_init", Code::kTimeout,
              "can not be loaded: its initialisers have not come back after 700 ms; move long work to create() or "
              "start()"},
        Fault{
            "exits_in_init", Code::kInvalid,
            "can not be loaded: one of its initialisers ended the process with exit code 7; it wrote: licence expired"},
        Fault{"forks_in_init", Code::kInvalid,
              "can not be loaded: one of its initialisers ended the process with exit code 3"},
        Fault{"missing_symbol", Code::kInvalid,
              "needs the symbol acme_missing_function, which no library it links provides; link it with "
              "-Wl,--no-undefined to see it at build time"},
        Fault{"calls_the_host", Code::kInvalid,
              "expects modhost_send_message from the host, which exports nothing; use the services of modhost_host"},
        Fault{"executable_stack", Code::kInvalid, "asks for an executable stack; link it with -Wl,-z,noexecstack"}),
    [](const auto& fault) { return std::string(fault.param.folder); });

TEST(Interposition, IsAnErrorThatNamesTheSymbol) {
  const test::TempDir dir;
  Loader loader(test_options(dir));
  const auto plugin = loader.load(kFaults, "exports_malloc");
  ASSERT_FALSE(plugin);
  EXPECT_NE(plugin.error().message.find("exports malloc, whose place "), std::string::npos) << plugin.error().message;
  EXPECT_NE(plugin.error().message.find("would take"), std::string::npos) << plugin.error().message;
}

struct Doubt {
  const char* folder;
  const char* warning;
};

std::ostream& operator<<(std::ostream& out, const Doubt& doubt) { return out << doubt.folder; }

class DoubtfulFolder : public testing::TestWithParam<Doubt> {};

TEST_P(DoubtfulFolder, LoadsWithItsWarning) {
  const test::TempDir dir;
  Loader loader(test_options(dir));
  const auto plugin = loader.load(kFaults, GetParam().folder);
  ASSERT_TRUE(plugin) << plugin.error().message;
  std::string all;
  for (const auto& warning : (*plugin)->warnings) all += warning + "\n";
  EXPECT_NE(all.find(GetParam().warning), std::string::npos) << all;
}

INSTANTIATE_TEST_SUITE_P(Accepted, DoubtfulFolder,
                         testing::Values(Doubt{"exports_more", "exports more than modhost_entry_v1: acme_helper"},
                                         Doubt{"gnu_unique", "GNU_UNIQUE"}, Doubt{"static_tls", "static TLS"},
                                         Doubt{"runpath_origin", "$ORIGIN/lib"}),
                         [](const auto& fault) { return std::string(fault.param.folder); });

}  // namespace
}  // namespace modhost::loader
