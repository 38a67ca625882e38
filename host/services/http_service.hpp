// modhost.http/1, message-shaped: calls of a plugin to the platform on behalf of a live event, and to origins that its
// grants name. The host adds base URL, credentials, user and company; the plugin never sees them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "config/current.hpp"
#include "journal/open_steps.hpp"
#include "services/call.hpp"
#include "services/event_service.hpp"

namespace modhost::services {

// Limits of one call. The platform's own client sends eight headers and bodies of a few KiB.
inline constexpr std::size_t kCallHeadersMax = 64;
inline constexpr std::size_t kCallHeadBytesMax = 64 * 1024;         // target and headers together
inline constexpr std::size_t kCallBodyBytesMax = 16 * 1024 * 1024;  // as the largest answer

struct HttpCall {
  bool is_platform = false;
  bool is_safe_to_repeat = false;
  std::string method, target;
  HeaderList headers;
  std::string body;
  std::chrono::milliseconds timeout{0};  // 0: as long as the event lets it
  std::uint64_t response_bytes_max = 0;  // 0: the host's limit
  Handle event = 0;                      // 0: none
};

// A failure and why, for operators; ok() otherwise.
struct Refusal {
  modhost_status status = MODHOST_OK;
  std::string detail;
  [[nodiscard]] bool ok() const { return status == MODHOST_OK; }
};

// Thread-safe. Borrows everything but the context.
class HttpService {
 public:
  HttpService(const config::Current& config, const config::ModuleConfig& module, const Clock& clock,
              EventService& events, journal::OpenSteps& steps, std::shared_ptr<CallContext> context);

  // On success the listener hears of the call until on_done, and `started` names it.
  Refusal start(HttpCall call, std::shared_ptr<CallListener> listener, Handle& started);
  // Blocks its thread until the answer is whole. Collects on the client thread, so it never waits for a thread of the
  // lane.
  Refusal perform(HttpCall call, platform::HttpResponse& response);
  modhost_status pause(Handle call, bool is_paused);
  modhost_status cancel(Handle call);
  // Cancels what runs with E_CLOSED; nothing starts from now on. [any]
  void close();

 private:
  Refusal launch(HttpCall call, std::shared_ptr<CallListener> listener, Call::Delivery delivery, Handle& started);
  Refusal check(const HttpCall& call, std::shared_ptr<OpenEvent>& event);
  Refusal build(HttpCall& call, const OpenEvent* event, platform::HttpRequest& request) const;
  [[nodiscard]] Call::Purpose purpose_of(const HttpCall& call, std::shared_ptr<OpenEvent> event) const;
  using StepRecord = journal::OpenSteps::StepRecord;
  void start_recorded(const std::shared_ptr<Call>& running, platform::HttpRequest request,
                      const std::shared_ptr<StepRecord>& record, journal::EventSeq seq);
  [[nodiscard]] const config::App* own_app(const config::Config& config) const;
  [[nodiscard]] bool is_granted(std::string_view url) const;
  modhost_status why(Handle call);

  const config::Current& config_;
  const std::string module_name_, app_id_;
  const Clock& clock_;
  EventService& events_;
  journal::OpenSteps& steps_;
  const std::shared_ptr<CallContext> context_;
  std::vector<std::string> origins_;  // "https://api.acme.com", lower case
  bool is_platform_without_event_ = false;
  std::atomic<bool> is_closed_{false};
};

// "scheme://host[:port]" of an absolute http or https URL in lower case; empty for anything else, for a URL with a user
// in it and for one with characters that have to be percent-encoded.
std::string origin_of(std::string_view url);

}  // namespace modhost::services
