// A server for tests: answers with method, target and body, at once or from a thread of its own.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "http/server.hpp"

namespace modhost::http::test {

// Runs tasks on one thread, in order.
class Answerer {
 public:
  Answerer();
  ~Answerer();
  void post(std::function<void()> task);

 private:
  void run();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool is_stopping_ = false;
  std::thread thread_;
};

class EchoServer {
 public:
  enum class From { kHttpThread, kOtherThread };
  explicit EchoServer(ServerOptions options = {}, From from = From::kOtherThread, Server::HeadCheck head_check = {});
  EchoServer(ServerOptions options, Server::Handler handler, Server::HeadCheck head_check = {});
  EchoServer(ServerOptions options, const Clock& clock, Server::Handler handler);

  Server& operator*() { return server_; }
  Server* operator->() { return &server_; }

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  static Response echo(const Request& request);

 private:
  void begin();
  SystemClock clock_;
  Answerer answerer_;
  Server server_;
};

// Keeps the requests until the test answers them.
class HoldingServer {
 public:
  explicit HoldingServer(ServerOptions options = {});
  HoldingServer(ServerOptions options, const Clock& clock);

  Server* operator->() { return &*server_; }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  bool wait_for(std::size_t count);  // until so many are held
  std::pair<Request, Responder> take(std::size_t index);
  void answer(std::size_t index, std::string body, bool closes = false);

 private:
  void hold(Request request, Responder responder);
  std::mutex mutex_;
  std::vector<std::pair<Request, Responder>> held_;
  EchoServer server_;
};

}  // namespace modhost::http::test
