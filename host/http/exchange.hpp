// One request waiting for its answer: what a Responder holds.
#pragma once

#include <cstdint>
#include <memory>

#include "http/connection.hpp"

namespace modhost::http {

struct Responder::Exchange {
  std::shared_ptr<Connection> connection;
  std::uint64_t place = 0;     // among the answers of the connection
  std::size_t body_bytes = 0;  // of the receiving budget, given back with the answer
  bool is_head = false;
  bool is_keep_alive = true;
  bool is_http_10 = false;
  bool is_streaming = false;
  bool is_chunked = false;

  ~Exchange() {
    connection->release_body(body_bytes);
    connection->count_answer();
  }
};

}  // namespace modhost::http
