// A raw-socket HTTP server that does what a test tells it: answers per script, and every way to misbehave.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modhost::test {

struct ScriptedRequest {
  std::string method, target;  // the target as sent: with a host when it came to a proxy
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  int connection = 0;            // counted from 1
  int number_on_connection = 0;  // counted from 1
  // The first header of this name, whatever its case; empty when there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
};

struct ScriptedAnswer {
  enum class Way {
    kWhole,         // Content-Length and the body
    kChunked,       // every byte of the body as a chunk when it is short, else pieces of 1 KiB
    kUntilClose,    // no length, the end of the connection is the end of the body
    kCloseMidBody,  // half of the promised body, then the connection is closed
    kCloseUnread,   // nothing is answered, the connection is closed
    kReset,         // nothing is answered, the connection is reset
    kNever,         // nothing is answered, the connection stays open
    kDrip,          // like kWhole, byte by byte, for ever after the last: the body never ends
    kStall,         // head and half of the body, then nothing
    kRaw,           // the body's bytes are all that is sent
    kTunnel         // 200 to a CONNECT, then bytes go to and fro between the client and `tunnel_port`
  };
  int status = 200;
  std::string body = "{}";
  std::vector<std::pair<std::string, std::string>> headers = {};
  Way way = Way::kWhole;
  bool close_after = false;  // keep-alive is promised, and then the idle connection is closed
  std::uint16_t tunnel_port = 0;
};

// Threads: one accepts, one serves each connection. The handler runs on a connection's thread. All calls are
// thread-safe.
class ScriptedServer {
 public:
  using Handler = std::function<ScriptedAnswer(const ScriptedRequest&)>;

  // Answers with what was enqueued, in order; after that, or without, with what the handler says.
  explicit ScriptedServer(Handler handler = [](const ScriptedRequest&) { return ScriptedAnswer{}; });
  ~ScriptedServer();  // cuts every connection
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  void enqueue(ScriptedAnswer answer);
  // The next connections are reset as soon as they are accepted.
  void reset_next_connections(int count);
  // Cuts the connections that are open now.
  void cut_connections();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url(std::string_view target = "") const;  // http://127.0.0.1:<port><target>
  [[nodiscard]] std::vector<ScriptedRequest> requests() const;
  [[nodiscard]] int connections() const;  // accepted so far
  // Wait for what happens on other threads, at most 10 s; false when it did not.
  bool wait_for_requests(std::size_t count) const;
  bool wait_for_open_connections(std::size_t count) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A port of the loopback address on which nothing listens: bound, never listening, as long as this lives.
class DeadPort {
 public:
  DeadPort();
  ~DeadPort();
  DeadPort(const DeadPort&) = delete;
  DeadPort& operator=(const DeadPort&) = delete;
  [[nodiscard]] std::string url(std::string_view target = "") const;

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

// A port that answers no handshake: it listens and its backlog is full.
class FullPort {
 public:
  FullPort();
  ~FullPort();
  FullPort(const FullPort&) = delete;
  FullPort& operator=(const FullPort&) = delete;
  [[nodiscard]] std::string url(std::string_view target = "") const;

 private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::vector<int> fillers_;
};

}  // namespace modhost::test
