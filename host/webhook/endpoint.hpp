// The front door: POST <webhook path>, GET /health, GET /. Turns HTTP into a RawRequest and ingest's answer into HTTP.
#pragma once

#include <set>
#include <string>

#include "config/config.hpp"
#include "http/server.hpp"
#include "ingest/ingest.hpp"
#include "webhook/client_address.hpp"

namespace modhost::webhook {

class Endpoint {
 public:
  // Borrows everything for its life. The paths are those of the configured apps.
  Endpoint(const config::Config& config, ingest::Ingest& ingest, const Clock& clock);

  Result<void> bind() { return server_.bind(); }
  void start() { server_.start(); }
  // Still accepts and answers; returns when nothing is in flight or at the deadline. The listener closes last.
  void drain(Deadline deadline) { server_.drain(deadline); }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  [[nodiscard]] http::ServerCounters counters() const { return server_.counters(); }

 private:
  http::HeadVerdict check(const http::Request& head) const;
  void handle(http::Request request, http::Responder responder);

  const std::set<std::string> paths_;
  const std::size_t body_bytes_max_;
  const ClientAddresses clients_;
  ingest::Ingest& ingest_;
  http::Server server_;
};

}  // namespace modhost::webhook
