// A local stand-in for the Unique platform and the chat page over it, for `modhost dev` and tests: its own port, its
// own state, real signed HTTP to the host. Not for production.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "platform/http_client.hpp"
#include "playground/model_desk.hpp"

namespace modhost::playground {

struct PlaygroundOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;   // 0: any free one, see port()
  std::string webhook_url;  // where events go; may be set later, see set_webhook_url()
  std::string app_id;
  Secret api_key;                    // what the host must send as Bearer
  Secret endpoint_secret;            // signs the events
  std::vector<std::string> modules;  // one space each
  std::string user_id = "100000000000000001", company_id = "200000000000000002";
  unsigned delivery_retries = 5;
  std::chrono::milliseconds delivery_backoff{200};
  std::filesystem::path knowledge_folder;  // Markdown and text files; empty: the knowledge base inside the program
  std::filesystem::path state_file;        // what is kept is kept here; empty: nothing outlives this object
  ModelSettings model;
};

class Platform;
class Sender;

class Playground {
 public:
  // The host's own view of an event as JSON, or "null" when it has none: {"state", "module", "reason", "detail",
  // "received_at_ms", "updated_at_ms", "timeline": [{"attempt", "started_at_ms", "ended_at_ms", "outcome", "detail"}]}.
  // Called on the playground's thread; may read the disk.
  using HostView = std::function<std::string(const std::string& event_id)>;

  // Borrows clock and client; both outlive this object.
  Playground(const PlaygroundOptions& options, const Clock& clock, platform::HttpClient& client,
             HostView host_view = {});
  ~Playground();  // stop()
  Playground(const Playground&) = delete;
  Playground& operator=(const Playground&) = delete;

  Result<void> bind();                    // reads knowledge and state, listens; says what, where and how to mend it
  void set_webhook_url(std::string url);  // before start()
  void start();                           // bind() first
  void stop();                            // ends streams, cancels deliveries, closes the port, keeps the state; blocks

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string page_url() const;  // "http://127.0.0.1:40123/"
  [[nodiscard]] std::string api_base() const;  // "http://127.0.0.1:40123/public/chat"

  [[nodiscard]] http::ServerCounters counters() const;
  [[nodiscard]] Platform& platform();
  [[nodiscard]] Sender& sender();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Fresh values for `dev`, in the platform's forms: usig_..., ukey_..., app_...
Secret make_endpoint_secret();
Secret make_api_key();
std::string make_app_id();

}  // namespace modhost::playground
