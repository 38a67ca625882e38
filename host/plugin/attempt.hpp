// One attempt in this process: the open event, the C view of it that the plugin borrows, and the timers of its end.
#pragma once

#include <modhost/plugin.h>

#include <atomic>
#include <memory>
#include <string>

#include "executor/lane.hpp"
#include "executor/watchdog.hpp"
#include "plugin/runtime.hpp"
#include "services/open_event.hpp"

namespace modhost::plugin {

class Attempt final : public services::OpenEvent {
 public:
  // `budget`: how long on_event and what follows may take, from the moment it begins.
  Attempt(AttemptInput input, std::chrono::nanoseconds budget, Deadline limit, OutcomeListener listener);

  // What the plugin borrows as long as this object lives. Once, before on_event. `module_name` lives for ever.
  const modhost_event& lend(modhost_str module_name, Deadline deadline);

  const std::chrono::nanoseconds budget;
  std::atomic<executor::Lane::Ticket> ticket{0};  // of on_event
  std::atomic<executor::Watchdog::EntryId> timer{0};
  Mutex arming;  // held while a timer takes the place of another
  std::atomic<SteadyTime> started_at{SteadyTime{}};
  std::atomic<bool> has_thrown{false};

  // Once. Maps the event's end to the dispatcher's words.
  void tell(services::EventEnd end);

 private:
  const std::string idempotency_key_, checkpoint_;
  const unsigned attempts_max_;
  const std::uint32_t flags_;
  const UnixMillis first_received_;
  OutcomeListener listener_;
  modhost_event lent_{};
};

// What an end means for the dispatcher.
Outcome outcome_of(services::EventEnd end, bool has_thrown);

}  // namespace modhost::plugin
