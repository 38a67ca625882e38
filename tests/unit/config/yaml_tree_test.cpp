// Hostile documents: refused within bounds of time and memory, never a crash.
#include "config/yaml_tree.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace modhost::config {
namespace {

std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string out;
  while (out.size() + piece.size() <= bytes) out += piece;
  return out;
}

// Why the text was refused, or empty.
std::string refusal(std::string_view text) {
  Problems problems("x");
  const bool is_read = parse_yaml(text, problems).has_value();
  EXPECT_EQ(is_read || problems.errors() > 0, true) << "refused without a word";
  return problems.summary();
}

TEST(YamlTree, KnowsWhereEverythingStands) {
  Problems problems("x");
  const auto root = parse_yaml("a:\n  - one\n  - {b: \"2\"}\nc:\n", problems);
  ASSERT_TRUE(root);
  ASSERT_EQ(root->kind, Node::Kind::kMap);
  const Node* list = root->find("a");
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->mark.line, 2);
  EXPECT_EQ(list->mark.column, 3);
  EXPECT_TRUE(list->items.at(0).is_plain);
  EXPECT_EQ(list->items.at(1).find("b")->mark.column, 9);
  EXPECT_FALSE(list->items.at(1).find("b")->is_plain);
  EXPECT_EQ(root->find("c")->kind, Node::Kind::kNull);
  EXPECT_EQ(root->find("d"), nullptr);
  EXPECT_EQ(parse_yaml("", problems)->kind, Node::Kind::kNull);
  EXPECT_EQ(parse_yaml("# only a comment", problems)->kind, Node::Kind::kNull);
}

TEST(YamlTree, AnAliasBombIsRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) text += ", " + before;
    text += "]\n";
  }
  EXPECT_NE(refusal(text).find("too large once its aliases are followed"), std::string::npos);
}

TEST(YamlTree, ManyAliasesOfALongTextAreRefused) {
  EXPECT_NE(refusal("a: &a " + std::string(100'000, 'x') + "\nb: [" + repeated("*a, ", 4000) + "]").find("too large"),
            std::string::npos);
}

TEST(YamlTree, DepthIsBounded) {
  EXPECT_EQ(refusal(std::string(60, '[') + std::string(60, ']')), "");
  EXPECT_NE(refusal(std::string(100, '[') + std::string(100, ']')).find("nested too deeply: at most 64 levels"),
            std::string::npos);
  EXPECT_NE(refusal(repeated("- ", 10'000)).find("nested too deeply"), std::string::npos);
}

TEST(YamlTree, SizeIsBounded) {
  EXPECT_EQ(refusal("a: " + std::string(1024 * 1024, 'x')),
            "x: the file is larger than 1 MiB: this is not a configuration");
  EXPECT_NE(refusal("[" + repeated("a,", 300'000) + "]").find("too large"), std::string::npos);
}

TEST(YamlTree, NotUtf8IsRefusedWithItsPlace) {
  for (const char* bad : {"\xff", "\xc0\x80", "\xed\xa0", "\xf5\x80\x80\x80", "\xe2\x82", "\x80"})
    EXPECT_NE(refusal(std::string("a: b\nc: ") + bad).find("x:2:4: not UTF-8 text"), std::string::npos);
  EXPECT_NE(refusal(std::string("a: b\0c", 6)).find("x:1:5: not UTF-8 text"), std::string::npos);
  EXPECT_EQ(refusal("a: \"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x9a\x80\""), "");
}

TEST(YamlTree, MuchOfAnythingEndsSoon) {
  for (const char* piece :
       {"[",     "{",       "- ",      "? ",    ": ",    "a: ",   "!",     "&a ",        "*a ", "[a,",  "\"",
        "'",     "|\n",     "> ",      "a:\n ", "{a: ",  "&a [",  "---\n", "%TAG ! x\n", "#",   "\t",   "\r",
        "a ",    "x: *a\n", "&a\n",    "? a\n", "? - ",  ",",     "]",     "[]",         "@",   "!!a ", "a: b\n",
        "\"\\x", "{? ",     "&a {a: ", "\n",    "...\n", "- a\n", "!<",    "|",          "%"}) {
    const auto start = std::chrono::steady_clock::now();
    refusal(repeated(piece, kYamlBytesMax / 8));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30)) << piece;
  }
}

}  // namespace
}  // namespace modhost::config
