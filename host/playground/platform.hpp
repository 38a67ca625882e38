// The stand-in's state: spaces, chats, messages, log steps, the events it fired and the calls it answered, with the
// platform's semantics (dossier 3.1, 3.3, 3.12, 5.3) and without any HTTP.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/result.hpp"
#include "playground/model.hpp"

namespace modhost::playground {

// A limit on everything: a stand-in that runs for a week must not eat the machine.
struct PlatformLimits {
  std::size_t chats = 50'000;  // then the oldest chat is forgotten with its messages
  std::size_t messages_per_chat = 10'000;
  std::size_t steps = 100'000;
  std::size_t spaces = 1'000;
  std::size_t events = 20'000;  // for the timeline only
  std::size_t tries = 50;       // per event: "send again" may be pressed for ever
  std::size_t calls = 5'000;
  std::size_t call_body_bytes = 16 * 1024;
};

struct TurnRequest {
  std::string space_id;
  std::optional<std::string> chat_id;  // absent: a new chat
  std::string text, user_id, company_id;
  std::string tool_choices = "[]", skill_choices = "[]", available_skills = "[]";          // JSON
  std::string scope_rules = "null", additional_parameters = "null", correlation = "null";  // JSON
  std::optional<std::string> model;
};

struct Turn {
  Message user, assistant;
  std::vector<std::string> event_keys;  // to be delivered, in this order
};

class Platform {
 public:
  // Told of every change after it happened, never under the lock, on the thread that made it. `json` builds the page's
  // view of the thing; it is only valid during the call.
  using Listener = std::function<void(std::string_view kind, const std::function<std::string()>& json)>;

  Platform(const Clock& clock, const std::vector<std::string>& modules, Listener listener = {},
           PlatformLimits limits = {});
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  // Everything below is [any thread]. kNotFound names the missing thing.
  [[nodiscard]] const PlatformLimits& limits() const { return limits_; }
  [[nodiscard]] UnixMillis started_at() const { return started_at_; }
  [[nodiscard]] std::vector<Space> spaces() const;
  Result<Space> space(std::string_view space_id) const;
  Space add_space(const std::string& name, const std::string& module);
  Result<Space> change_space(const std::string& id, const std::optional<std::string>& name,
                             const std::optional<std::string>& module);
  Result<void> remove_space(const std::string& id);
  Result<Chat> create_chat(const std::string& space_id, const std::string& title);
  Result<void> remove_chat(const std::string& chat_id);
  [[nodiscard]] std::vector<Chat> chats(std::size_t max) const;  // newest first, without their message ids

  // A user message, the empty assistant message below it, and the two events.
  Result<Turn> begin_turn(const TurnRequest& request);
  // The stop button: userAbortedAt on the newest unfinished assistant message of the chat's turn.
  Result<Message> abort_turn(const std::string& chat_id);

  Result<Message> create_message(const std::string& chat_id, const std::string& space_id, std::string role,
                                 const MessageFields& fields);
  Result<Message> update_message(const std::string& chat_id, const std::string& id, const MessageFields& fields);
  // POST /messages/{id}/event: the answer shows the fields, nothing is stored; an open page sees them.
  Result<Message> show_message(const std::string& chat_id, const std::string& id, const MessageFields& fields);
  Result<Message> remove_message(const std::string& chat_id, const std::string& id);
  Result<Message> message(const std::string& chat_id, const std::string& id) const;
  Result<std::vector<Message>> messages(const std::string& chat_id) const;  // oldest first
  Result<Message> latest_message(const std::string& chat_id) const;
  [[nodiscard]] std::optional<std::string> chat_of_message(const std::string& id) const;
  void set_assessments(const std::string& message_id, const std::string& json);

  void set_auto_approval(const std::string& chat_id);
  [[nodiscard]] bool auto_approves(const std::string& chat_id) const;

  Result<LogStep> create_step(const std::string& message_id, const LogFields& fields);
  Result<LogStep> update_step(const std::string& id, const LogFields& fields);
  [[nodiscard]] std::vector<LogStep> steps(const std::string& chat_id) const;

  // Any bytes, as the composer sends them; the key of its record. What the body names (chat, messages) is made if it is
  // not there: whoever composes an event plays the platform.
  std::string add_event(std::string body);
  Result<EventRecord> event(const std::string& key) const;
  Result<EventRecord> event_about(const std::string& message_id) const;  // the newest that chose a module to fill it
  [[nodiscard]] std::vector<EventRecord> events(const std::string& chat_id) const;  // oldest first
  void add_try(const std::string& key, DeliveryTry attempt, Outcome outcome);
  void set_outcome(const std::string& key, Outcome outcome);

  // Numbers the call, finds the event it belongs to and keeps it. thing_id: of a message or log step, or empty.
  void add_call(CallRecord call, std::string_view traceparent, const std::string& thing_id);
  [[nodiscard]] std::vector<CallRecord> calls(const std::string& chat_id) const;  // oldest first, strays included

  // Chats with their messages and steps, spaces made through the API: JSON text of at most `bytes_max`, the newest
  // chats that fit. Events and calls belong to one run.
  [[nodiscard]] std::string snapshot(std::size_t bytes_max) const;
  void restore(std::string_view json);  // before anything else is done

 private:
  void tell(std::string_view kind, const std::function<std::string()>& json) const;
  Chat& add_chat(std::string id, std::string space_id, std::string title) REQUIRES(mutex_);
  void forget_chat(const std::string& chat_id) REQUIRES(mutex_);
  Message& add_message(Chat& chat, Message message) REQUIRES(mutex_);
  Message* find_message(const std::string& chat_id, const std::string& id) REQUIRES(mutex_);
  void put_event(EventRecord record) REQUIRES(mutex_);
  [[nodiscard]] std::string shortened(std::string text) const;
  Result<Space> space_of(std::string_view id) const REQUIRES(mutex_);
  std::string event_key_of(std::string_view trace_id, const std::string& chat_id) const REQUIRES(mutex_);

  const Clock& clock_;
  const Listener listener_;
  const PlatformLimits limits_;
  const UnixMillis started_at_;

  mutable Mutex mutex_;
  std::vector<Space> spaces_ GUARDED_BY(mutex_);
  Revision revision_ GUARDED_BY(mutex_) = 0;
  std::uint64_t call_count_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, Chat> chats_ GUARDED_BY(mutex_);
  std::deque<std::string> chat_order_ GUARDED_BY(mutex_);  // oldest first
  std::unordered_map<std::string, Message> messages_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, LogStep> steps_ GUARDED_BY(mutex_);
  std::deque<std::string> step_order_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, EventRecord> events_ GUARDED_BY(mutex_);
  std::deque<std::string> event_order_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::string> key_of_trace_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::string> key_of_chat_ GUARDED_BY(mutex_);  // the newest event of the chat
  std::deque<CallRecord> calls_ GUARDED_BY(mutex_);
};

}  // namespace modhost::playground
