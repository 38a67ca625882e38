// SHA-256, HMAC-SHA256, hex, random bytes and constant-time comparison: the only room that includes OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace modhost::crypto {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view bytes);

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  Digest finish();  // once

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A keyed MAC whose key schedule is computed once; mac() is safe from any thread.
class HmacSha256 {
 public:
  explicit HmacSha256(std::string_view key);
  ~HmacSha256();
  HmacSha256(HmacSha256&&) noexcept;
  HmacSha256& operator=(HmacSha256&&) noexcept;
  [[nodiscard]] Digest mac(std::string_view message) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Time depends on the sizes only.
bool equal_constant_time(std::string_view a, std::string_view b);

std::string hex(std::string_view bytes);  // lower case
inline std::string hex(const Digest& digest) {
  return hex(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}
inline std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Exactly 64 lower-case hex digits -> 32 bytes, without branches on their values; false for anything else.
bool parse_hex_digest(std::string_view text, Digest& out);

std::string random_bytes(std::size_t count);
// `count` characters of [a-z0-9], uniformly random.
std::string random_token(std::size_t count);

}  // namespace modhost::crypto
