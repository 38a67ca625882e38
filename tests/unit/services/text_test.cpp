#include "services/text.hpp"

#include <gtest/gtest.h>

#include "event/json_reader.hpp"

namespace modhost::services {
namespace {

TEST(CleanText, KeepsGoodTextAndMendsTheRest) {
  EXPECT_EQ(clean_text("grüezi 🚀", 100), "grüezi 🚀");
  EXPECT_EQ(clean_text("a\xFFz", 100), "a\xEF\xBF\xBDz");
  EXPECT_EQ(clean_text("a\xED\xA0\x80z", 100), "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz") << "a surrogate";
  EXPECT_EQ(clean_text(std::string_view("a\0b", 3), 100), std::string_view("a\0b", 3));
  EXPECT_EQ(clean_text("", 100), "");
}

TEST(CleanText, CutsBetweenCharacters) {
  EXPECT_EQ(clean_text("ab🚀", 6), "ab🚀");
  EXPECT_EQ(clean_text("ab🚀", 5), "ab");
  EXPECT_EQ(clean_text("🚀🚀🚀", 9), "🚀🚀");
  for (std::size_t max = 0; max < 40; ++max) {
    const std::string cut = clean_text("\xF0\x9F\x9A grüezi \xC3 🚀 \xFF\xFE", max);
    EXPECT_LE(cut.size(), max);
    EXPECT_TRUE(is_utf8(cut));
  }
}

TEST(Redactor, BlotsOutEveryValueEverywhere) {
  std::map<std::string, Secret> secrets;
  secrets.emplace("a", Secret("hunter2"));
  secrets.emplace("b", Secret("hunter2-long"));
  secrets.emplace("c", Secret(""));
  const Redactor redactor(secrets);
  EXPECT_EQ(redactor.redact("hunter2", 100), "[secret]");
  EXPECT_EQ(redactor.redact("x=hunter2&y=hunter2-long.", 100), "x=[secret]&y=[secret].") << "the longest counts";
  EXPECT_EQ(redactor.redact("hunter hunter22", 100), "hunter [secret]2");
  EXPECT_EQ(redactor.redact("nothing here", 100), "nothing here");
}

TEST(Redactor, ACutNeverShowsPartOfASecret) {
  std::map<std::string, Secret> secrets;
  secrets.emplace("a", Secret("0123456789abcdef"));
  const Redactor redactor(secrets);
  const std::string text = "one 0123456789abcdef two 0123456789abcdef three 0123456789abcdef";
  for (std::size_t max = 0; max <= text.size() + 5; ++max) {
    const std::string cut = redactor.redact(text, max);
    EXPECT_LE(cut.size(), max);
    EXPECT_EQ(cut.find("0123"), std::string::npos) << cut;
  }
}

TEST(Redactor, AHugeTextCostsNoMoreThanALongOne) {
  std::map<std::string, Secret> secrets;
  secrets.emplace("a", Secret("hunter2"));
  const Redactor redactor(secrets);
  const std::string huge(32 * 1024 * 1024, 'x');
  EXPECT_EQ(redactor.redact(huge, 8192).size(), 8192u);
  EXPECT_EQ(clean_text(huge, 8192).size(), 8192u);
}

}  // namespace
}  // namespace modhost::services
