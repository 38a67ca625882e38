// The one HTTP/1.1 server class; webhook, admin and stand-in each use an instance. It listens and reads through
// Pistache's TCP listener and reactor and does framing, limits, timeouts and sending itself (docs/adr explains why).
// Answers may come from any thread, in any order: they leave in the order of the requests.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "http/message.hpp"

namespace modhost::http {

// The right and the duty to answer one request, once, from any thread. Dropped unanswered it answers 503. A connection
// that has gone swallows the answer. Movable and cheap; outlives the server safely.
class Responder {
 public:
  Responder() = default;
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&&) noexcept;
  ~Responder();

  void respond(const Response& response);  // [any]
  [[nodiscard]] bool is_pending() const { return exchange_ != nullptr; }

  // A response whose body is written in pieces (chunked): used for server-sent events. After begin_stream(), write()
  // until it returns false (the peer has gone or does not read), then end_stream().
  void begin_stream(const Response& head);
  bool write(std::string_view chunk);
  void end_stream();

  struct Exchange;  // the server's
  explicit Responder(std::shared_ptr<Exchange> exchange);

 private:
  std::shared_ptr<Exchange> exchange_;
};

// What the head of a request allows, asked before its body is read: reject early with e.g. 404, 405, or set the
// largest body this path takes. nullopt: go on.
struct HeadVerdict {
  std::optional<Response> reject;
  std::size_t body_bytes_max = limits::kBodyBytesMax;
};

struct ServerOptions {
  std::string name = "http";          // for logs and metrics: "webhook", "admin", "playground"
  std::string address = "127.0.0.1";  // IPv4, IPv6 (with or without brackets) or a host name of this machine
  std::uint16_t port = 0;             // 0: any free one, see port()
  int threads = 2;
  int backlog = limits::kListenBacklog;
  std::size_t connections_max = limits::kConnectionsMax;
  std::size_t head_bytes_max = limits::kHeadBytesMax;
  std::size_t body_bytes_max = limits::kBodyBytesMax;
  std::size_t receiving_bytes_max = limits::kReceivingBytesMax;
  std::chrono::milliseconds head_timeout = limits::kHeadTimeout;
  std::chrono::milliseconds body_timeout = limits::kBodyTimeout;
  std::chrono::milliseconds keep_alive_timeout = limits::kKeepAliveTimeout;
  std::chrono::milliseconds write_timeout = limits::kWriteTimeout;
  std::chrono::milliseconds answer_timeout{0};  // then the server answers 503 and drops the late answer; 0 = never
};

struct ServerCounters {
  std::uint64_t connections_open = 0, connections_total = 0, connections_refused = 0;
  std::uint64_t requests_total = 0, requests_in_flight = 0, bad_requests = 0, timeouts = 0, too_large = 0;
};

class Server {
 public:
  // Runs on an http thread for every complete request; must not block. Exceptions become 503.
  using Handler = std::function<void(Request request, Responder responder)>;
  using HeadCheck = std::function<HeadVerdict(const Request& head)>;

  Server(ServerOptions options, const Clock& clock, Handler handler, HeadCheck head_check = {});
  ~Server();  // stop() with no grace if still running
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and listens, or says what, where and how to mend it ("port 8080 on 127.0.0.1 is taken ..."). Bound means
  // clients queue in the backlog until start().
  Result<void> bind();
  void start();  // serve; bind() first

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] ServerCounters counters() const;

  // Graceful end: from now on answers carry Connection: close, idle connections are closed, new ones still served until
  // no request is in flight or the deadline has come; then the listener closes. Blocks. [main thread]
  void drain(Deadline deadline);
  void stop();  // at once

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Raises RLIMIT_NOFILE to its hard limit; the limit in force.
std::size_t raise_descriptor_limit();

}  // namespace modhost::http
