#include "requests.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <thread>
#include <vector>

#include "signature/verifier.hpp"

namespace modhost::bench {
namespace {

constexpr std::size_t kBodyBytes = 2048;
constexpr std::size_t kMacDigits = 64;
constexpr std::size_t kDigits = 10;
constexpr char kIdPrefix[] = "evt_";

// The fields of a real unique.chat.external-module.chosen, its free text filled up to 2 KiB.
std::string body_with(std::string_view module, std::string_view id) {
  std::string head =
      R"({"id":")" + std::string(id) + R"(","version":"1.0.0","event":"unique.chat.external-module.chosen",)" +
      R"("createdAt":)" + std::to_string(std::time(nullptr)) +
      R"(,"userId":"284719305518067713","companyId":"251906337744912385","payload":{"name":")" + std::string(module) +
      R"(","description":"Answers questions about lease contracts",)" +
      R"("configuration":{"languageModel":"AZURE_GPT_4o_2024_1120","maxSources":12,"debug":false},)" +
      R"("chatId":"chat_)" + std::string(id) + R"(","assistantId":"assistant_p8d2fh6wq0c4zt9mrk1xv7ju",)" +
      R"("userMessage":{"id":"msg_a1y7g3s9e5o2u8i4t6r0w1qz","createdAt":"2025-10-09T08:53:20.000Z",)" +
      R"("language":"German","text":"Wie lang ist die Kündigungsfrist für das Büro in Zürich? )";
  std::string tail =
      R"("},"assistantMessage":{"id":"msg_b6n2x8c4v0l5k1j7h3g9f5dy","createdAt":"2025-10-09T08:53:20.412Z"},)"
      R"("text":null,"additionalParameters":{"translateToLanguage":null,"uploadedFiles":[{"id":)"
      R"("cont_r5t1y7u3i9o5p2a8s4d0f6gh","title":"lease-zh-2023.pdf","mimeType":"application/pdf"}]},)"
      R"("userMetadata":{"department":"Real Estate","country":"CH"},"toolChoices":["LeaseAnalyst"]}})";
  const std::size_t used = head.size() + tail.size();
  std::string filler;
  while (filler.size() + used < kBodyBytes) filler += "Bitte nenne auch die Seite im Vertrag. ";
  filler.resize(kBodyBytes - std::min(kBodyBytes, used));
  return head + filler + tail;
}

std::string head(std::uint16_t port) {
  return "POST /webhook HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
         "\r\nContent-Type: application/json\r\nX-Unique-Version: 1.0.0\r\nX-Unique-Created-At: " +
         std::to_string(std::time(nullptr)) + "\r\nX-Unique-User-Id: 284719305518067713\r\n" +
         "X-Unique-Company-Id: 251906337744912385\r\nX-Unique-Signature: ";
}

// Between the quotes after "id": in a body whose first member it is.
std::string id_of(std::string_view body) {
  const auto begin = body.find("\"id\":\"") + 6;
  return std::string(body.substr(begin, body.find('"', begin) - begin));
}

void put_digits(char* at, std::size_t value) {
  for (std::size_t digit = kDigits; digit-- > 0; value /= 10) at[digit] = static_cast<char>('0' + value % 10);
}

}  // namespace

Requests::Requests(std::string_view module, std::string_view secret, std::string_view token, std::uint16_t port,
                   std::size_t count)
    : token_(token), count_(count) {
  body_ = body_with(module, kIdPrefix + token_ + std::string(kDigits, '0'));
  id_in_body_ = body_.find(kIdPrefix) + std::strlen(kIdPrefix) + token_.size();
  blank_ = head(port);
  signature_at_ = blank_.size();
  blank_ += std::string(kMacDigits, '0') + "\r\nContent-Length: " + std::to_string(body_.size()) + "\r\n\r\n";
  body_at_ = blank_.size();
  blank_ += body_;

  signatures_.resize(count * kMacDigits);
  const std::size_t threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::jthread> signers;
  for (std::size_t thread = 0; thread < threads; ++thread)
    signers.emplace_back(
        [this, thread, threads, secret] { sign(count_ * thread / threads, count_ * (thread + 1) / threads, secret); });
}

Requests::Requests(std::vector<std::string> bodies, std::string_view secret, std::uint16_t port)
    : count_(bodies.size()) {
  for (const std::string& body : bodies) {
    ids_.push_back(id_of(body));
    whole_.push_back(head(port) + signature::sign(secret, body) + "\r\nContent-Length: " + std::to_string(body.size()) +
                     "\r\n\r\n" + body);
  }
}

void Requests::sign(std::size_t first, std::size_t last, std::string_view secret) {
  std::string body = body_;
  for (std::size_t index = first; index < last; ++index) {
    put_digits(body.data() + id_in_body_, index);
    const std::string mac = signature::sign(secret, body);
    std::memcpy(signatures_.data() + index * kMacDigits, mac.data(), kMacDigits);
  }
}

std::string Requests::id(std::size_t index) const {
  if (!ids_.empty()) return ids_[index];
  std::string digits(kDigits, '0');
  put_digits(digits.data(), index);
  return kIdPrefix + token_ + digits;
}

void Requests::patch(std::string& request, std::size_t index) const {
  if (!whole_.empty()) {
    request = whole_[index];
    return;
  }
  std::memcpy(request.data() + signature_at_, signatures_.data() + index * kMacDigits, kMacDigits);
  put_digits(request.data() + body_at_ + id_in_body_, index);
}

}  // namespace modhost::bench
