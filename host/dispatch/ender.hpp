// Carries endings from the outbox to the platform: one PATCH each, tried again until it arrives, also after a restart.
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "base/mutex.hpp"
#include "config/current.hpp"
#include "journal/journal.hpp"
#include "platform/http_client.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace modhost::dispatch {

class Ender {
 public:
  // Borrows everything for its life; `wake` is called from the client thread when a call has ended.
  Ender(journal::Journal& journal, platform::HttpClient& client, const config::Current& config, const Clock& clock,
        telemetry::Log& log, telemetry::Metrics& metrics, std::function<void()> wake);
  ~Ender();

  // Starts a call for every due ending that has none. [dispatcher thread]
  void pump();
  // No call runs any more, or the deadline has come.
  void wait_idle(Deadline deadline);

 private:
  class State;
  void send(journal::OutboxItem item);
  const config::Current& config_;
  platform::HttpClient& client_;
  const Clock& clock_;
  journal::Journal& journal_;
  std::shared_ptr<State> state_;  // shared with the calls in flight, which may outlive this object
};

}  // namespace modhost::dispatch
