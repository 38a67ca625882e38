// The events of the platform, as recorded, read by type.
#include <modhost/unique/events.hpp>

#include "unique_support.hpp"

namespace {

using namespace modhost::unique;
using namespace unique_test;

// Hands a recorded event to `look`, which says what is wrong with it.
std::string seen(const std::string& name, const std::function<std::string(const Event&)>& look) {
  FakeHost host;
  const Send send = [&](const Event& event) -> Outcome {
    const std::string wrong = look(event);
    return wrong.empty() ? Outcome() : Outcome(failed(wrong));
  };
  return run(host, send, FakeEvent::from_body(fixture_text(name))).failure().detail;
}

TEST(Events, OfAChatAreReadInAllTheirForms) {
  const std::string chosen = "unique.chat.external-module.chosen";
  for (const char* variant :
       {"", ".docs-chatid", ".minimal", ".no-version-createdAt", ".translation", ".message-execution"})
    EXPECT_EQ(seen(chosen + variant + ".json",
                   [](const Event& event) -> std::string {
                     const auto chat = ChatEvent::of(event);
                     if (!chat || UserMessageEvent::of(event)) return "another event";
                     if (chat->chat_id.empty() || chat->assistant_message_id.empty()) return "ids";
                     return chat->user_text.empty() || chat->original_text.empty() ? "texts" : "";
                   }),
              "")
        << variant;
  EXPECT_EQ(seen(chosen + ".json",
                 [](const Event& event) -> std::string {
                   const auto chat = ChatEvent::of(event);
                   if (chat->uploaded_files.size() != 2 || chat->uploaded_files[0].mime_type != "application/pdf")
                     return "files";
                   if (chat->user_space_instructions.empty() || chat->language != "German") return "instructions";
                   if (chat->tool_choices != std::vector<std::string>{"LeaseAnalyst"}) return "tools";
                   if (chat->configuration["maxSources"].integer() != 12 || !chat->metadata_filter) return "settings";
                   return chat->correlation || chat->session_config ? "what is null" : "";
                 }),
            "");
}

TEST(Events, OfOtherKindsAreRead) {
  EXPECT_EQ(seen("unique.chat.user-message.created.json",
                 [](const Event& event) -> std::string {
                   const auto message = UserMessageEvent::of(event);
                   return message && !message->text.empty() && !message->chat_id.empty() && !ChatEvent::of(event)
                              ? ""
                              : "wrong";
                 }),
            "");
  EXPECT_EQ(seen("unique.ingestion.content.finished.json",
                 [](const Event& event) -> std::string {
                   const auto content = IngestionEvent::of(event);
                   return content && content->is_finished && !content->content_id.empty() ? "" : "wrong";
                 }),
            "");
  for (const char* action : {"add-meta-data", "update-cell", "generate-artifact", "sheet-completed", "sheet-created"})
    EXPECT_EQ(seen("unique.magic-table." + std::string(action) + ".json",
                   [&](const Event& event) -> std::string {
                     const auto table = MagicTableEvent::of(event);
                     if (!table || table->action != action) return "another event";
                     return table->table_id.empty() || table->sheet_name.empty() || !table->metadata ? "fields" : "";
                   }),
              "")
        << action;
}

}  // namespace
