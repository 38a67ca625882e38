#include <utility>

#include "http/exchange.hpp"
#include "http/response_writer.hpp"
#include "http/server.hpp"

namespace modhost::http {

namespace {

constexpr std::size_t kCopiedBodyMax = 16 * 1024;  // larger bodies are handed to the kernel from where they are

Persistence persistence_of(const Responder::Exchange& exchange, bool closes) {
  if (closes) return Persistence::kClose;
  return exchange.is_http_10 ? Persistence::kKeepAlive10 : Persistence::kKeepAlive;
}

}  // namespace

Responder::Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    Responder unanswered(std::move(*this));
    exchange_ = std::move(other.exchange_);
  }
  return *this;
}

Responder::~Responder() {
  if (exchange_ == nullptr) return;
  if (exchange_->is_streaming) {
    end_stream();
  } else {
    respond(refusal(503));
  }
}

void Responder::respond(const Response& response) {
  const auto exchange = std::move(exchange_);
  if (exchange == nullptr) return;
  const bool closes = response.close || !exchange->is_keep_alive || exchange->connection->is_draining();
  thread_local std::string wire;  // one buffer a thread instead of one an answer
  wire.clear();
  append_head(wire, response, BodyFraming::kLength, persistence_of(*exchange, closes));
  std::string_view body = response.body;
  if (exchange->is_head || has_no_body(response.status)) body = {};
  if (body.size() <= kCopiedBodyMax) {
    wire.append(body);
    body = {};
  }
  exchange->connection->deliver(exchange->place, {wire, body, true, closes});
}

void Responder::begin_stream(const Response& head) {
  if (exchange_ == nullptr || exchange_->is_streaming) return;
  if (has_no_body(head.status)) return respond(head);
  exchange_->is_streaming = true;
  exchange_->is_chunked = !exchange_->is_http_10;
  if (!exchange_->is_chunked || head.close) exchange_->is_keep_alive = false;
  std::string wire;
  append_head(wire, head, exchange_->is_chunked ? BodyFraming::kChunked : BodyFraming::kUntilClose,
              persistence_of(*exchange_, !exchange_->is_keep_alive));
  exchange_->connection->deliver(exchange_->place, {wire, {}, false, false});
  if (!head.body.empty()) write(head.body);
}

bool Responder::write(std::string_view chunk) {
  if (exchange_ == nullptr || !exchange_->is_streaming) return false;
  std::string wire;
  if (!exchange_->is_head) {
    if (exchange_->is_chunked) {
      append_chunk(wire, chunk);
    } else {
      wire.append(chunk);
    }
  }
  return exchange_->connection->deliver(exchange_->place, {wire, {}, false, false});
}

void Responder::end_stream() {
  const auto exchange = std::move(exchange_);
  if (exchange == nullptr || !exchange->is_streaming) return;
  const bool closes = !exchange->is_keep_alive || exchange->connection->is_draining();
  const bool has_end = exchange->is_chunked && !exchange->is_head;
  exchange->connection->deliver(exchange->place, {has_end ? kLastChunk : std::string_view(), {}, true, closes});
}

}  // namespace modhost::http
