// The platform's events by type. Tolerant as the platform is not always: what is missing is empty, what is unknown
// stays in `payload`. The views are readable as long as the event is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modhost/sdk/event.hpp"
#include "modhost/unique/detail/event_fields.hpp"
#include "modhost/unique/magic_table_event.hpp"
#include "modhost/unique/mcp_server.hpp"

namespace modhost::unique {

inline constexpr std::string_view kUserMessageCreated = "unique.chat.user-message.created";

// unique.chat.external-module.chosen: the platform chose this module to answer.
struct ChatEvent {
  struct File {
    std::string id, title, mime_type;
  };
  struct Skill {
    std::string name, scope_id, content_id;
  };
  Json payload;
  std::string module, chat_id, assistant_id, user_message_id, assistant_message_id;
  std::string user_text, original_text, language;  // original_text: before translation; the text when not given
  std::string user_space_instructions, translate_to_language, content_id_to_translate;
  std::string model_choice;          // a name; empty: the default model, or a model by its description in payload
  std::string message_execution_id;  // not empty: the execution pipeline sends the event again
  std::vector<File> uploaded_files, selected_uploaded_files;
  std::vector<std::string> tool_choices, disabled_tools;
  std::vector<Skill> skill_choices, available_skills;
  std::vector<McpServer> mcp_servers;
  Json configuration, user_metadata, tool_parameters, session_config, correlation;
  Json raw_scope_rules;  // UniqueQL with its variables; nothing: none
  Json metadata_filter;  // for a search, as it is; nothing: none

  // Nothing for an event of another name.
  static std::optional<ChatEvent> of(const Event& event) {
    if (event.name() != kExternalModuleChosen) return std::nullopt;
    const Json payload = event.payload();
    const Json user = payload["userMessage"], more = payload["additionalParameters"];
    ChatEvent chat;
    chat.payload = payload;
    chat.module = payload["name"].text();
    chat.chat_id = event.chat_id();
    chat.assistant_id = event.assistant_id();
    chat.user_message_id = event.user_message_id();
    chat.assistant_message_id = event.assistant_message_id();
    chat.user_text = user["text"].text();
    chat.original_text = user["originalText"].text(chat.user_text);
    chat.language = user["language"].text();
    chat.user_space_instructions = more["userSpaceInstructions"].text();
    chat.translate_to_language = more["translateToLanguage"].text();
    chat.content_id_to_translate = more["contentIdToTranslate"].text();
    chat.model_choice = payload["modelChoice"].text();
    chat.message_execution_id = payload["messageExecutionId"].text();
    chat.uploaded_files = files(more["uploadedFiles"]);
    chat.selected_uploaded_files = files(more["selectedUploadedFiles"]);
    chat.tool_choices = detail::texts(payload["toolChoices"]);
    chat.disabled_tools = detail::texts(payload["disabledTools"]);
    chat.skill_choices = skills(payload["skillChoices"]);
    chat.available_skills = skills(payload["availableSkills"]);
    chat.mcp_servers = McpServer::list(payload["mcpServers"]);
    chat.raw_scope_rules = detail::unless_void(payload["rawScopeRules"]);
    chat.configuration = payload["configuration"];
    chat.user_metadata = payload["userMetadata"];
    chat.tool_parameters = payload["toolParameters"];
    chat.session_config = payload["sessionConfig"];
    chat.correlation = payload["correlation"];
    chat.metadata_filter = detail::unless_void(payload["metadataFilter"]);
    return chat;
  }

 private:
  static std::vector<File> files(Json list) {
    std::vector<File> all;
    for (std::size_t i = 0; i < list.size(); ++i)
      all.push_back({list[i]["id"].text(), list[i]["title"].text(), list[i]["mimeType"].text()});
    return all;
  }
  static std::vector<Skill> skills(Json list) {
    std::vector<Skill> all;
    for (std::size_t i = 0; i < list.size(); ++i)
      all.push_back({list[i]["name"].text(), list[i]["scopeId"].text(), list[i]["contentId"].text()});
    return all;
  }
};

// unique.chat.user-message.created: somebody wrote in a chat. There is no message to fill.
struct UserMessageEvent {
  Json payload;
  std::string chat_id, assistant_id, text;

  static std::optional<UserMessageEvent> of(const Event& event) {
    if (event.name() != kUserMessageCreated) return std::nullopt;
    const Json payload = event.payload();
    return UserMessageEvent{payload, std::string(event.chat_id()), std::string(event.assistant_id()),
                            payload["text"].text()};
  }
};

// unique.ingestion.content.uploaded and .finished
struct IngestionEvent {
  Json payload;
  std::string content_id;
  bool is_finished = false;

  static std::optional<IngestionEvent> of(const Event& event) {
    constexpr std::string_view kPrefix = "unique.ingestion.content.";
    if (!event.name().starts_with(kPrefix)) return std::nullopt;
    const Json payload = event.payload();
    return IngestionEvent{payload, payload["contentId"].text(), event.name().ends_with(".finished")};
  }
};

}  // namespace modhost::unique
