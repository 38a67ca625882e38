#include "crypto/digest.hpp"

namespace modhost::crypto {
namespace {

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2
  EXPECT_EQ(hex(HmacSha256("key").mac("The quick brown fox jumps over the lazy dog")),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
  EXPECT_EQ(hex(HmacSha256("").mac("")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Digest, IncrementalEqualsWhole) {
  Sha256 hash;
  hash.update("a");
  hash.update("");
  hash.update("bc");
  EXPECT_EQ(hash.finish(), sha256("abc"));
}

TEST(Digest, OneKeyServesManyThreads) {
  const HmacSha256 mac("usig_x");
  const Digest expected = mac.mac("body");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) ASSERT_EQ(mac.mac("body"), expected);
    });
  for (auto& thread : threads) thread.join();
}

TEST(Digest, HexDigestIsStrict) {
  Digest out{};
  const std::string good = hex(sha256("abc"));
  ASSERT_TRUE(parse_hex_digest(good, out));
  EXPECT_EQ(out, sha256("abc"));
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int c = 0; c < 256; ++c) {
      std::string text = good;
      text[i] = static_cast<char>(c);
      const bool is_lower_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
      ASSERT_EQ(parse_hex_digest(text, out), is_lower_hex) << i << ' ' << c;
    }
  EXPECT_FALSE(parse_hex_digest(good.substr(1), out));
  EXPECT_FALSE(parse_hex_digest(good + "0", out));
}

TEST(Digest, ComparesBytesNotPrefixes) {
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "abcd"));
}

TEST(Digest, TokensAreFreshAndOfTheAlphabet) {
  const std::string token = random_token(24);
  EXPECT_EQ(token.size(), 24u);
  EXPECT_EQ(token.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789"), std::string::npos);
  EXPECT_NE(token, random_token(24));
}

}  // namespace
}  // namespace modhost::crypto
