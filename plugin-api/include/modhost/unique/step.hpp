// A step under the answer that is never forgotten: created RUNNING, completed or failed by its owner.
//
//   auto step = (co_await Step::begin(event, {.text = "**Searching**"})).value();
//   ...
//   co_await step.complete("**Searched**\n3 documents");
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "modhost/sdk/async.hpp"
#include "modhost/unique/message_log.hpp"

namespace modhost::unique {

// Dropped open while the event goes on, it becomes FAILED by a call that is begun here and that nobody waits for. A
// step dropped because its event is cancelled is left to the host, and so is one whose call the event's end cuts off.
// complete() or fail() it where the user should see what became of it. Moves, does not copy; one thread at a time.
class Step {
 public:
  // POST /message-log
  static Call<Step> begin(const Event& event, const MessageLog::New& with) {
    return MessageLog::create(event, with).then([event](const MessageLog& made) { return Step(event, made.id); });
  }
  Step(Step&&) noexcept = default;
  Step& operator=(Step&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Step() {
    if (state_ && state_->is_open) close(*state_);
  }

  // PATCH /message-log/{id}. The step is closed once the platform has taken it; a text that is not given stays.
  Call<MessageLog> complete(std::optional<std::string_view> text = {}) { return end("COMPLETED", text); }
  Call<MessageLog> fail(std::optional<std::string_view> text = {}) { return end("FAILED", text); }
  // Another text, sources and so on. A status of COMPLETED or FAILED closes it too.
  Call<MessageLog> update(const MessageLog::Change& change) {
    const bool is_end = change.status && *change.status != "RUNNING";
    return MessageLog::update(state_->event, state_->id, change).then([state = state_, is_end](MessageLog log) {
      if (is_end) state->is_open = false;
      return log;
    });
  }
  // It stays as it is: another event of the chat closes it. The host closes it all the same when this one ends the
  // turn.
  void leave_open() { state_->is_open = false; }
  [[nodiscard]] bool is_open() const { return state_ && state_->is_open; }
  [[nodiscard]] const std::string& id() const { return state_->id; }

 private:
  struct State {
    State(Event for_event, std::string log_id) : event(std::move(for_event)), id(std::move(log_id)) {}
    const Event event;
    const std::string id;
    std::atomic<bool> is_open{true};
  };
  Step(const Event& event, std::string id) : state_(std::make_shared<State>(event, std::move(id))) {}

  Call<MessageLog> end(std::string_view status, std::optional<std::string_view> text) {
    MessageLog::Change change;
    change.text = text;
    change.status = status;
    return update(change);
  }
  static void close(const State& state) noexcept {
    if (state.event.is_cancelled()) return;  // the host closes it: once, not twice
    try {
      MessageLog::Change change;
      change.status = "FAILED";
      begin_call(MessageLog::update(state.event, state.id, change));
    } catch (...) {  // no memory: left to the host
    }
  }
  static modhost::detail::Detached begin_call(Call<MessageLog> call) {
    try {
      static_cast<void>(co_await std::move(call));
    } catch (...) {  // cancelled: left to the host
    }
  }
  std::shared_ptr<State> state_;
};

}  // namespace modhost::unique
