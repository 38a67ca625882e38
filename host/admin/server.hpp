// The operator's listener, loopback by default: /livez, /readyz and /metrics are open, everything else needs the admin
// token. Read-only. Reads of the journal run on a thread of their own: http threads block on epoll only.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/bounded_queue.hpp"
#include "base/secret.hpp"
#include "config/config.hpp"
#include "http/server.hpp"
#include "journal/journal.hpp"
#include "plugin/runtime.hpp"
#include "telemetry/metrics.hpp"

namespace modhost::admin {

struct Readiness {
  bool is_ready = true;
  std::string why;  // when not
};

struct Sources {
  std::function<Readiness()> readiness;
  std::function<std::vector<plugin::RuntimeStatus>()> modules;
};

class Server {
 public:
  // Borrows the journal, the metrics and the clock for its life.
  Server(const config::Config& config, Secret token, journal::Journal& journal, telemetry::Metrics& metrics,
         Sources sources, const Clock& clock);
  ~Server();

  Result<void> bind() { return server_.bind(); }
  void start();
  void stop();
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

 private:
  using Job = std::function<void()>;
  void handle(http::Request request, http::Responder responder);
  http::Response open_page(const http::Request& request);
  http::Response api(const http::Request& request);
  http::Response events(const http::Request& request);
  http::Response event(std::string_view seq);
  http::Response modules();
  [[nodiscard]] bool is_local(const http::Request& request) const;
  [[nodiscard]] bool is_authorised(const http::Request& request) const;

  const Secret token_;
  const std::string host_;
  journal::Journal& journal_;
  telemetry::Metrics& metrics_;
  const Sources sources_;
  BoundedQueue<Job> jobs_;
  http::Server server_;
  std::thread reader_;
};

}  // namespace modhost::admin
