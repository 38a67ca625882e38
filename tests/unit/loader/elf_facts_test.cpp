// Every seed of tests/fuzz/elf/corpus is damaged, or special, in one place; this is what the reader and the rules say.
#include "loader/elf_facts.hpp"

#include <gtest/gtest.h>

#include "loader/elf_rules.hpp"
#include "support/temp_dir.hpp"

namespace modhost::loader {
namespace {

std::string seed(const std::string& name) {
  return test::read_file(MODHOST_SOURCE_DIR "/tests/fuzz/elf/corpus/" + name);
}

struct Case {
  const char* seed;
  const char* says;  // the reader's error
};

constexpr const char* kNoHash = "is damaged: its hash table lies outside the file";
constexpr const char* kNoName = "is damaged: a name lies outside the string table";
constexpr const char* kNoNeeds = "is damaged: its needed versions lie outside the file";
constexpr const char* kNoVersions = "is damaged: its versions lie outside the file";
constexpr const char* kNoSymbols = "is damaged: its symbol table lies outside the file";
constexpr const char* kNoSegments = "is damaged: its table of segments can not be read";

constexpr Case kDamaged[] = {
    {"not_elf", "is not an ELF file; a plugin is a shared library"},
    {"cut_header", "is cut short: the ELF header ends beyond its 40 bytes; copy it again"},
    {"cut_segment_table", "is cut short: the table of segments ends beyond its 100 bytes; copy it again"},
    {"cut_by_one_byte", "is cut short: the table of sections ends beyond its 575 bytes; copy it again"},
    {"executable", "is not a shared library (ELF type 2); link it with -shared"},
    {"program", "is a program, not a shared library; link it with -shared"},
    {"segment_size", kNoSegments},
    {"no_segments", kNoSegments},
    {"too_many_segments", kNoSegments},
    {"segments_far_away", "is cut short: the table of segments ends beyond its 576 bytes; copy it again"},
    {"load_outside", "is cut short: segment 0 ends beyond its 576 bytes; copy it again"},
    {"load_overflows", "is cut short: segment 0 ends beyond its 576 bytes; copy it again"},
    {"section_size", "is damaged: its table of sections can not be read"},
    {"sections_far_away", "is cut short: the table of sections ends beyond its 576 bytes; copy it again"},
    {"many_sections_outside", "is cut short: the table of sections ends beyond its 576 bytes; copy it again"},
    {"note_outside", "is cut short: a note ends beyond its 576 bytes; copy it again"},
    {"note_too_long", "is damaged: a note is longer than its segment"},
    {"note_align_8", "is damaged: a note is longer than its segment"},
    {"note_short", "is damaged: its .note.modhost is too short"},
    {"too_many_notes", "is damaged: its notes can not be read"},
    {"no_dynamic", "is damaged: it has no dynamic section; link it with -shared"},
    {"dynamic_outside", "is cut short: the dynamic section ends beyond its 576 bytes; copy it again"},
    {"too_many_libraries", "is damaged: it needs too many libraries"},
    {"strings_outside", "is damaged: its string table lies outside the file"},
    {"strings_too_long", "is damaged: its string table lies outside the file"},
    {"string_without_end", "is damaged: a name has no end or is too long"},
    {"library_name_outside", kNoName},
    {"runpath_name_outside", kNoName},
    {"no_hash", "is damaged: it has no hash table of its symbols"},
    {"gnu_hash_outside", "is damaged: it has no hash table of its symbols"},
    {"hash_outside", kNoHash},
    {"gnu_hash_at_the_end", kNoHash},
    {"gnu_hash_buckets", kNoHash},
    {"gnu_hash_bloom", kNoHash},
    {"gnu_hash_chain", kNoHash},
    {"symbols_outside", kNoSymbols},
    {"symbols_too_many", kNoSymbols},
    {"symbols_beyond_the_end", kNoSymbols},
    {"symbol_name_outside", kNoName},
    {"needs_outside", kNoNeeds},
    {"needs_versions_outside", kNoNeeds},
    {"needs_library_outside", kNoName},
    {"needs_version_name_outside", kNoName},
    {"needs_two_records", kNoName},
    {"needs_too_many", "is damaged: it needs too many symbol versions"},
    {"versions_outside", kNoVersions},
    {"versions_aux_outside", kNoVersions},
    {"versions_chain_outside", kNoVersions},
    {"versions_name_outside", kNoName},
};

#if defined(__x86_64__)  // the seeds are for this machine

TEST(ElfFacts, DamageIsNamed) {
  for (const Case& damaged : kDamaged) {
    const auto facts = read_elf_facts(seed(damaged.seed));
    ASSERT_FALSE(facts) << damaged.seed;
    EXPECT_EQ(facts.error().message, damaged.says) << damaged.seed;
    EXPECT_EQ(facts.error().code, Code::kInvalid) << damaged.seed;
  }
}

TEST(ElfFacts, OtherMachinesAreNamed) {
  const Case cases[] = {{"machine_x86", "32-bit x86, this host is x86-64"},
                        {"machine_arm", "32-bit ARM, this host is x86-64"},
                        {"machine_aarch64", "aarch64, this host is x86-64"},
                        {"machine_riscv", "RISC-V, this host is x86-64"},
                        {"machine_other", "machine 9999, this host is x86-64"},
                        {"class_32", "a 32-bit process on x86-64, this host is 64-bit little-endian x86-64"},
                        {"big_endian", "big-endian x86-64, this host is 64-bit little-endian x86-64"}};
  for (const Case& foreign : cases) {
    const auto facts = read_elf_facts(seed(foreign.seed));
    ASSERT_FALSE(facts) << foreign.seed;
    EXPECT_EQ(facts.error().message, "is built for " + std::string(foreign.says) + "; build it for this machine");
  }
}

TEST(ElfFacts, ReadsWhatAFileSaysAboutItself) {
  for (const char* name : {"ok_rich", "ok_rich_sysv"}) {
    const auto facts = read_elf_facts(seed(name));
    ASSERT_TRUE(facts) << name << ": " << facts.error().message;
    ASSERT_TRUE(facts->abi);
    EXPECT_EQ(facts->abi->major, 1u);
    EXPECT_EQ(facts->entries, std::vector<std::string>{"modhost_entry_v1"});
    EXPECT_EQ(facts->exports, std::vector<std::string>{"acme_one"});  // not the weak, unique, hidden and local ones
    EXPECT_EQ(facts->undefined_modhost, std::vector<std::string>{"modhost_send"});
    EXPECT_EQ(facts->libraries, (std::vector<std::string>{"libm.so.6", "libc.so.6"}));
    ASSERT_EQ(facts->needs.size(), 2u);
    EXPECT_EQ(facts->needs[1].library, "libc.so.6");
    EXPECT_EQ(facts->needs[1].version, "GLIBC_9.1");
    EXPECT_EQ(facts->provides, std::vector<std::string>{"ACME_1.0"});
    EXPECT_TRUE(facts->has_unique_symbols);
    EXPECT_TRUE(facts->has_text_relocations);
  }
  const auto rich = read_elf_facts(seed("ok_rich"));
  EXPECT_EQ(rich->runpath, "$ORIGIN/lib");
  EXPECT_TRUE(rich->has_executable_stack);
  EXPECT_TRUE(rich->has_static_tls);
  const auto sysv = read_elf_facts(seed("ok_rich_sysv"));
  EXPECT_EQ(sysv->runpath, "/opt/lib");
  EXPECT_FALSE(sysv->has_executable_stack);
  EXPECT_FALSE(sysv->has_static_tls);
}

TEST(ElfFacts, UnusualFilesAreReadToo) {
  for (const char* name : {"ok_no_sections", "many_sections", "ok_weak_need", "ok_versions", "ok_no_note"})
    EXPECT_TRUE(read_elf_facts(seed(name))) << name;
  EXPECT_TRUE(read_elf_facts(seed("ok_weak_need"))->needs.empty());
  EXPECT_FALSE(read_elf_facts(seed("ok_no_note"))->abi);
  EXPECT_EQ(read_elf_facts(seed("ok_second_note"))->abi->major, 2u);
  EXPECT_EQ(read_elf_facts(seed("ok_second_note"))->abi->min_host_minor, 3u);
}

TEST(ElfFacts, EveryPrefixIsAnErrorAndNeverACrash) {
  const std::string whole = seed("ok_rich");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(read_elf_facts({exact.data(), exact.size()})) << size;
  }
}

TEST(ElfRules, JudgeWhatTheFoldersOfTestsPluginsCanNotShow) {
  const auto textrel = check_elf_rules(*read_elf_facts(seed("ok_textrel")));
  ASSERT_FALSE(textrel);
  EXPECT_EQ(textrel.error().message, "has relocations in its code (TEXTREL); compile it with -fPIC");
  const auto stack = check_elf_rules(*read_elf_facts(seed("ok_no_stack_segment")));
  ASSERT_FALSE(stack);
  EXPECT_EQ(stack.error().message, "asks for an executable stack; link it with -Wl,-z,noexecstack");
  const auto several = check_elf_rules(*read_elf_facts(seed("ok_static_tls")));
  ASSERT_TRUE(several);
  ASSERT_EQ(several->size(), 2u);
  EXPECT_EQ(several->front(),
            "exports more than modhost_entry_v1: acme_0, acme_1, acme_2 and 2 more; compile it with "
            "-fvisibility=hidden");
}

#endif

TEST(ProcessRules, ANewerLibraryThanOursIsNamed) {
  ElfFacts facts;
  facts.libraries = {"libc.so.6", "libnot-loaded.so.1"};
  facts.needs = {{"libc.so.6", "GLIBC_2.17"}, {"libnot-loaded.so.1", "ACME_9"}};
  EXPECT_TRUE(check_against_process(facts));
  facts.needs.push_back({"libc.so.6", "GLIBC_2.999"});
  const auto judged = check_against_process(facts);
  ASSERT_FALSE(judged);
  EXPECT_EQ(judged.error().code, Code::kUnsupported);
  EXPECT_EQ(judged.error().message.find("needs GLIBC_2.999 of libc.so.6, this machine has up to GLIBC_2."), 0u)
      << judged.error().message;
}

TEST(ProcessRules, SoIsANewerCxxRuntime) {
  ElfFacts facts;
  facts.libraries = {"libstdc++.so.6"};
  facts.needs = {{"libstdc++.so.6", "GLIBCXX_3.4"}, {"libstdc++.so.6", "GLIBCXX_3.4.999"}};
  const auto judged = check_against_process(facts);
  ASSERT_FALSE(judged);
  EXPECT_EQ(judged.error().message.find("needs GLIBCXX_3.4.999 of libstdc++.so.6"), 0u) << judged.error().message;
}

}  // namespace
}  // namespace modhost::loader
