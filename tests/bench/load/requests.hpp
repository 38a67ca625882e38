// The requests of one load run: a 2 KiB event whose id is new in each, every one signed before the run begins, so that
// the generator only patches some bytes into a template and signing never competes with the server for the processor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace modhost::bench {

class Requests {
 public:
  // module and secret as the server is configured; token makes the ids of this run differ from every other run's.
  // `chats`: every event has a chat and messages of its own, and its user says a word of its own.
  enum class Shape { kOneChat, kChats };
  Requests(std::string_view module, std::string_view secret, std::string_view token, std::uint16_t port,
           std::size_t count, Shape shape = Shape::kOneChat);

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::string id(std::size_t index) const;
  // What the user of this event says, 16 hexadecimal digits; empty without chats.
  [[nodiscard]] std::string word(std::size_t index) const;
  // A request to be patched: each connection owns one.
  [[nodiscard]] const std::string& blank() const { return blank_; }
  // Turns a blank, or any earlier request, into the one with this index.
  void patch(std::string& request, std::size_t index) const;

 private:
  void patch_body(char* body, std::size_t index) const;
  void sign(std::size_t first, std::size_t last, std::string_view secret);

  std::string token_;
  std::string body_;
  std::string blank_;
  std::vector<std::size_t> digits_in_body_;  // where the index stands: in the event's id and those of its chat
  std::size_t word_in_body_ = 0;             // 0: none
  std::size_t signature_at_ = 0, body_at_ = 0;
  std::size_t count_;
  std::string signatures_;  // 64 digits each
};

}  // namespace modhost::bench
