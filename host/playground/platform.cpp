// Chats, messages and log steps of the stand-in.
#include "playground/platform.hpp"

#include <algorithm>

#include "crypto/digest.hpp"
#include "event/json_reader.hpp"
#include "playground/event_body.hpp"
#include "playground/ids.hpp"

namespace modhost::playground {

namespace {

constexpr std::size_t kTitleBytesMax = 80;

std::vector<Space> make_spaces(const std::vector<std::string>& modules, UnixMillis now) {
  std::vector<Space> spaces;
  // The same ids at every start: kept chats find their spaces again.
  for (const std::string& module : modules)
    spaces.push_back({"assistant_" + crypto::hex(crypto::sha256(module)).substr(0, 24), module, now, "", true});
  return spaces;
}

// The first line, cut between characters.
std::string title_of(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (text.size() <= kTitleBytesMax) return std::string(text);
  std::size_t end = kTitleBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

// null or absent leaves a member as it is; `references: []` without a text is "unchanged" too, because clients send it
// with every last PATCH and their citations survive that (dossier 3.1).
void apply(const MessageFields& fields, Message& message) {
  if (fields.text) message.text = fields.text;
  if (fields.original_text) message.original_text = fields.original_text;
  if (fields.references && (fields.text || *fields.references != "[]")) message.references = *fields.references;
  if (fields.gpt_request) message.gpt_request = *fields.gpt_request;
  if (fields.debug_info) message.debug_info = *fields.debug_info;
  if (fields.completed_at) message.completed_at = fields.completed_at;
  if (fields.started_streaming_at) message.started_streaming_at = fields.started_streaming_at;
  if (fields.stopped_streaming_at) message.stopped_streaming_at = fields.stopped_streaming_at;
  if (fields.segment_kind) message.segment_kind = fields.segment_kind;
  if (fields.response_turn_id) message.response_turn_id = fields.response_turn_id;
  if (fields.segment_index) message.segment_index = fields.segment_index;
}

void apply(const LogFields& fields, LogStep& step) {
  if (fields.text) step.text = *fields.text;
  if (fields.status) step.status = *fields.status;
  if (fields.details) step.details = *fields.details;
  if (fields.uncited_references) step.uncited_references = *fields.uncited_references;
  if (fields.references) step.references = *fields.references;
  if (fields.order) step.order = *fields.order;
}

Error no_chat(std::string_view id) { return not_found("Chat " + std::string(id) + " not found"); }
Error no_message(std::string_view id) { return not_found("Message " + std::string(id) + " not found in this chat"); }
Error no_space(std::string_view id) { return not_found("Assistant " + std::string(id) + " not found"); }

}  // namespace

Platform::Platform(const Clock& clock, const std::vector<std::string>& modules, Listener listener,
                   PlatformLimits limits)
    : clock_(clock),
      listener_(std::move(listener)),
      limits_(limits),
      started_at_(clock.unix_now()),
      spaces_(make_spaces(modules, started_at_)) {}

void Platform::tell(std::string_view kind, const std::function<std::string()>& json) const {
  if (listener_) listener_(kind, json);
}

Chat& Platform::add_chat(std::string id, std::string space_id, std::string title) {
  if (chats_.size() >= limits_.chats) forget_chat(std::string(chat_order_.front()));
  chat_order_.push_back(id);
  Chat& chat = chats_[id];
  chat = Chat{std::move(id), std::move(space_id), std::move(title), clock_.unix_now(), {}, false};
  return chat;
}

void Platform::forget_chat(const std::string& chat_id) {
  const auto found = chats_.find(chat_id);
  if (found == chats_.end()) return;
  for (const std::string& id : found->second.message_ids) messages_.erase(id);
  if (const auto at = std::find(chat_order_.begin(), chat_order_.end(), chat_id); at != chat_order_.end())
    chat_order_.erase(at);
  key_of_chat_.erase(chat_id);
  chats_.erase(found);
}

Message& Platform::add_message(Chat& chat, Message message) {
  message.chat_id = chat.id;
  message.created_at = message.updated_at = clock_.unix_now();
  message.position = message.revision = ++revision_;
  chat.message_ids.push_back(message.id);
  return messages_[message.id] = std::move(message);
}

Message* Platform::find_message(const std::string& chat_id, const std::string& id) {
  const auto found = messages_.find(id);
  return found == messages_.end() || found->second.chat_id != chat_id ? nullptr : &found->second;
}

Result<Chat> Platform::create_chat(const std::string& space_id, const std::string& title) {
  Chat chat;
  {
    MutexLock lock(mutex_);
    if (const auto known = space_of(space_id); !known) return known.error();
    chat = add_chat(new_id("chat_"), space_id, title_of(title));
  }
  tell("chat", [&] { return to_page_json(chat); });
  return chat;
}

Result<void> Platform::remove_chat(const std::string& chat_id) {
  {
    MutexLock lock(mutex_);
    if (!chats_.contains(chat_id)) return no_chat(chat_id);
    forget_chat(chat_id);
  }
  tell("chat-removed", [&] { return "{\"id\":" + quote_json(chat_id) + "}"; });
  return {};
}

std::vector<Chat> Platform::chats(std::size_t max) const {
  MutexLock lock(mutex_);
  std::vector<Chat> all;
  for (auto id = chat_order_.rbegin(); id != chat_order_.rend() && all.size() < max; ++id) {
    const Chat& chat = chats_.at(*id);
    all.push_back({chat.id, chat.space_id, chat.title, chat.created_at, {}, false});
  }
  return all;
}

Result<Turn> Platform::begin_turn(const TurnRequest& request) {
  Turn turn;
  Chat chat;
  {
    MutexLock lock(mutex_);
    const auto where = space_of(request.space_id);
    if (!where) return where.error();
    if (request.chat_id && !chats_.contains(*request.chat_id)) return no_chat(*request.chat_id);
    Chat& home = request.chat_id ? chats_.at(*request.chat_id)
                                 : add_chat(new_id("chat_"), request.space_id, title_of(request.text));
    if (home.space_id != request.space_id)
      return invalid("chat " + home.id + " belongs to assistant " + home.space_id + ", not to " + request.space_id);
    if (home.message_ids.size() + 2 > limits_.messages_per_chat) return invalid("the chat is full: start a new one");
    Message user;
    user.id = new_id("msg_");
    user.role = "USER";
    user.text = user.original_text = request.text;
    user.completed_at = clock_.unix_now();
    turn.user = add_message(home, std::move(user));
    Message assistant;
    assistant.id = new_id("msg_");
    assistant.role = "ASSISTANT";
    assistant.is_turn = true;
    turn.assistant = add_message(home, std::move(assistant));
    chat = Chat{home.id, home.space_id, home.title, home.created_at, {}, false};
    for (const bool is_choice : {false, true}) {
      EventRecord record;
      record.key = new_id("delivery_");
      record.event_id = new_id("evt_");
      record.name = is_choice ? "unique.chat.external-module.chosen" : "unique.chat.user-message.created";
      record.body = is_choice ? external_module_chosen(record.event_id, request, *where, turn.user, turn.assistant)
                              : user_message_created(record.event_id, request, turn.user);
      record.chat_id = home.id;
      if (is_choice) {
        record.module = where->module;
        record.assistant_message_id = turn.assistant.id;
      }
      record.user_id = request.user_id;
      record.company_id = request.company_id;
      turn.event_keys.push_back(record.key);
      put_event(std::move(record));
    }
  }
  tell("chat", [&] { return to_page_json(chat); });
  tell("message", [&] { return to_page_json(turn.user); });
  tell("message", [&] { return to_page_json(turn.assistant); });
  return turn;
}

Result<Message> Platform::abort_turn(const std::string& chat_id) {
  Message changed;
  {
    MutexLock lock(mutex_);
    const auto chat = chats_.find(chat_id);
    if (chat == chats_.end()) return no_chat(chat_id);
    Message* unfinished = nullptr;
    for (const std::string& id : chat->second.message_ids) {
      Message& one = messages_.at(id);
      if (one.is_turn && !one.completed_at) unfinished = &one;
    }
    if (unfinished == nullptr) return not_found("nothing runs in this chat: every turn is completed");
    if (!unfinished->user_aborted_at) unfinished->user_aborted_at = clock_.unix_now();
    unfinished->updated_at = clock_.unix_now();
    unfinished->revision = ++revision_;
    changed = *unfinished;
  }
  tell("message", [&] { return to_page_json(changed); });
  return changed;
}

Result<Message> Platform::create_message(const std::string& chat_id, const std::string& space_id, std::string role,
                                         const MessageFields& fields) {
  Message made;
  {
    MutexLock lock(mutex_);
    const auto chat = chats_.find(chat_id);
    if (chat == chats_.end()) return no_chat(chat_id);
    if (const std::string& home = chat->second.space_id; !home.empty() && home != space_id) return no_space(space_id);
    if (chat->second.message_ids.size() >= limits_.messages_per_chat)
      return invalid("the chat is full: start a new one");
    Message message;
    message.id = new_id("msg_");
    message.role = std::move(role);
    apply(fields, message);
    if (!message.original_text) message.original_text = message.text;
    made = add_message(chat->second, std::move(message));
  }
  tell("message", [&] { return to_page_json(made); });
  return made;
}

Result<Message> Platform::update_message(const std::string& chat_id, const std::string& id,
                                         const MessageFields& fields) {
  Message changed;
  {
    MutexLock lock(mutex_);
    Message* message = find_message(chat_id, id);
    if (message == nullptr) return no_message(id);
    apply(fields, *message);
    message->updated_at = clock_.unix_now();
    message->revision = ++revision_;
    changed = *message;
  }
  tell("message", [&] { return to_page_json(changed); });
  return changed;
}

Result<Message> Platform::show_message(const std::string& chat_id, const std::string& id, const MessageFields& fields) {
  Message shown;
  {
    MutexLock lock(mutex_);
    Message* message = find_message(chat_id, id);
    if (message == nullptr) return no_message(id);
    shown = *message;
    shown.revision = ++revision_;
  }
  apply(fields, shown);
  tell("message", [&] { return to_page_json(shown); });
  return shown;
}

Result<Message> Platform::remove_message(const std::string& chat_id, const std::string& id) {
  Message removed;
  {
    MutexLock lock(mutex_);
    Message* message = find_message(chat_id, id);
    if (message == nullptr) return no_message(id);
    removed = *message;
    std::erase(chats_.at(chat_id).message_ids, id);
    messages_.erase(id);
  }
  tell("message-removed", [&] { return to_page_json(removed); });
  return removed;
}

Result<Message> Platform::message(const std::string& chat_id, const std::string& id) const {
  MutexLock lock(mutex_);
  const auto found = messages_.find(id);
  if (found == messages_.end() || found->second.chat_id != chat_id) return no_message(id);
  return found->second;
}

Result<std::vector<Message>> Platform::messages(const std::string& chat_id) const {
  MutexLock lock(mutex_);
  const auto chat = chats_.find(chat_id);
  if (chat == chats_.end()) return no_chat(chat_id);
  std::vector<Message> all;
  for (const std::string& id : chat->second.message_ids) all.push_back(messages_.at(id));
  return all;
}

Result<Message> Platform::latest_message(const std::string& chat_id) const {
  MutexLock lock(mutex_);
  const auto chat = chats_.find(chat_id);
  if (chat == chats_.end()) return no_chat(chat_id);
  if (chat->second.message_ids.empty()) return not_found("Chat " + chat_id + " has no messages");
  return messages_.at(chat->second.message_ids.back());
}

Result<LogStep> Platform::create_step(const std::string& message_id, const LogFields& fields) {
  LogStep made;
  {
    MutexLock lock(mutex_);
    const auto message = messages_.find(message_id);
    if (message == messages_.end()) return no_message(message_id);
    if (steps_.size() >= limits_.steps) {
      steps_.erase(step_order_.front());
      step_order_.pop_front();
    }
    made.id = new_id("message_log_");
    made.message_id = message_id;
    made.chat_id = message->second.chat_id;
    made.created_at = made.updated_at = clock_.unix_now();
    made.revision = ++revision_;
    apply(fields, made);
    steps_[made.id] = made;
    step_order_.push_back(made.id);
  }
  tell("step", [&] { return to_page_json(made); });
  return made;
}

Result<LogStep> Platform::update_step(const std::string& id, const LogFields& fields) {
  LogStep changed;
  {
    MutexLock lock(mutex_);
    const auto found = steps_.find(id);
    if (found == steps_.end()) return not_found("MessageLog " + id + " not found");
    apply(fields, found->second);
    found->second.updated_at = clock_.unix_now();
    found->second.revision = ++revision_;
    changed = found->second;
  }
  tell("step", [&] { return to_page_json(changed); });
  return changed;
}

std::vector<LogStep> Platform::steps(const std::string& chat_id) const {
  MutexLock lock(mutex_);
  std::vector<LogStep> all;
  for (const std::string& id : step_order_)
    if (const LogStep& step = steps_.at(id); step.chat_id == chat_id) all.push_back(step);
  return all;
}

}  // namespace modhost::playground
