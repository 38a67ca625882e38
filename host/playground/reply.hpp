// One client's right to an answer, at once or in pieces, and the record of it in the timeline.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/server.hpp"

namespace modhost::playground {

class Reply {
 public:
  using Record = std::function<void(int status, std::string body)>;  // called once, with what was answered

  Reply(http::Responder responder, Record record) : responder_(std::move(responder)), record_(std::move(record)) {}

  void respond(const http::Response& response) {
    record_(response.status, response.body);
    responder_.respond(response);
  }

  void begin_stream(const http::Response& head) {
    status_ = head.status;
    responder_.begin_stream(head);
  }
  bool write(std::string_view chunk) {  // false: the client has gone
    if (body_.size() < kBodyKept) body_ += chunk;
    return responder_.write(chunk);
  }
  void end_stream() {
    record_(status_, std::move(body_));
    responder_.end_stream();
  }

 private:
  static constexpr std::size_t kBodyKept = 16 * 1024;
  http::Responder responder_;
  Record record_;
  int status_ = 0;
  std::string body_;
};

}  // namespace modhost::playground
