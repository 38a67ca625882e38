// Spaces, small facts about chats and messages, and the stand-in's memory as text.
#include <algorithm>

#include "event/json_reader.hpp"
#include "playground/ids.hpp"
#include "playground/json_object.hpp"
#include "playground/platform.hpp"

namespace modhost::playground {

namespace {

std::int64_t millis_of(UnixMillis time) { return time.time_since_epoch().count(); }

std::optional<std::int64_t> millis_of(const std::optional<UnixMillis>& time) {
  return time ? std::optional<std::int64_t>(millis_of(*time)) : std::nullopt;
}

// What clients sent as JSON is kept as text: however deep it is, the whole stays readable.
std::string state_json(const Message& message) {
  return JsonObject()
      .text("id", message.id)
      .text("role", message.role)
      .text_or_null("text", message.text)
      .text_or_null("originalText", message.original_text)
      .text("gptRequest", message.gpt_request)
      .text("debugInfo", message.debug_info)
      .text("references", message.references)
      .text("assessments", message.assessments)
      .number("createdAt", millis_of(message.created_at))
      .number("updatedAt", millis_of(message.updated_at))
      .number("completedAt", millis_of(message.completed_at))
      .number("startedStreamingAt", millis_of(message.started_streaming_at))
      .number("stoppedStreamingAt", millis_of(message.stopped_streaming_at))
      .number("userAbortedAt", millis_of(message.user_aborted_at))
      .text_or_null("segmentKind", message.segment_kind)
      .text_or_null("responseTurnId", message.response_turn_id)
      .number("segmentIndex", message.segment_index)
      .flag("isTurn", message.is_turn)
      .str();
}

std::string state_json(const LogStep& step) {
  return JsonObject()
      .text("id", step.id)
      .text("messageId", step.message_id)
      .text("text", step.text)
      .text("status", step.status)
      .text("details", step.details)
      .text("uncitedReferences", step.uncited_references)
      .text("references", step.references)
      .number("order", step.order)
      .number("createdAt", millis_of(step.created_at))
      .number("updatedAt", millis_of(step.updated_at))
      .str();
}

// Reads what state_json wrote; what is not there stays empty.
struct Kept {
  const rapidjson::Value& from;

