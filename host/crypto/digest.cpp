#include "crypto/digest.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <new>
#include <stdexcept>

namespace modhost::crypto {

namespace {

struct FreeMdContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeMac {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
};
struct FreeMacContext {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeMacContext>;

// OpenSSL's digests fail only when memory or the provider is gone: there is nothing to go on with.
void require(bool ok) {
  if (!ok) throw std::bad_alloc();
}

const unsigned char* octets(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

}  // namespace

Digest sha256(std::string_view bytes) {
  Digest digest{};
  SHA256(octets(bytes), bytes.size(), digest.data());
  return digest;
}

struct Sha256::Impl {
  std::unique_ptr<EVP_MD_CTX, FreeMdContext> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  require(impl_->context && EVP_DigestInit_ex(impl_->context.get(), EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  require(EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() {
  Digest digest{};
  require(EVP_DigestFinal_ex(impl_->context.get(), digest.data(), nullptr) == 1);
  return digest;
}

struct HmacSha256::Impl {
  MacContext keyed;  // never used for a message: each mac() works on a copy, so that any thread may call it
};

HmacSha256::HmacSha256(std::string_view key) : impl_(std::make_unique<Impl>()) {
  const std::unique_ptr<EVP_MAC, FreeMac> algorithm(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  require(algorithm != nullptr);
  impl_->keyed.reset(EVP_MAC_CTX_new(algorithm.get()));
  char digest_name[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
                                   OSSL_PARAM_construct_end()};
  // OpenSSL takes a null key pointer for "keep the old key": an empty key needs a real address.
  const unsigned char* key_bytes = key.empty() ? reinterpret_cast<const unsigned char*>("") : octets(key);
  require(impl_->keyed && EVP_MAC_init(impl_->keyed.get(), key_bytes, key.size(), parameters) == 1);
}
HmacSha256::~HmacSha256() = default;
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;

Digest HmacSha256::mac(std::string_view message) const {
  const MacContext context(EVP_MAC_CTX_dup(impl_->keyed.get()));
  Digest digest{};
  std::size_t written = 0;
  require(context && EVP_MAC_update(context.get(), octets(message), message.size()) == 1 &&
          EVP_MAC_final(context.get(), digest.data(), &written, digest.size()) == 1 && written == digest.size());
  return digest;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

bool parse_hex_digest(std::string_view text, Digest& out) {
  if (text.size() != out.size() * 2) return false;
  unsigned bad = 0;
  const auto nibble = [&bad](char character) {
    const unsigned c = static_cast<unsigned char>(character);
    const unsigned digit = c - '0';   // < 10 for 0-9, top bit set below '0'
    const unsigned letter = c - 'a';  // < 6 for a-f
    const unsigned is_digit = ((digit - 10u) & ~digit) >> 31;
    const unsigned is_letter = ((letter - 6u) & ~letter) >> 31;
    bad |= 1u ^ (is_digit | is_letter);
    return (is_digit * digit) | (is_letter * (letter + 10));
  };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const unsigned high = nibble(text[2 * i]);
    const unsigned low = nibble(text[2 * i + 1]);
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return bad == 0;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  require(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1);
  return bytes;
}

std::string random_token(std::size_t count) {
  static constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string token;
  while (token.size() < count)
    for (const char c : random_bytes(count)) {
      const auto value = static_cast<unsigned char>(c);
      if (value < 252 && token.size() < count) token += kAlphabet[value % 36];  // 252 = 7 * 36: no bias
    }
  return token;
}

}  // namespace modhost::crypto
