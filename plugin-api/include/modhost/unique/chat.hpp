// Chats with a space, as a user has them: how a module asks another one. /space/message, /space/chat.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "modhost/unique/confirmation.hpp"
#include "modhost/unique/detail/poll.hpp"
#include "modhost/unique/message.hpp"
#include "modhost/unique/page.hpp"

namespace modhost::unique {

struct Chat : Resource {
  std::string id, title, created_at;

  struct Say {  // views, for one call
    std::string_view assistant_id;
    std::optional<std::string_view> text = {};
    std::optional<std::string_view> chat_id = {};  // a new chat without one
    std::optional<std::string_view> language_model = {};
    std::span<const std::string_view> tool_choices = {};
    RawJson skill_choices = {}, available_skills = {};  // [{"scopeId", "contentId", "name"}]
    RawJson scope_rules = {};                           // UniqueQL, see ql.hpp
    std::span<const std::string_view> selected_uploaded_file_ids = {};
    std::optional<Message::Correlation> correlation = {};  // the message that this one is asked for
    std::optional<bool> auto_approve_elicitation = {};     // questions to the user are answered by themselves
  };
  static_assert(std::is_trivially_destructible_v<Say>);

  // POST /space/message: the user's message as made; the answer follows in its chat, see await_answer().
  static Call<Message> say(const Event& event, const Say& what) {
    const RawJson skills{detail::otherwise(what.skill_choices.text, "[]")};
    const JsonText body =
        detail::body("assistantId", what.assistant_id, "chatId", what.chat_id, "text", what.text, "languageModel",
                     what.language_model, "toolChoices", detail::json_of(what.tool_choices), "skillChoices", skills,
                     "availableSkills", what.available_skills, "scopeRules", what.scope_rules,
                     "selectedUploadedFileIds", what.selected_uploaded_file_ids, "correlation", what.correlation,
                     "autoApproveElicitation", what.auto_approve_elicitation);
    return event.api().post("/space/message", body).then(detail::read_one<Message>);
  }
  // POST /space/chat
  static Call<Chat> create(const Event& event, std::string_view title, std::string_view assistant_id) {
    return event.api()
        .post("/space/chat", object("title", title, "assistantId", assistant_id))
        .then(detail::read_one<Chat>);
  }
  // GET /space/chat/{chatId}/messages: the platform gives 10 without `take`, at most 100.
  static Call<Page<Message>> messages(const Event& event, std::string_view chat_id,
                                      std::optional<std::int64_t> skip = {}, std::optional<std::int64_t> take = {}) {
    return detail::get_page<Message>(event, path(chat_id) + "/messages" + detail::query("skip", skip, "take", take),
                                     "messages", skip);
  }
  // GET /space/{chatId}/messages/latest
  static Call<Message> latest_message(const Event& event, std::string_view chat_id) {
    return event.api().get("/space/" + url_encode(chat_id) + "/messages/latest").then(detail::read_one<Message>);
  }
  // The answer once it is whole; asks `every` so often and ends with the event.
  static Async<Result<Message>> await_answer(const Event& event, std::string_view chat_id,
                                             std::chrono::milliseconds every = std::chrono::seconds(1)) {
    return detail::poll<Message>(
        event, "/space/" + url_encode(chat_id) + "/messages/latest", every, [](const Message& latest) {
          const bool is_whole = !latest.completed_at.empty() || !latest.stopped_streaming_at.empty();
          return latest.role != "USER" && is_whole;
        });
  }
  // DELETE /space/chat/{chatId}
  static Call<Confirmation> remove(const Event& event, std::string_view chat_id) {
    return event.api().remove(path(chat_id)).then(detail::read_one<Confirmation>);
  }

  static Chat read(Resource from) {
    return detail::make<Chat>(std::move(from), "id", &Chat::id, "title", &Chat::title, "createdAt", &Chat::created_at);
  }

 private:
  static std::string path(std::string_view chat_id) { return "/space/chat/" + url_encode(chat_id); }
};

}  // namespace modhost::unique
