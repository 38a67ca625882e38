// The events of magic tables by type, one for each name whose payload is known: SheetCreated::of(event), and nothing
// for another name. MagicTableEvent reads what is common to all of them, also to those without a type of their own.
//
// Every app gets the events of every table: look at `module`, the module that the table belongs to, before anything
// else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modhost/sdk/event.hpp"
#include "modhost/unique/detail/event_fields.hpp"

namespace modhost::unique {

// What is common to them. What is missing is empty; what has no field is in payload and metadata.
struct MagicTableEvent {
  static constexpr std::string_view kPrefix = "unique.magic-table.";
  Json payload, metadata, configuration, metadata_filter, correlation, additional_sheet_information;
  std::string kind;    // the last part of the event's name: "update-cell"
  std::string action;  // as set_activity() wants it: "UpdateCell"; empty when the event has none
  std::string module, chat_id, assistant_id, table_id, sheet_name;
  std::string sheet_type;  // DEFAULT, LIBRARY
  static std::optional<MagicTableEvent> of(const Event& event) { return as<MagicTableEvent>(event, {}); }

 protected:
  template <class Table>
  static std::optional<Table> as(const Event& event, std::string_view kind) {
    if (!event.name().starts_with(kPrefix)) return std::nullopt;
    const std::string_view found = event.name().substr(kPrefix.size());
    if (!kind.empty() && found != kind) return std::nullopt;
    Table table;
    const Json payload = event.payload();
    table.payload = payload;
    table.metadata = payload["metadata"];
    table.configuration = payload["configuration"];
    table.metadata_filter = detail::unless_void(payload["metadataFilter"]);
    table.correlation = payload["correlation"];
    table.additional_sheet_information = table.metadata["additionalSheetInformation"];
    table.kind = found;
    table.action = payload["action"].text();
    table.module = payload["name"].text();
    table.chat_id = payload["chatId"].text(payload["chatid"].text());
    table.assistant_id = payload["assistantId"].text();
    table.table_id = payload["tableId"].text();
    table.sheet_name = payload["sheetName"].text();
    table.sheet_type = table.metadata["sheetType"].text("DEFAULT");
    return table;
  }
};

// What questions and their sources are.
struct MagicTableSources {
  std::vector<std::string> question_file_ids, source_file_ids, question_texts;
  std::string context;
  bool is_rerun = false;

  static MagicTableSources of(Json metadata) {
    return {detail::texts(metadata["questionFileIds"]), detail::texts(metadata["sourceFileIds"]),
            detail::texts(metadata["questionTexts"]), metadata["context"].text(),
            metadata["rerun"].is_true() || metadata["Rerun"].is_true()};
  }
};

// add-meta-data: questions or sources were added.
struct MetaDataAdded : MagicTableEvent {
  MagicTableSources sources;
  static std::optional<MetaDataAdded> of(const Event& event) {
    auto table = as<MetaDataAdded>(event, "add-meta-data");
    if (table) table->sources = MagicTableSources::of(table->metadata);
    return table;
  }
};

// update-cell: a cell has another text. Row 0 names the columns.
struct CellUpdated : MagicTableEvent {
  MagicTableSources sources;
  std::int64_t row_order = 0, column_order = 0;
  std::string text;
  static std::optional<CellUpdated> of(const Event& event) {
    auto table = as<CellUpdated>(event, "update-cell");
    if (!table) return std::nullopt;
    table->sources = MagicTableSources::of(table->metadata);
    table->row_order = table->payload["rowOrder"].integer();
    table->column_order = table->payload["columnOrder"].integer();
    table->text = table->payload["data"].text();
    return table;
  }
};

// generate-artifact: a report is wanted.
struct ArtifactWanted : MagicTableEvent {
  std::string artifact_type;         // QUESTIONS, FULL_REPORT, AGENTIC_REPORT
  std::string requested_by_user_id;  // who asked, when the event's user is the sheet's owner
  static std::optional<ArtifactWanted> of(const Event& event) {
    auto table = as<ArtifactWanted>(event, "generate-artifact");
    if (!table) return std::nullopt;
    table->artifact_type = table->payload["data"]["artifactType"].text();
    table->requested_by_user_id = table->payload["requestedByUserId"].text();
    return table;
  }
};

// sheet-completed: what was agreed on goes into the library.
struct SheetCompleted : MagicTableEvent {
  std::string sheet_id, library_sheet_id, context;
  static std::optional<SheetCompleted> of(const Event& event) {
    auto table = as<SheetCompleted>(event, "sheet-completed");
    if (!table) return std::nullopt;
    table->sheet_id = table->metadata["sheetId"].text();
    table->library_sheet_id = table->metadata["librarySheetId"].text();
    table->context = table->metadata["context"].text();
    return table;
  }
};

// sheet-created
struct SheetCreated : MagicTableEvent {
  static std::optional<SheetCreated> of(const Event& event) { return as<SheetCreated>(event, "sheet-created"); }
};

// library-sheet-row.verified
struct LibraryRowVerified : MagicTableEvent {
  std::int64_t row_order = 0;
  static std::optional<LibraryRowVerified> of(const Event& event) {
    auto table = as<LibraryRowVerified>(event, "library-sheet-row.verified");
    if (table) table->row_order = table->metadata["rowOrder"].integer();
    return table;
  }
};

// rerun-row
struct RowRerun : MagicTableEvent {
  std::vector<std::string> source_file_ids;
  std::int64_t row_order = 0;
  std::string context;
  static std::optional<RowRerun> of(const Event& event) {
    auto table = as<RowRerun>(event, "rerun-row");
    if (!table) return std::nullopt;
    table->source_file_ids = detail::texts(table->metadata["sourceFileIds"]);
    table->row_order = table->metadata["rowOrder"].integer();
    table->context = table->metadata["context"].text();
    return table;
  }
};

}  // namespace modhost::unique
