// The thread of the fake host: it runs the sinks of asynchronous calls step by step, and tasks when they are due.
#pragma once

#include <algorithm>

#include "modhost/testing/fake_services.hpp"

namespace modhost::testing {

inline void FakeHost::Delivery::end(modhost_status result) {
  is_over = true;
  answer.result = result;
  answer.detail.clear();
}

// Calls end with their event.
inline void FakeHost::end(modhost_event_id event, Ended ended) {
  Live& live = events_.at(event);
  ended.left_turn_open = live.leave_turn_open;
  live.ended = std::move(ended);
  for (Delivery& delivery : deliveries_)
    if (delivery.event == event && !delivery.is_over) delivery.end(MODHOST_E_CANCELLED);
  changed_.notify_all();
}

inline bool FakeHost::Delivery::is_ready(std::chrono::milliseconds now) const {
  if (is_over) return true;
  if (answer.is_held || now < due) return false;
  return next == 0 || (!is_paused && (!answer.held_at || next <= *answer.held_at));
}

inline std::list<FakeHost::Delivery>::iterator FakeHost::ready() {
  return std::find_if(deliveries_.begin(), deliveries_.end(),
                      [this](const Delivery& delivery) { return delivery.is_ready(now_); });
}

// When a timer rings or a piece comes, if one will.
inline std::optional<std::chrono::milliseconds> FakeHost::next_moment() const {
  std::optional<std::chrono::milliseconds> next;
  if (!timers_.empty()) next = timers_.begin()->first;
  if (!waits_.empty()) next = std::min(next.value_or(*waits_.begin()), *waits_.begin());
  for (const Delivery& delivery : deliveries_)
    if (delivery.is_ready(std::chrono::milliseconds::max())) next = std::min(next.value_or(delivery.due), delivery.due);
  return next;
}

// Moves the timers that are due to the tasks. While somebody waits and nothing is left to do, time jumps to what is
// next.
inline void FakeHost::ring() {
  if (is_closing_)
    for (Delivery& delivery : deliveries_)
      if (!delivery.is_ready(now_)) delivery.end(MODHOST_E_CLOSED);
  if (awaiting_ > 0 && !is_delivering_ && is_idle())
    if (const auto next = next_moment(); next && *next > now_) {
      now_ = *next;
      changed_.notify_all();
    }
  const auto end = timers_.upper_bound(now_);
  for (auto it = timers_.begin(); it != end; ++it) tasks_.push_back(it->second);
  timers_.erase(timers_.begin(), end);
}

// One step of a call, without the lock while plugin code runs.
inline void FakeHost::step(std::list<Delivery>::iterator delivery, std::unique_lock<std::mutex>& lock) {
  const modhost_http_sink sink = delivery->sink;
  const modhost_call_id call = delivery->call;
  const Answer& answer = delivery->answer;
  const bool is_answered = !delivery->is_over && (answer.result == MODHOST_OK || !answer.pieces.empty());
  if (!is_answered || delivery->next > answer.pieces.size()) {
    const Answer last = answer;
    deliveries_.erase(delivery);
    lock.unlock();
    sink.done(sink.user, call, last.result, to_str(last.detail));
    lock.lock();
    return;
  }
  modhost_status wish = MODHOST_OK;
  if (delivery->next++ == 0) {
    const std::string lines = answer.headers;
    const int status = answer.status;
    lock.unlock();
    std::vector<modhost_kv> headers;
    for (std::size_t begin = 0, end = 0; (end = lines.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const std::string_view line = std::string_view(lines).substr(begin, end - begin);
      const std::size_t colon = std::min(line.find(": "), line.size());
      headers.push_back({to_str(line.substr(0, colon)), to_str(line.substr(std::min(colon + 2, line.size())))});
    }
    if (sink.head != nullptr) wish = sink.head(sink.user, call, status, headers.data(), headers.size());
  } else {
    const std::string piece = answer.pieces[delivery->next - 2];
    lock.unlock();
    if (sink.data != nullptr && !piece.empty()) wish = sink.data(sink.user, call, {piece.data(), piece.size()});
  }
  lock.lock();
  if (wish < 0 && !delivery->is_over) delivery->end(MODHOST_E_CANCELLED);
  delivery->due = now_ + answer.every;
}

inline void FakeHost::deliver() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] {
      ring();
      return is_ending_ || !is_idle();
    });
    if (is_idle()) return;
    is_delivering_ = true;
    if (!tasks_.empty()) {
      const Task next = tasks_.front();
      tasks_.pop_front();
      lock.unlock();
      next.fn(next.user, next.why);
      lock.lock();
    } else {
      step(ready(), lock);
    }
    is_delivering_ = false;
    changed_.notify_all();
  }
}

}  // namespace modhost::testing
