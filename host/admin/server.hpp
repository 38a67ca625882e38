// The operator's listener, loopback by default: /livez, /readyz and /metrics are open, everything else needs the admin
// token. What reads or changes the journal runs on threads of its own, for http threads block on epoll only: reads on
// one, actions on another, and backups, which take long, on a third.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "admin/desk.hpp"
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
  // Borrows the journal, its operations, the metrics and the clock for its life.
  Server(const config::Config& config, Secret token, journal::Journal& journal, journal::Operations& operations,
         telemetry::Metrics& metrics, Sources sources, Actions actions, const Clock& clock);
  ~Server();

  Result<void> bind() { return server_.bind(); }
  void start();
  void stop();
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

 private:
  // One thread and what waits for it.
  class Lane {
   public:
    using Job = std::function<void()>;
    explicit Lane(std::size_t capacity) : jobs_(capacity) {}
    void start();
    void stop();
    [[nodiscard]] bool try_push(Job&& job) { return jobs_.try_push(std::move(job)); }

   private:
    BoundedQueue<Job> jobs_;
    std::thread thread_;
  };
  void handle(http::Request request, http::Responder responder);
  http::Response open_page(const http::Request& request);
  http::Response api(const http::Request& request);
  http::Response events(const http::Request& request);
  http::Response event(std::string_view seq);
  http::Response modules();
  http::Response audit(const http::Request& request);
  [[nodiscard]] bool is_local(const http::Request& request) const;
  [[nodiscard]] bool is_authorised(const http::Request& request) const;

  const Secret token_;
  const std::string host_;
  const Clock& clock_;
  journal::Journal& journal_;
  journal::Operations& operations_;
  telemetry::Metrics& metrics_;
  const Sources sources_;
  Desk desk_;
  Lane reads_, actions_, backups_;
  http::Server server_;
};

}  // namespace modhost::admin
