// Notices the stop button. The platform sends no event for it: it sets userAbortedAt on the assistant message, so one
// shared poller looks at the message of every chat that runs or waits for its next attempt. (dossier 5.3; decisions:
// stop poller.)
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "config/current.hpp"
#include "event/event.hpp"
#include "journal/journal.hpp"
#include "platform/http_client.hpp"
#include "telemetry/metrics.hpp"

namespace modhost::dispatch {

// Each running chat is looked at this often, as long as an app has no more than so many calls a second; beyond that
// the time between two looks grows.
inline constexpr std::chrono::milliseconds kStopPollInterval{1000};
inline constexpr int kStopPollsPerSecond = 50;
// One that waits for its next attempt is looked at less often the longer it waits, between these.
inline constexpr std::chrono::milliseconds kStopPollWaiting{2000}, kStopPollWaitingMax{30'000};

class StopPoller {
 public:
  using Pressed = std::function<void(const std::string& module, journal::EventSeq seq)>;

  // Borrows everything for its life. `pressed` runs on the client thread after each look that finds the chat stopped.
  StopPoller(platform::HttpClient& client, const config::Current& config, const Clock& clock,
             telemetry::Metrics& metrics, Pressed pressed);
  ~StopPoller();  // no `pressed` runs after it
  StopPoller(const StopPoller&) = delete;
  StopPoller& operator=(const StopPoller&) = delete;

  // A chat's turn: only those have a stop button.
  static bool has_button(const Event& event);

  // From now until forget(). Nothing for an event without a button. [any]
  void watch(journal::EventSeq seq, std::shared_ptr<const Event> event, const std::string& module);
  // It waits for its next attempt, until watch() is called again.
  void rest(journal::EventSeq seq);
  void forget(journal::EventSeq seq);
  // Starts the calls that are due. When it is to be called again, at the latest. [dispatcher thread]
  SteadyTime pump();

 private:
  class State;
  void look(journal::EventSeq seq, std::uint64_t watch, const Event& event);
  platform::HttpClient& client_;
  const config::Current& config_;
  const Clock& clock_;
  std::shared_ptr<State> state_;  // shared with the calls in flight, which may outlive this object
};

}  // namespace modhost::dispatch
