#include "unit/http/echo_server.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace modhost::http::test {

Answerer::Answerer() : thread_([this] { run(); }) {}

Answerer::~Answerer() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Answerer::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
}

void Answerer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

Response EchoServer::echo(const Request& request) {
  Response response;
  response.content_type = "text/plain";
  response.body = request.method + " " + request.target + "\n" + request.body;
  return response;
}

EchoServer::EchoServer(ServerOptions options, From from, Server::HeadCheck head_check)
    : server_(
          std::move(options), clock_,
          [this, from](Request request, Responder responder) {
            if (from == From::kHttpThread) {
              responder.respond(echo(request));
              return;
            }
            auto shared = std::make_shared<std::pair<Request, Responder>>(std::move(request), std::move(responder));
            answerer_.post([shared] { shared->second.respond(echo(shared->first)); });
          },
          std::move(head_check)) {
  begin();
}

EchoServer::EchoServer(ServerOptions options, Server::Handler handler, Server::HeadCheck head_check)
    : server_(std::move(options), clock_, std::move(handler), std::move(head_check)) {
  begin();
}

void EchoServer::begin() {
  const auto bound = server_.bind();
  EXPECT_TRUE(bound.has_value()) << (bound ? "" : bound.error().message);
  server_.start();
}

}  // namespace modhost::http::test
