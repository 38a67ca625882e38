#include "config/problems.hpp"

#include <gtest/gtest.h>

namespace modhost::config {
namespace {

TEST(Problems, CoverWhatLooksLikeACredential) {
  EXPECT_EQ(masked("x usig_abc-1, (ukey_def) usig_"), "x usig_***, (ukey_***) usig_");
  Problems problems("f");
  problems.error({1, 2}, "unknown key \"usig_TAINT\"\nand more");
  EXPECT_EQ(problems.summary(), "f:1:2: unknown key \"usig_***\" and more");
}

TEST(Problems, StayBounded) {
  Problems problems("f");
  for (int i = 1; i <= 100'000; ++i) problems.error({i, 1}, "x");
  EXPECT_EQ(problems.errors(), 100'000u);
  EXPECT_TRUE(problems.summary().ends_with("f:20:1: x\nand 99980 more"));
  EXPECT_LT(std::move(problems).take().size(), 1000u);
}

TEST(Problems, AreTakenErrorsFirst) {
  Problems problems("f");
  problems.warning({1, 1}, "w");
  problems.error({3, 1}, "late");
  problems.error({2, 1}, "early");
  problems.error_in("elsewhere", "e");
  const auto list = std::move(problems).take();
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(to_string(list[0]), "elsewhere: e");
  EXPECT_EQ(list[1].what, "early");
  EXPECT_EQ(list[2].what, "late");
  EXPECT_EQ(list[3].severity, Severity::kWarning);
}

TEST(Nearest, IsWhatAPersonMeant) {
  const std::vector<std::string_view> names = {"listen", "in_flight", "state_dir", "log", "app", "apps"};
  EXPECT_EQ(nearest("lisen", names), "listen");
  EXPECT_EQ(nearest("In-Flight", names), "in_flight");
  EXPECT_EQ(nearest("statedir", names), "state_dir");
  EXPECT_EQ(nearest("appz", names), "app");
  EXPECT_EQ(nearest("zzzzzz", names), "");
  EXPECT_EQ(nearest("xyz", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest(std::string(1000, 'l'), names), "");
}

}  // namespace
}  // namespace modhost::config
