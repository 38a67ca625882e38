// The real HttpClient: one thread, libcurl multi handles on epoll, bounded keep-alive pools, HTTP/1.1. It never
// follows redirects, never reads proxy variables of the environment, always verifies certificates, and sends a POST a
// second time only when RetryPolicy allows it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "platform/http_client.hpp"
#include "platform/retry_policy.hpp"

namespace modhost::platform {

struct CurlClientOptions {
  config::HttpClientConfig http = {};  // proxy, CA file, client certificate
  std::chrono::milliseconds connect_timeout = limits::kConnectTimeout;
  std::size_t calls_max = limits::kCallsMax;  // alive at once, then start() answers kFull
  RetryPauses pauses = {};
};

// Counted since the client was made.
struct CurlClientStats {
  std::uint64_t calls = 0;        // started
  std::uint64_t attempts = 0;     // sent or tried to be sent
  std::uint64_t connections = 0;  // opened
  std::uint64_t in_flight = 0;    // now
};

// Thread-safe. The clock outlives the client. Destruction ends every call with kGone and joins the thread, so it must
// not happen on the client thread, that is in a sink. Sinks must not throw.
class CurlClient final : public HttpClient {
 public:
  struct Impl;
  explicit CurlClient(std::unique_ptr<Impl> impl);  // for open()
  // kInvalid: a file of options.http can not be used or the proxy is no URL. kUnavailable: no descriptors left.
  static Result<std::unique_ptr<CurlClient>> open(const Clock& clock, CurlClientOptions options = {});
  ~CurlClient() override;

  // kInvalid: a URL, method or header that can not be sent. kFull: calls_max. Deadlines later than kCallTimeoutMax are
  // brought forward to it.
  Result<CallId> start(HttpRequest request, std::shared_ptr<Sink> sink) override;
  void cancel(CallId call) override;
  void pause(CallId call, bool paused) override;

  [[nodiscard]] CurlClientStats stats() const;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace modhost::platform
