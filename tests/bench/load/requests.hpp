// The requests of one load run: a 2 KiB event whose id is new in each, every one signed before the run begins, so that
// the generator only patches 88 bytes into a template and signing never competes with the server for the processor.
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
  Requests(std::string_view module, std::string_view secret, std::string_view token, std::uint16_t port,
           std::size_t count);
  // Events as they are, each its own body.
  Requests(std::vector<std::string> bodies, std::string_view secret, std::uint16_t port);

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::string id(std::size_t index) const;
  // A request to be patched: each connection owns one.
  [[nodiscard]] const std::string& blank() const { return blank_; }
  // Turns a blank, or any earlier request, into the one with this index.
  void patch(std::string& request, std::size_t index) const;

 private:
  void sign(std::size_t first, std::size_t last, std::string_view secret);

  std::string token_;
  std::string body_;
  std::string blank_;
  std::size_t id_in_body_ = 0, signature_at_ = 0, body_at_ = 0;
  std::size_t count_;
  std::string signatures_;                // 64 digits each
  std::vector<std::string> whole_, ids_;  // of events as they are: requests and ids
};

}  // namespace modhost::bench
