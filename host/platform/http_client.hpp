// The seam to the outside: asynchronous HTTP calls. The real one is CurlClient (one thread, one multi handle,
// keep-alive pools); tests and `modhost/testing.hpp` use fakes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"

namespace modhost::platform {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // absolute
  HeaderList headers;
  std::string body;
  Deadline deadline;  // of all attempts together; never past the event's attempt deadline
  std::size_t response_bytes_max = limits::kResponseBytesMax;
  bool safe_to_repeat = false;  // a POST may be sent again although bytes of it were sent
  int attempts_max = limits::kCallAttemptsMax;
  bool is_wanted_once_sent = false;  // cancel() ends it only while no attempt is under way: the answer is needed
  std::string group;  // the module that calls, empty for the host: no group takes all connections from the others
};

using CallId = std::uint64_t;  // never 0, never used twice

// Where an answer goes. Called on the client thread, one at a time per call: on_head once per answer that is delivered
// (never for an attempt that is retried), on_data any number of times, on_done exactly once and last. Must not block.
class Sink {
 public:
  virtual ~Sink() = default;
  // False aborts the call.
  virtual bool on_head(int status, const HeaderList& headers) = 0;
  virtual bool on_data(std::string_view chunk) = 0;
  // ok: a complete answer was received, whatever its status. Otherwise kTimeout, kUnavailable, kGone (cancelled), kFull
  // (response too large), kInvalid.
  virtual void on_done(Result<void> outcome) = 0;
};

struct HttpResponse {
  int status = 0;
  HeaderList headers;
  std::string body;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // The sink is kept until on_done has returned. On an error no callback is made. [any]
  virtual Result<CallId> start(HttpRequest request, std::shared_ptr<Sink> sink) = 0;
  // on_done follows with kGone unless it ran already. [any]
  virtual void cancel(CallId call) = 0;
  // Backpressure: no on_data while paused. [any]
  virtual void pause(CallId call, bool paused) = 0;
};

// Collects a whole answer; done runs on the client thread.
std::shared_ptr<Sink> collect(std::function<void(Result<HttpResponse>)> done);

}  // namespace modhost::platform
