#include "unit/http/echo_server.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "unit/http/raw_client.hpp"

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

EchoServer::EchoServer(ServerOptions options, const Clock& clock, Server::Handler handler)
    : server_(std::move(options), clock, std::move(handler)) {
  begin();
}

void EchoServer::begin() {
  const auto bound = server_.bind();
  EXPECT_TRUE(bound.has_value()) << (bound ? "" : bound.error().message);
  server_.start();
}

HoldingServer::HoldingServer(ServerOptions options)
    : server_(std::move(options),
              [this](Request request, Responder responder) { hold(std::move(request), std::move(responder)); }) {}

HoldingServer::HoldingServer(ServerOptions options, const Clock& clock)
    : server_(std::move(options), clock,
              [this](Request request, Responder responder) { hold(std::move(request), std::move(responder)); }) {}

void HoldingServer::hold(Request request, Responder responder) {
  const std::lock_guard lock(mutex_);
  held_.emplace_back(std::move(request), std::move(responder));
}

bool HoldingServer::wait_for(std::size_t count) {
  return eventually([&] {
    const std::lock_guard lock(mutex_);
    return held_.size() >= count;
  });
}

std::pair<Request, Responder> HoldingServer::take(std::size_t index) {
  const std::lock_guard lock(mutex_);
  auto taken = std::move(held_.at(index));
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
  return taken;
}

void HoldingServer::answer(std::size_t index, std::string body, bool closes) {
  Response response;
  response.body = std::move(body);
  response.close = closes;
  take(index).second.respond(response);
}

}  // namespace modhost::http::test