  [[nodiscard]] std::string text(const char* name) const { return std::string(string_member(from, name)); }
  [[nodiscard]] std::optional<std::string> optional_text(const char* name) const {
    const rapidjson::Value* value = find_member(from, name);
    return value != nullptr && value->IsString() ? std::optional<std::string>(text(name)) : std::nullopt;
  }
  [[nodiscard]] std::string json(const char* name) const {
    const std::string json = text(name);
    return parse_json(json) ? json : "null";
  }
  [[nodiscard]] std::optional<std::int64_t> number(const char* name) const {
    const rapidjson::Value* value = find_member(from, name);
    return value != nullptr && value->IsInt64() ? std::optional<std::int64_t>(value->GetInt64()) : std::nullopt;
  }
  [[nodiscard]] std::optional<UnixMillis> optional_time(const char* name) const {
    const auto millis = number(name);
    return millis ? std::optional<UnixMillis>(UnixMillis(std::chrono::milliseconds(*millis))) : std::nullopt;
  }
  [[nodiscard]] UnixMillis time(const char* name) const { return optional_time(name).value_or(UnixMillis{}); }
  [[nodiscard]] bool flag(const char* name) const {
    const rapidjson::Value* value = find_member(from, name);
    return value != nullptr && value->IsTrue();
  }
  template <class Take>
  void each(const char* name, Take take) const {
    if (const rapidjson::Value* list = find_member(from, name); list != nullptr && list->IsArray())
      for (const auto& one : list->GetArray())
        if (one.IsObject() && !string_member(one, "id").empty()) take(Kept{one});
  }
};

Message message_of(const Kept& kept, const std::string& chat_id) {
  Message message;
  message.id = kept.text("id");
  message.chat_id = chat_id;
  message.role = kept.text("role");
  message.text = kept.optional_text("text");
  message.original_text = kept.optional_text("originalText");
  message.gpt_request = kept.json("gptRequest");
  message.debug_info = kept.json("debugInfo");
  message.references = kept.json("references");
  message.assessments = kept.json("assessments");
  message.created_at = kept.time("createdAt");
  message.updated_at = kept.time("updatedAt");
  message.completed_at = kept.optional_time("completedAt");
  message.started_streaming_at = kept.optional_time("startedStreamingAt");
  message.stopped_streaming_at = kept.optional_time("stoppedStreamingAt");
  message.user_aborted_at = kept.optional_time("userAbortedAt");
  message.segment_kind = kept.optional_text("segmentKind");
  message.response_turn_id = kept.optional_text("responseTurnId");
  message.segment_index = kept.number("segmentIndex");
  message.is_turn = kept.flag("isTurn");
  return message;
}

LogStep step_of(const Kept& kept, const std::string& chat_id) {
  LogStep step;
  step.id = kept.text("id");
  step.message_id = kept.text("messageId");
  step.chat_id = chat_id;
  step.text = kept.text("text");
  step.status = kept.text("status");
  step.details = kept.json("details");
  step.uncited_references = kept.json("uncitedReferences");
  step.references = kept.json("references");
  step.order = kept.number("order").value_or(0);
  step.created_at = kept.time("createdAt");
  step.updated_at = kept.time("updatedAt");
  return step;
}

Error no_space(std::string_view id) { return not_found("Assistant " + std::string(id) + " not found"); }

}  // namespace

std::vector<Space> Platform::spaces() const {
  MutexLock lock(mutex_);
  return spaces_;
}

Result<Space> Platform::space_of(std::string_view id) const {
  for (const Space& one : spaces_)
    if (one.id == id) return one;
  return no_space(id);
}

Result<Space> Platform::space(std::string_view space_id) const {
  MutexLock lock(mutex_);
  return space_of(space_id);
}

Space Platform::add_space(const std::string& name, const std::string& module) {
  MutexLock lock(mutex_);
  const auto first = std::find_if(spaces_.begin(), spaces_.end(), [](const Space& one) { return !one.is_configured; });
  if (spaces_.size() >= limits_.spaces && first != spaces_.end()) spaces_.erase(first);
  spaces_.push_back({new_id("assistant_"), module, clock_.unix_now(), name, false});
  return spaces_.back();
}

Result<Space> Platform::change_space(const std::string& id, const std::optional<std::string>& name,
                                     const std::optional<std::string>& module) {
  MutexLock lock(mutex_);
  for (Space& one : spaces_) {
    if (one.id != id) continue;
    if (name) one.name = *name;
    if (module) one.module = *module;
    return one;
  }
  return no_space(id);
}

Result<void> Platform::remove_space(const std::string& id) {
  MutexLock lock(mutex_);
  if (std::erase_if(spaces_, [&](const Space& one) { return one.id == id; }) == 0) return no_space(id);
  return {};
}

std::optional<std::string> Platform::chat_of_message(const std::string& id) const {
  MutexLock lock(mutex_);
  const auto message = messages_.find(id);
  return message == messages_.end() ? std::nullopt : std::optional<std::string>(message->second.chat_id);
}

void Platform::set_assessments(const std::string& message_id, const std::string& json) {
  Message changed;
  {
    MutexLock lock(mutex_);
    const auto message = messages_.find(message_id);
    if (message == messages_.end()) return;
    message->second.assessments = json;
    message->second.revision = ++revision_;
    changed = message->second;
  }
  tell("message", [&] { return to_page_json(changed); });
}

void Platform::set_auto_approval(const std::string& chat_id) {
  MutexLock lock(mutex_);
  if (const auto chat = chats_.find(chat_id); chat != chats_.end()) chat->second.auto_approves = true;
}

bool Platform::auto_approves(const std::string& chat_id) const {
  MutexLock lock(mutex_);
  const auto chat = chats_.find(chat_id);
  return chat != chats_.end() && chat->second.auto_approves;
}

std::string Platform::snapshot(std::size_t bytes_max) const {
  MutexLock lock(mutex_);
  std::unordered_map<std::string, std::vector<const LogStep*>> steps_of;
  for (const std::string& id : step_order_)
    if (const LogStep& step = steps_.at(id); chats_.contains(step.chat_id)) steps_of[step.chat_id].push_back(&step);
  std::vector<std::string> chats;
  std::size_t bytes = 0;
  for (auto id = chat_order_.rbegin(); id != chat_order_.rend(); ++id) {
    const Chat& chat = chats_.at(*id);
    std::string text =
        JsonObject()
            .text("id", chat.id)
            .text("spaceId", chat.space_id)
            .text("title", chat.title)
            .number("createdAt", millis_of(chat.created_at))
            .raw("messages",
                 json_array(chat.message_ids, [&](const std::string& one)
                                                  NO_THREAD_SAFETY_ANALYSIS { return state_json(messages_.at(one)); }))
            .raw("steps", json_array(steps_of[chat.id], [](const LogStep* step) { return state_json(*step); }))
            .str();
    if (bytes + text.size() > bytes_max) continue;  // what is smaller may still fit
    bytes += text.size();
    chats.push_back(std::move(text));
  }
  std::reverse(chats.begin(), chats.end());
  std::vector<Space> made = spaces_;
  std::erase_if(made, [](const Space& one) { return one.is_configured; });
  const std::string spaces = json_array(made, [](const Space& one) {
    return JsonObject()
        .text("id", one.id)
        .text("name", one.name)
        .text("module", one.module)
        .number("createdAt", millis_of(one.created_at))
        .str();
  });
  return JsonObject()
      .raw("spaces", spaces)
      .raw("chats", json_array(chats, [](const auto& text) { return text; }))
      .str();
}

void Platform::restore(std::string_view json) {
  const auto document = parse_json(json);
  if (!document || !document->IsObject()) return;
  MutexLock lock(mutex_);
  const Kept all{*document};
  all.each("spaces", [&](const Kept& kept) NO_THREAD_SAFETY_ANALYSIS {
    spaces_.push_back({kept.text("id"), kept.text("module"), kept.time("createdAt"), kept.text("name"), false});
  });
  all.each("chats", [&](const Kept& kept) NO_THREAD_SAFETY_ANALYSIS {
    Chat& chat = add_chat(kept.text("id"), kept.text("spaceId"), kept.text("title"));
    chat.created_at = kept.time("createdAt");
    kept.each("messages", [&](const Kept& one) NO_THREAD_SAFETY_ANALYSIS {
      chat.message_ids.push_back(one.text("id"));
      Message& message = messages_[one.text("id")] = message_of(one, chat.id);
      message.position = message.revision = ++revision_;
    });
    kept.each("steps", [&](const Kept& one) NO_THREAD_SAFETY_ANALYSIS {
      LogStep& step = steps_[one.text("id")] = step_of(one, chat.id);
      step.revision = ++revision_;
      step_order_.push_back(step.id);
    });
  });
}

}  // namespace modhost::playground
