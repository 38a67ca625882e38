// modhost.event/1, message-shaped: the events an instance has open, by handle. Doing what an end leaves to do, in the
// right order, is its whole business.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/handle_table.hpp"
#include "services/open_event.hpp"

namespace modhost::services {

// Thread-safe.
class EventService {
 public:
  using EndListener = std::function<void(OpenEvent&, EventEnd)>;

  // ended runs once per event that was admitted, on any thread, after the event's place is free again when the plugin
  // has finished it. place_freed runs when the plugin finishes an event the host had given up.
  EventService(std::uint16_t tag, std::size_t in_flight, EndListener ended, std::function<void()> place_freed)
      : events_(tag, in_flight), ended_(std::move(ended)), place_freed_(std::move(place_freed)) {}

  // Host side. False: no place is free.
  bool admit(const std::shared_ptr<OpenEvent>& event);
  void give_up(OpenEvent& event, modhost_status status, std::string detail);
  // True: the plugin is to be told. An event that never began ends here.
  bool ask_to_cancel(OpenEvent& event, std::int32_t reason, Deadline give_up_at);
  // What on_event returned, or that it threw. False: the event had been finished before.
  bool returned(OpenEvent& event, Answer answer);
  [[nodiscard]] std::size_t unfinished() const { return events_.size(); }
  [[nodiscard]] std::vector<std::shared_ptr<OpenEvent>> all() const { return events_.all(); }
  // After destroy: the plugin has finished with everything.
  void forget_all();

  // Plugin side.
  modhost_status complete(Handle id, Answer answer);
  std::int32_t cancelled(Handle id);
  modhost_status extend(Handle id, std::int64_t more_ms, Deadline& holds_now);
  modhost_status leave_turn_open(Handle id);
  // Null when it is not open any more; why() says how so.
  std::shared_ptr<OpenEvent> find(Handle id) { return events_.find(id); }
  modhost_status why(Handle id) {
    return events_.state(id) == HandleState::kInvalid ? MODHOST_E_INVALID : MODHOST_E_GONE;
  }

 private:
  void settle(OpenEvent& event, Ending ending);

  HandleTable<OpenEvent> events_;
  const EndListener ended_;
  const std::function<void()> place_freed_;
};

}  // namespace modhost::services
