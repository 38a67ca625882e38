// Random ids from the kernel's generator.
#include "playground/ids.hpp"

#include <sys/random.h>

#include <array>
#include <random>

namespace modhost::playground {

namespace {

void fill(unsigned char* bytes, std::size_t size) {
  if (::getrandom(bytes, size, 0) == static_cast<ssize_t>(size)) return;
  std::random_device device;  // unreachable on Linux for so few bytes
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(device());
}

}  // namespace

std::string new_id(std::string_view prefix) {
  static constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::array<unsigned char, 24> random{};
  fill(random.data(), random.size());
  std::string id(prefix);
  for (const unsigned char byte : random) id += kAlphabet[byte % kAlphabet.size()];
  return id;
}

std::string random_hex(std::size_t bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string random(bytes, '\0');
  fill(reinterpret_cast<unsigned char*>(random.data()), random.size());
  std::string hex;
  for (const char c : random) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

}  // namespace modhost::playground
