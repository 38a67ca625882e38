// An event for a test: the body as the platform sends it, and the fields a host reads from it.
#pragma once

#include <modhost/plugin.h>

#include <cstdint>
#include <string>

#include "modhost/sdk/json_text.hpp"
#include "modhost/sdk/services.hpp"

namespace modhost::testing {

struct FakeEvent {
  std::string body;
  std::string name, module, event_id, idempotency_key, app_id, company_id, user_id;
  std::string chat_id, assistant_id, assistant_message_id, user_message_id;
  std::string checkpoint;
  std::uint32_t flags = 0, attempt = 1, max_attempts = 4;
  std::int64_t deadline_mono_ns = 0;

  // From the document the platform signs. Change the fields afterwards as the test needs them.
  static FakeEvent from_body(std::string body) {
    FakeEvent event;
    const JsonDocument document = JsonDocument::parse(body).value();
    const Json payload = document["payload"];
    event.name = document["event"].text();
    event.module = payload["name"].text();
    event.event_id = document["id"].text();
    event.idempotency_key = "key:" + event.event_id;
    event.app_id = "app_test";
    event.company_id = document["companyId"].text();
    event.user_id = document["userId"].text();
    event.chat_id = payload["chatId"].text(payload["chatid"].text());
    event.assistant_id = payload["assistantId"].text();
    event.assistant_message_id = payload["assistantMessage"]["id"].text();
    event.user_message_id = payload["userMessage"]["id"].text();
    event.body = std::move(body);
    return event;
  }

  // The smallest chat event: somebody wrote this text.
  static FakeEvent chat(std::string_view user_text) {
    return from_body(object({{"id", "evt_test"},
                             {"event", "unique.chat.external-module.chosen"},
                             {"userId", "user_1"},
                             {"companyId", "company_1"},
                             {"payload", object({{"name", "TestModule"},
                                                 {"chatId", "chat_1"},
                                                 {"assistantId", "assistant_1"},
                                                 {"userMessage", object({{"id", "msg_user"}, {"text", user_text}})},
                                                 {"assistantMessage", object({{"id", "msg_assistant"}})}})}})
                         .text());
  }

  // As the plugin sees it; borrows this object.
  [[nodiscard]] modhost_event raw() const {
    modhost_event event{};
    event.struct_size = sizeof event;
    event.flags = flags;
    event.name = to_str(name);
    event.module_name = to_str(module);
    event.event_id = to_str(event_id);
    event.idempotency_key = to_str(idempotency_key);
    event.app_id = to_str(app_id);
    event.company_id = to_str(company_id);
    event.user_id = to_str(user_id);
    event.chat_id = to_str(chat_id);
    event.assistant_id = to_str(assistant_id);
    event.assistant_message_id = to_str(assistant_message_id);
    event.user_message_id = to_str(user_message_id);
    event.body = to_str(body);
    event.checkpoint = {checkpoint.data(), checkpoint.size()};
    event.deadline_mono_ns = deadline_mono_ns;
    event.attempt = attempt;
    event.max_attempts = max_attempts;
    return event;
  }
};

}  // namespace modhost::testing
