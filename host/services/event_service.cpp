#include "services/event_service.hpp"

#include "services/call.hpp"

namespace modhost::services {

bool EventService::admit(const std::shared_ptr<OpenEvent>& event) {
  const auto id = events_.reserve();
  if (!id) return false;
  event->set_id(*id);
  events_.fill(*id, event);
  return true;
}

void EventService::give_up(OpenEvent& event, modhost_status status, std::string detail) {
  settle(event, event.give_up(status, std::move(detail)));
}

bool EventService::ask_to_cancel(OpenEvent& event, std::int32_t reason, Deadline give_up_at) {
  Ending ending;
  const auto asked = event.ask_to_cancel(reason, give_up_at, ending);
  if (asked == OpenEvent::Cancel::kNeverBegan) give_up(event, MODHOST_E_CANCELLED, "cancelled before it began");
  settle(event, std::move(ending));
  return asked == OpenEvent::Cancel::kAsked;
}

bool EventService::returned(OpenEvent& event, Answer answer) {
  Ending ending = event.finish(std::move(answer));
  const bool was_open = ending.is_loan_over;
  settle(event, std::move(ending));
  return was_open;
}

void EventService::forget_all() {
  for (const auto& event : events_.all()) {
    settle(*event, event->give_up(MODHOST_E_CLOSED, "the instance is destroyed"));
    events_.erase(event->id());
  }
}

modhost_status EventService::complete(Handle id, Answer answer) {
  if (answer.status == MODHOST_PENDING) return MODHOST_E_INVALID;
  const auto event = events_.find(id);
  if (!event) return why(id);
  Ending ending = event->finish(std::move(answer));
  const modhost_status status = ending.answer;
  settle(*event, std::move(ending));
  return status;
}

std::int32_t EventService::cancelled(Handle id) {
  const auto event = events_.find(id);
  return event ? event->cancelled() : why(id);
}

modhost_status EventService::extend(Handle id, std::int64_t more_ms, Deadline& holds_now) {
  // A year is more than any deadline and far from overflowing.
  constexpr std::int64_t kMoreMax = 365ll * 24 * 3600 * 1000;
  if (more_ms < 0 || more_ms > kMoreMax) return MODHOST_E_INVALID;
  const auto event = events_.find(id);
  return event ? event->extend(std::chrono::milliseconds(more_ms), holds_now) : why(id);
}

modhost_status EventService::leave_turn_open(Handle id) {
  const auto event = events_.find(id);
  return event ? event->leave_turn_open() : why(id);
}

// The place is free before the end is told: whoever hears of it may fill it at once.
void EventService::settle(OpenEvent& event, Ending ending) {
  for (const auto& call : ending.calls) call->cancel(MODHOST_E_CANCELLED);
  const bool is_place_free = ending.is_loan_over && events_.erase(event.id());
  if (ending.end)
    ended_(event, std::move(*ending.end));
  else if (is_place_free && place_freed_)
    place_freed_();
}

}  // namespace modhost::services
