// The front door: POST <webhook path>, GET /health, GET /. Turns HTTP into a RawRequest and ingest's answer into HTTP.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "base/mutex.hpp"
#include "config/config.hpp"
#include "http/server.hpp"
#include "ingest/ingest.hpp"
#include "webhook/client_address.hpp"

namespace modhost::webhook {

class Endpoint {
 public:
  // Borrows everything for its life. The paths are those of the configured apps.
  Endpoint(const config::Config& config, ingest::Ingest& ingest, const Clock& clock);

  // Takes paths and body limit from here on from this configuration. [any thread]
  void replace(const config::Config& config);

  Result<void> bind() { return server_.bind(); }
  void start() { server_.start(); }
  // Still accepts and answers; returns when nothing is in flight or at the deadline. The listener closes last.
  void drain(Deadline deadline) { server_.drain(deadline); }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  [[nodiscard]] http::ServerCounters counters() const { return server_.counters(); }

 private:
  http::HeadVerdict check(const http::Request& head) const;
  void handle(http::Request request, http::Responder responder);

  struct Door {
    std::set<std::string> paths;
    std::size_t body_bytes_max = 0;
  };
  static std::shared_ptr<const Door> door_of(const config::Config& config);
  [[nodiscard]] std::shared_ptr<const Door> door() const;

  mutable Mutex mutex_;
  std::shared_ptr<const Door> door_ GUARDED_BY(mutex_);
  const ClientAddresses clients_;
  ingest::Ingest& ingest_;
  http::Server server_;
};

}  // namespace modhost::webhook
