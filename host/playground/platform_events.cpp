// The stand-in's memory of what it sent and what it was asked: the timeline of the page.
#include <algorithm>

#include "event/json_reader.hpp"
#include "playground/event_body.hpp"
#include "playground/ids.hpp"
#include "playground/platform.hpp"

namespace modhost::playground {

namespace {

// "00-<trace id>-<span id>-<flags>" -> trace id.
std::string_view trace_id_of(std::string_view traceparent) {
  if (traceparent.size() < 36 || traceparent[2] != '-' || traceparent[35] != '-') return {};
  return traceparent.substr(3, 32);
}

}  // namespace

// Cut between characters, so that it stays UTF-8; bytes that are none become a note of their size.
std::string Platform::shortened(std::string text) const {
  if (!is_utf8(text)) return "(" + std::to_string(text.size()) + " bytes that are not UTF-8)";
  if (text.size() <= limits_.call_body_bytes) return text;
  std::size_t end = limits_.call_body_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "… (cut)";
}

void Platform::put_event(EventRecord record) {
  if (event_order_.size() >= limits_.events) {
    const auto oldest = events_.find(event_order_.front());
    key_of_trace_.erase(oldest->second.trace_id);
    if (const auto chat = key_of_chat_.find(oldest->second.chat_id);
        chat != key_of_chat_.end() && chat->second == oldest->first)
      key_of_chat_.erase(chat);
    events_.erase(oldest);
    event_order_.pop_front();
  }
  record.trace_id = random_hex(16);
  record.created_at = clock_.unix_now();
  record.revision = ++revision_;
  key_of_trace_[record.trace_id] = record.key;
  if (!record.chat_id.empty()) key_of_chat_[record.chat_id] = record.key;
  event_order_.push_back(record.key);
  std::string key = record.key;
  events_.emplace(std::move(key), std::move(record));
}

std::string Platform::add_event(std::string body) {
  const EventNames names = names_of(body);
  EventRecord record;
  record.key = new_id("delivery_");
  record.event_id = names.id;
  record.name = names.name;
  record.chat_id = names.chat_id;
  record.module = names.module;
  record.user_id = names.user_id;
  record.company_id = names.company_id;
  record.assistant_message_id = names.assistant_message_id;
  record.body = std::move(body);
  std::string key = record.key;
  std::vector<Message> made;
  Chat chat;
  {
    MutexLock lock(mutex_);
    if (!names.chat_id.empty()) {
      auto known = chats_.find(names.chat_id);
      Chat& home = known != chats_.end() ? known->second : add_chat(names.chat_id, names.space_id, "composed event");
      chat = Chat{home.id, home.space_id, home.title, home.created_at, {}, false};
      if (!names.user_message_id.empty() && !messages_.contains(names.user_message_id)) {
        Message user;
        user.id = names.user_message_id;
        user.role = "USER";
        user.text = user.original_text = names.user_text;
        user.completed_at = clock_.unix_now();
        made.push_back(add_message(home, std::move(user)));
      }
      if (!names.assistant_message_id.empty() && !messages_.contains(names.assistant_message_id)) {
        Message assistant;
        assistant.id = names.assistant_message_id;
        assistant.role = "ASSISTANT";
        assistant.is_turn = true;
        made.push_back(add_message(home, std::move(assistant)));
      }
    }
    put_event(std::move(record));
  }
  if (!chat.id.empty()) tell("chat", [&] { return to_page_json(chat); });
  for (const Message& message : made) tell("message", [&] { return to_page_json(message); });
  return key;
}

Result<EventRecord> Platform::event(const std::string& key) const {
  MutexLock lock(mutex_);
  const auto found = events_.find(key);
  if (found == events_.end()) return not_found("no event was sent under the key " + key);
  return found->second;
}

Result<EventRecord> Platform::event_about(const std::string& message_id) const {
  MutexLock lock(mutex_);
  for (auto key = event_order_.rbegin(); key != event_order_.rend(); ++key)
    if (const EventRecord& record = events_.at(*key);
        record.assistant_message_id == message_id && record.name == "unique.chat.external-module.chosen")
      return record;
  return not_found("no event was sent about message " + message_id);
}

std::vector<EventRecord> Platform::events(const std::string& chat_id) const {
  MutexLock lock(mutex_);
  std::vector<EventRecord> all;
  for (const std::string& key : event_order_)
    if (const EventRecord& record = events_.at(key); record.chat_id.empty() || record.chat_id == chat_id)
      all.push_back(record);
  return all;
}

void Platform::add_try(const std::string& key, DeliveryTry attempt, Outcome outcome) {
  EventRecord changed;
  {
    MutexLock lock(mutex_);
    const auto found = events_.find(key);
    if (found == events_.end()) return;
    EventRecord& record = found->second;
    if (record.tries.size() >= limits_.tries) record.tries.erase(record.tries.begin());
    attempt.answer = shortened(std::move(attempt.answer));
    record.tries.push_back(std::move(attempt));
    record.outcome = outcome;
    record.revision = ++revision_;
    changed = record;
  }
  tell("event", [&] { return to_page_json(changed); });
}

void Platform::set_outcome(const std::string& key, Outcome outcome) {
  EventRecord changed;
  {
    MutexLock lock(mutex_);
    const auto found = events_.find(key);
    if (found == events_.end()) return;
    found->second.outcome = outcome;
    found->second.revision = ++revision_;
    changed = found->second;
  }
  tell("event", [&] { return to_page_json(changed); });
}

std::string Platform::event_key_of(std::string_view trace_id, const std::string& chat_id) const {
  if (const auto found = key_of_trace_.find(std::string(trace_id)); found != key_of_trace_.end()) return found->second;
  if (const auto found = key_of_chat_.find(chat_id); found != key_of_chat_.end()) return found->second;
  return {};
}

void Platform::add_call(CallRecord call, std::string_view traceparent, const std::string& thing_id) {
  call.target = shortened(std::move(call.target));
  call.request_body = shortened(std::move(call.request_body));
  call.response_body = shortened(std::move(call.response_body));
  {
    MutexLock lock(mutex_);
    if (const auto message = messages_.find(thing_id); call.chat_id.empty() && message != messages_.end())
      call.chat_id = message->second.chat_id;
    if (const auto step = steps_.find(thing_id); call.chat_id.empty() && step != steps_.end())
      call.chat_id = step->second.chat_id;
    call.event_key = event_key_of(trace_id_of(traceparent), call.chat_id);
    if (const auto found = events_.find(call.event_key); found != events_.end() && call.chat_id.empty())
      call.chat_id = found->second.chat_id;
    call.number = ++call_count_;
    call.revision = ++revision_;
    if (calls_.size() >= limits_.calls) calls_.pop_front();
    calls_.push_back(call);
  }
  tell("call", [&] { return to_page_json(call); });
}

std::vector<CallRecord> Platform::calls(const std::string& chat_id) const {
  MutexLock lock(mutex_);
  std::vector<CallRecord> all;
  for (const CallRecord& call : calls_)
    if (call.chat_id.empty() || call.chat_id == chat_id) all.push_back(call);
  return all;
}

}  // namespace modhost::playground
