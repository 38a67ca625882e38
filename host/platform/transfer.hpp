// One attempt of a call on one libcurl easy handle: what is sent, and what is done with each piece of the answer.
#pragma once

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/call_table.hpp"
#include "platform/curl_client.hpp"
#include "platform/retry_policy.hpp"

namespace modhost::platform {

template <auto kFree>
struct FreeWith {
  template <class T>
  void operator()(T* handle) const {
    kFree(handle);
  }
};
using EasyHandle = std::unique_ptr<CURL, FreeWith<curl_easy_cleanup>>;
using MultiHandle = std::unique_ptr<CURLM, FreeWith<curl_multi_cleanup>>;
using ShareHandle = std::unique_ptr<CURLSH, FreeWith<curl_share_cleanup>>;
using HeaderLines = std::unique_ptr<curl_slist, FreeWith<curl_slist_free_all>>;
using UrlHandle = std::unique_ptr<CURLU, FreeWith<curl_url_cleanup>>;

// What an attempt came to, and what has to happen next.
struct AttemptResult {
  Result<void> outcome;                            // for on_done when there is no further attempt
  std::optional<std::chrono::milliseconds> pause;  // another attempt after it
  std::optional<HttpResponse> held;                // a complete answer the sink has not seen
  long connections = 0;                            // opened for it
};

// Client thread only. Handles are reused: a Transfer serves one attempt after another.
class Transfer {
 public:
  // The options and the policy outlive the transfer; `share` holds the TLS sessions. Nothing: out of memory.
  static std::unique_ptr<Transfer> make(const CurlClientOptions& options, const RetryPolicy& policy, CURLSH* share);

  Transfer(const RetryPolicy& policy, CURL* handle) : policy_(policy), easy_(handle) {}  // takes the handle

  [[nodiscard]] CURL* handle() const { return easy_.get(); }
  static Transfer* of(CURL* handle);
  [[nodiscard]] const std::shared_ptr<Call>& call() const { return call_; }

  // Makes the handle ready to be added to a multi handle. `time_left` is what the call's deadline leaves.
  Result<void> begin(std::shared_ptr<Call> call, std::chrono::milliseconds time_left);
  // The attempt ended with this code, and the handle has not been touched since.
  AttemptResult end(CURLcode code);
  // Lets go of the call; the handle is in no multi handle any more.
  void reset();
  // The call's pause wish may have ended: delivers on. Not ok: the attempt failed by that.
  CURLcode resume();

 private:
  enum class Stop { kNone, kCancelled, kRefused, kTooLarge, kHeadTooLarge, kRepeat };

  CURLcode set_constant_options(const CurlClientOptions& options, CURLSH* share);
  CURLcode set_method();
  bool add_header(const char* line);
  static std::size_t on_header_line(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int on_request(void* self, char* to, char* from, int to_port, int from_port);
  bool take_header_line(std::string_view line);
  bool take_head();
  std::size_t take_body(std::string_view chunk);
  std::size_t deliver(std::string_view chunk);
  bool stop(Stop reason);
  [[nodiscard]] AttemptEnd attempt_end(bool is_complete) const;
  [[nodiscard]] bool is_repeatable() const;
  [[nodiscard]] bool is_attempt_left() const;
  [[nodiscard]] bool is_request_sent() const;
  Error failure(CURLcode code) const;

  const RetryPolicy& policy_;
  EasyHandle easy_;
  std::shared_ptr<Call> call_;
  HeaderLines headers_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  HttpResponse answer_;
  std::size_t head_bytes_ = 0, body_bytes_ = 0;
  std::string retry_after_;
  std::optional<std::chrono::milliseconds> pause_;
  Stop stop_ = Stop::kNone;
  bool is_head_complete_ = false;
  bool is_holding_ = false;
  bool is_paused_ = false;
  bool is_asked_ = false;  // libcurl was about to send the request once
  long bytes_before_ = 0;  // sent to a proxy before the request itself
};

}  // namespace modhost::platform
