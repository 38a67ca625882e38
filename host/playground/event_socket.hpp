// The platform's event stream for modules without a public endpoint: server-sent events whose data is the body that a
// webhook would get. No signature, no replay, closed after ten minutes without warning. (Dossier 6.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.hpp"
#include "playground/api.hpp"
#include "playground/model.hpp"
#include "playground/worker.hpp"

namespace modhost::playground {

inline constexpr std::string_view kEventSocketPath = "/public/event-socket/events/stream";

class EventSocket {
 public:
  // The worker must be stopped before this object goes.
  EventSocket(const Clock& clock, Worker& worker, Credentials credentials,
              std::chrono::milliseconds lifetime = std::chrono::minutes(10));

  void watch(const http::Request& request, http::Responder responder);  // [any thread]
  void publish(const EventRecord& event);                               // to who subscribed to it [any thread]
  void end();                                                           // after the worker has stopped

 private:
  struct Watcher {
    std::uint64_t number = 0;
    std::string company_id;
    std::vector<std::string> names;
    http::Responder responder;
  };
  void add(Watcher watcher);
  void close(std::uint64_t number);

  const Clock& clock_;
  Worker& worker_;
  const Credentials credentials_;
  const std::chrono::milliseconds lifetime_;
  std::uint64_t last_number_ = 0;  // worker's thread only
  std::vector<Watcher> watchers_;  // worker's thread only
};

}  // namespace modhost::playground
