// One keep-alive connection of the load generator: sends a request, reads its answer, connects again when the server
// closes. Used by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"

namespace modhost::bench {

struct Answer {
  int status = 0;
  std::string outcome;  // the "status" of a JSON answer, or empty
};

class Client {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Step { kWaiting, kAnswered, kFailed };

  Client(std::uint16_t port, std::string blank) : port_(port), request_(std::move(blank)) {}

  // The request to send next; patched by the owner before begin().
  [[nodiscard]] std::string& request() { return request_; }
  // Starts sending, connecting first when needed. index is the owner's, kept until the answer. False: no connection.
  bool begin(std::size_t index);
  // Goes on after the socket became ready.
  Step advance();

  [[nodiscard]] bool is_busy() const { return busy_; }
  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] bool is_new() const { return is_new_; }  // the socket changed with the last begin()
  [[nodiscard]] std::size_t index() const { return index_; }
  [[nodiscard]] Time began() const { return began_; }
  [[nodiscard]] const Answer& answer() const { return answer_; }
  void abandon();

 private:
  bool connect();
  bool send_rest();
  Step parse(bool at_end);

  std::uint16_t port_;
  std::string request_;
  UniqueFd socket_;
  std::string received_;
  Answer answer_;
  std::size_t sent_ = 0;
  std::size_t index_ = 0;
  Time began_{};
  bool busy_ = false;
  bool is_new_ = false;
};

}  // namespace modhost::bench
