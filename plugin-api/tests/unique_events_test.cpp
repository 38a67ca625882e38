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
                   if (chat->skill_choices.size() != 1 || chat->skill_choices[0].name != "lease-summary")
                     return "skills";
                   if (chat->available_skills.size() != 1 || chat->available_skills[0].scope_id.empty() ||
                       chat->available_skills[0].content_id.empty())
                     return "available skills";
                   if (chat->raw_scope_rules["or"].size() != 2) return "scope rules";
                   if (chat->mcp_servers.size() != 1 || chat->mcp_servers[0].tools.size() != 1) return "MCP servers";
                   const McpServer& server = chat->mcp_servers[0];
                   const McpServer::Tool& tool = server.tools[0];
                   if (server.name != "ticketing" || server.system_prompt.empty() || !server.user_prompt.empty())
                     return "MCP server";
                   if (tool.name != "ticketing_search" || !tool.is_connected || tool.output_schema ||
                       tool.input_schema["required"][0].text() != "query" ||
                       tool.reference_mapping["listPath"].text() != "issues" || !tool.json["icon"])
                     return "MCP tool";
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
}

// The one type besides the common one that reads the event; "" for none.
std::string type_of(const Event& event) {
  std::string type;
  if (MetaDataAdded::of(event)) type += "MetaDataAdded";
  if (CellUpdated::of(event)) type += "CellUpdated";
  if (ArtifactWanted::of(event)) type += "ArtifactWanted";
  if (SheetCompleted::of(event)) type += "SheetCompleted";
  if (SheetCreated::of(event)) type += "SheetCreated";
  if (LibraryRowVerified::of(event)) type += "LibraryRowVerified";
  if (RowRerun::of(event)) type += "RowRerun";
  return type;
}

TEST(Events, OfMagicTablesHaveATypeEach) {
  const std::pair<const char*, const char*> types[] = {{"add-meta-data", "MetaDataAdded"},
                                                       {"update-cell", "CellUpdated"},
                                                       {"generate-artifact", "ArtifactWanted"},
                                                       {"sheet-completed", "SheetCompleted"},
                                                       {"sheet-created", "SheetCreated"},
                                                       {"import-columns", ""},
                                                       {"add-document", ""},
                                                       {"delete-row", ""},
                                                       {"delete-column", ""}};
  for (const auto& [kind, type] : types)
    EXPECT_EQ(seen("unique.magic-table." + std::string(kind) + ".json",
                   [kind = kind, type = type](const Event& event) -> std::string {
                     const auto table = MagicTableEvent::of(event);
                     if (!table || table->kind != kind || table->module != "rfp_agent") return "another event";
                     if (table->table_id.empty() || table->sheet_name.empty() || table->sheet_type != "DEFAULT")
                       return "fields";
                     if (table->chat_id.empty() || table->metadata_filter || table->correlation) return "more fields";
                     if (table->configuration["languageModel"].text().empty()) return "configuration";
                     if (ChatEvent::of(event)) return "no chat's event";
                     return type_of(event) == type ? "" : type_of(event);
                   }),
              "")
        << kind;
}

TEST(Events, OfMagicTablesHaveTheirOwnFields) {
  EXPECT_EQ(seen("unique.magic-table.add-meta-data.json",
                 [](const Event& event) -> std::string {
                   const MagicTableSources sources = MetaDataAdded::of(event)->sources;
                   if (sources.question_file_ids.size() != 1 || sources.source_file_ids.size() != 2) return "files";
                   if (sources.question_texts != std::vector<std::string>{"Is data encrypted at rest?"}) return "texts";
                   return sources.context == "Answer as the vendor." && !sources.is_rerun ? "" : "context";
                 }),
            "");
  EXPECT_EQ(seen("unique.magic-table.update-cell.json",
                 [](const Event& event) -> std::string {
                   const auto cell = CellUpdated::of(event);
                   if (cell->row_order != 7 || cell->column_order != 3 || cell->action != "UpdateCell") return "place";
                   return cell->text.starts_with("Yes") && cell->sources.source_file_ids.size() == 2 ? "" : "text";
                 }),
            "");
  EXPECT_EQ(seen("unique.magic-table.generate-artifact.json",
                 [](const Event& event) -> std::string {
                   const auto wanted = ArtifactWanted::of(event);
                   if (wanted->artifact_type != "FULL_REPORT") return wanted->artifact_type;
                   return wanted->requested_by_user_id == "284719305518067999" ? "" : "who asked";
                 }),
            "");
  EXPECT_EQ(seen("unique.magic-table.sheet-completed.json",
                 [](const Event& event) -> std::string {
                   const auto sheet = SheetCompleted::of(event);
                   if (sheet->sheet_id != sheet->table_id || sheet->library_sheet_id.empty()) return "sheets";
                   return sheet->context.empty() ? "" : "null is no text";
                 }),
            "");
  EXPECT_EQ(seen("unique.magic-table.sheet-created.json",
                 [](const Event& event) -> std::string {
                   const Json client = SheetCreated::of(event)->additional_sheet_information["clientInformation"];
                   return client["fullName"].text() == "Ada Muster" ? "" : "information";
                 }),
            "");
}

// No fixture has them: as the dossier writes them, and with everything missing or of another type.
std::string seen_as(const std::string& kind, const std::string& payload,
                    const std::function<std::string(const Event&)>& look) {
  FakeHost host;
  const Send send = [&](const Event& event) -> Outcome {
    const std::string wrong = look(event);
    return wrong.empty() ? Outcome() : Outcome(failed(wrong));
  };
  const std::string body = R"({"id": "evt_1", "event": "unique.magic-table.)" + kind +
                           R"(", "userId": "1", "companyId": "2", "payload": )" + payload + "}";
  return run(host, send, FakeEvent::from_body(body)).failure().detail;
}

TEST(Events, OfMagicTablesWithoutAFixtureAreReadTolerantly) {
  EXPECT_EQ(seen_as("library-sheet-row.verified",
                    R"({"name": "rfp_agent", "metadata": {"sheetType": "LIBRARY", "rowOrder": 4}})",
                    [](const Event& event) -> std::string {
                      const auto row = LibraryRowVerified::of(event);
                      return row && row->row_order == 4 && row->sheet_type == "LIBRARY" ? "" : "wrong";
                    }),
            "");
  EXPECT_EQ(seen_as("rerun-row", R"({"metadata": {"sourceFileIds": ["a"], "rowOrder": 7, "context": null, "new": 1}})",
                    [](const Event& event) -> std::string {
                      const auto row = RowRerun::of(event);
                      if (!row || row->row_order != 7 || row->source_file_ids != std::vector<std::string>{"a"})
                        return "fields";
                      return row->context.empty() && row->metadata["new"].integer() == 1 ? "" : "the rest";
                    }),
            "");
  EXPECT_EQ(seen_as("add-meta-data", R"({"chatid": "chat_9", "metadata": {"Rerun": true, "questionTexts": 5}})",
                    [](const Event& event) -> std::string {
                      const auto added = MetaDataAdded::of(event);
                      if (!added || !added->sources.is_rerun || added->chat_id != "chat_9") return "fields";
                      return added->sources.question_texts.empty() && added->module.empty() ? "" : "the rest";
                    }),
            "");
  for (const char* kind : {"update-cell", "generate-artifact", "sheet-completed", "sheet-created", "rerun-row"})
    EXPECT_EQ(seen_as(kind, "{}", [](const Event& event) { return type_of(event).empty() ? "no type" : ""; }), "")
        << kind;
}

}  // namespace
