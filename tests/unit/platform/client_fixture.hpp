// A CurlClient with short pauses, and a way to wait for its answers.
#pragma once

#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>
#include <utility>

#include "platform/curl_client.hpp"
#include "support/scripted_server.hpp"

namespace modhost::platform::test {

using modhost::test::DeadPort;
using modhost::test::ScriptedAnswer;
using modhost::test::ScriptedRequest;
using modhost::test::ScriptedServer;
using Way = ScriptedAnswer::Way;
using namespace std::chrono_literals;

// Keeps all that a sink is told; wait() returns when on_done has run.
class Recorder final : public Sink {
 public:
  bool on_head(int status, const HeaderList& headers) override {
    const std::lock_guard lock(mutex_);
    ++heads_;
    response_.status = status;
    response_.headers = headers;
    changed_.notify_all();
    return !refuse_head;
  }
  bool on_data(std::string_view chunk) override {
    const std::lock_guard lock(mutex_);
    ++chunks_;
    response_.body += chunk;
    changed_.notify_all();
    return !refuse_data;
  }
  void on_done(Result<void> outcome) override {
    const std::lock_guard lock(mutex_);
    ++done_;
    outcome_ = std::move(outcome);
    changed_.notify_all();
  }

  // The outcome, or kInternal when there is none after 20 s.
  Result<void> wait() {
    if (!wait_until([this] { return done_ > 0; })) return internal_error("no on_done");
    const std::lock_guard lock(mutex_);
    return outcome_;
  }
  bool wait_for_head() {
    return wait_until([this] { return heads_ > 0; });
  }
  bool wait_for_body(std::size_t size) {
    return wait_until([this, size] { return response_.body.size() >= size; });
  }
  HttpResponse response() const {
    const std::lock_guard lock(mutex_);
    return response_;
  }
  int heads() const { return locked(heads_); }
  int chunks() const { return locked(chunks_); }
  int done() const { return locked(done_); }

  bool refuse_head = false, refuse_data = false;  // set before the call starts

 private:
  template <class Ready>
  bool wait_until(Ready ready) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, ready);
  }
  int locked(const int& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  HttpResponse response_;
  Result<void> outcome_ = internal_error("not done");
  int heads_ = 0, chunks_ = 0, done_ = 0;
};

inline CurlClientOptions through(std::string proxy, std::filesystem::path ca_file = {},
                                 std::filesystem::path client_cert = {}) {
  CurlClientOptions options;
  options.http = {std::move(proxy), std::move(ca_file), std::move(client_cert)};
  return options;
}

inline Code code_of(const Result<void>& outcome) { return outcome ? Code::kInternal : outcome.error().code; }

class CurlClientTest : public testing::Test {
 protected:
  // Pauses of a millisecond; everything else as in production.
  void open(CurlClientOptions options = {}) {
    options.pauses.first = options.pauses.second = 1ms;
    auto client = CurlClient::open(clock_, std::move(options));
    ASSERT_TRUE(client) << client.error().message;
    client_ = *std::move(client);
  }
  void SetUp() override { open(); }

  HttpRequest request(std::string method, std::string url, std::string body = {}) const {
    HttpRequest request;
    request.method = std::move(method);
    request.url = std::move(url);
    request.body = std::move(body);
    request.deadline = Deadline::after(clock_, 20s);
    return request;
  }
  std::pair<CallId, std::shared_ptr<Recorder>> start(HttpRequest request) {
    auto recorder = std::make_shared<Recorder>();
    const auto id = client_->start(std::move(request), recorder);
    EXPECT_TRUE(id) << id.error().message;
    return {id.value_or(0), recorder};
  }
  // Starts and waits.
  std::pair<Result<void>, std::shared_ptr<Recorder>> call(HttpRequest what) {
    const auto recorder = start(std::move(what)).second;
    return {recorder->wait(), recorder};
  }

  SystemClock clock_;
  std::unique_ptr<CurlClient> client_;
};

}  // namespace modhost::platform::test
