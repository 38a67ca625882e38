// A client that sends exactly the bytes it is told and reads with a bound on time: for good, bad and hostile behaviour.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"

namespace modhost::http::test {

struct Answer {
  int status = 0;
  std::string head;  // status line and fields
  std::string body;
  [[nodiscard]] std::string field(std::string_view name) const;  // empty when absent
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, const std::string& address = "127.0.0.1");

  [[nodiscard]] bool is_connected() const { return fd_.is_open(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  bool send(std::string_view bytes);  // all of them; false when the server has gone
  void finish_sending();              // FIN
  void close() { fd_.reset(); }
  void reset();                  // RST
  void shrink_receive_buffer();  // the server has to wait for us soon

  // The next answer: `to_head` says that it has no body whatever its fields say. Status 0 when the connection
  // ended or the time is over.
  Answer read_answer(bool to_head = false);
  std::string read_until_closed();  // everything up to the end; see was_closed()
  [[nodiscard]] bool was_closed() const { return was_closed_; }
  // True when the server ends the connection in time and no byte comes before.
  bool is_closed_by_server();
  Answer ask(std::string_view bytes, bool to_head = false);

 private:
  bool fill();  // more input; false at the end or when the time is over
  UniqueFd fd_;
  std::string input_;
  bool was_closed_ = false;
};

std::string get(std::string_view path, std::string_view more_fields = "");
std::string post(std::string_view path, std::string_view body, std::string_view more_fields = "");

// Waits until the condition holds, for at most ten seconds; whether it did.
template <class Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    struct timespec pause {
      0, 1'000'000
    };
    ::nanosleep(&pause, nullptr);
  }
  return true;
}

}  // namespace modhost::http::test
