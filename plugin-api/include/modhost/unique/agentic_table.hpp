// Magic tables, sheet by sheet: /magic-table. agentic_cell.hpp has their cells, agentic_metadata.hpp what hangs on
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/agentic_cell.hpp"
#include "modhost/unique/confirmation.hpp"

namespace modhost::unique {

// A report made from a sheet.
struct AgenticArtifact : Resource {
  std::string id, name, content_id, mime_type, type, state;  // state: IN_PROGRESS, DONE, ERROR
  std::string created_at, updated_at;
  static AgenticArtifact read(Resource from) {
    using A = AgenticArtifact;
    return detail::make<A>(std::move(from), "id", &A::id, "name", &A::name, "contentId", &A::content_id, "mimeType",
                           &A::mime_type, "artifactType", &A::type, "artifactState", &A::state, "createdAt",
                           &A::created_at, "updatedAt", &A::updated_at);
  }
};

// A handler of a table's event refuses a sheet that is not IDLE, makes it PROCESSING and at the end IDLE again, also
// when it fails.
struct AgenticTable : Resource {
  std::string id, name, chat_id, company_id, created_by, created_at, due_at, due_diligence_id;
  std::string state;           // IDLE, PROCESSING, STOPPED_BY_USER
  std::int64_t row_count = 0;  // when asked for
  std::vector<AgenticCell> cells;
  Json metadata;

  // What to answer beside the sheet itself; for one call.
  struct Parts {
    std::optional<bool> cells = {}, log_history = {}, row_count = {}, cell_metadata = {}, sheet_metadata = {},
                        row_metadata = {};
    std::optional<std::int64_t> start_row = {}, end_row = {};
  };
  struct Artifact {  // views, for one call
    std::string_view content_id;
    std::string_view type;  // e.g. FULL_REPORT
    std::optional<std::string_view> name = {}, mime_type = {};
  };
  static_assert(std::is_trivially_destructible_v<Parts> && std::is_trivially_destructible_v<Artifact>);

  // POST /magic-table
  static Call<AgenticTable> create_sheet(const Event& event, std::string_view name, std::string_view assistant_id = {},
                                         std::optional<std::string_view> due_at = {}) {
    return event.api()
        .post("/magic-table", detail::body("assistantId", detail::otherwise(assistant_id, event.assistant_id()), "name",
                                           name, "dueAt", due_at))
        .then(detail::read_one<AgenticTable>);
  }
  // GET /magic-table/{id}
  static Call<AgenticTable> get_sheet(const Event& event, std::string_view id, const Parts& parts) {
    const std::string query = detail::query(
        "tableId", id, "includeCells", parts.cells, "includeLogHistory", parts.log_history, "includeRowCount",
        parts.row_count, "includeCellMetaData", parts.cell_metadata, "includeSheetMetadata", parts.sheet_metadata,
        "includeRowMetadata", parts.row_metadata, "startRow", parts.start_row, "endRow", parts.end_row);
    return event.api().get(at(id) + query).then(detail::read_one<AgenticTable>);
  }
  // The same for the state alone.
  static Call<std::string> get_state(const Event& event, std::string_view id) {
    return get_sheet(event, id, {.cells = false}).then([](const AgenticTable& sheet) { return sheet.state; });
  }
  // POST /magic-table/{id}
  static Call<Confirmation> update_sheet(const Event& event, std::string_view id, std::optional<std::string_view> state,
                                         std::optional<std::string_view> name = {}) {
    return post(event, at(id), detail::body("tableId", id, "state", state, "name", name));
  }
  // POST /magic-table/{id}/activity: what the sheet says is going on. The activity is the event's action, such as
  // UpdateCell; the status IN_PROGRESS, COMPLETED or FAILED.
  static Call<Confirmation> set_activity(const Event& event, std::string_view id, std::string_view activity,
                                         std::string_view status, std::string_view text) {
    return post(event, at(id) + "/activity",
                object("tableId", id, "activity", activity, "status", status, "text", text));
  }
  // POST /magic-table/{id}/artifact
  static Call<Confirmation> set_artifact(const Event& event, std::string_view id, const Artifact& artifact) {
    return post(event, at(id) + "/artifact",
                detail::body("tableId", id, "contentId", artifact.content_id, "artifactType", artifact.type, "name",
                             artifact.name, "mimeType", artifact.mime_type));
  }
  // GET /magic-table/{id}/artifacts
  static Call<std::vector<AgenticArtifact>> list_artifacts(const Event& event, std::string_view id) {
    return event.api().get(at(id) + "/artifacts").then(detail::read_list<AgenticArtifact>("data"));
  }
  // POST /magic-table/{id}/generate-artifact
  static Call<Confirmation> generate_artifact(const Event& event, std::string_view id,
                                              std::span<const std::string_view> types) {
    return post(event, at(id) + "/generate-artifact", object("artifactTypes", detail::json_of(types)));
  }
  // POST /magic-table/{id}/row/{rowOrder}/rerun
  static Call<Confirmation> rerun_row(const Event& event, std::string_view id, std::int64_t row_order) {
    return post(event, at(id) + "/row/" + std::to_string(row_order) + "/rerun", detail::body());
  }
  // POST /magic-table/{id}/rows/bulk-update-status. The status is NEEDS_REVIEW, READY_FOR_VERIFICATION or VERIFIED.
  static Call<Confirmation> bulk_update_status(const Event& event, std::string_view id,
                                               std::span<const std::int64_t> row_orders, std::string_view status,
                                               std::optional<bool> is_locked = {}) {
    return post(
        event, at(id) + "/rows/bulk-update-status",
        detail::body("tableId", id, "rowOrders", detail::json_of(row_orders), "status", status, "locked", is_locked));
  }

  static AgenticTable read(Resource from) {
    using T = AgenticTable;
    return detail::make<T>(std::move(from), "sheetId", &T::id, "name", &T::name, "chatId", &T::chat_id, "companyId",
                           &T::company_id, "createdBy", &T::created_by, "createdAt", &T::created_at, "dueAt",
                           &T::due_at, "dueDiligenceId", &T::due_diligence_id, "state", &T::state, "magicTableRowCount",
                           &T::row_count, "magicTableCells", &T::cells, "magicTableSheetMetadata", &T::metadata);
  }

 private:
  static std::string at(std::string_view id) { return "/magic-table/" + url_encode(id); }
  static Call<Confirmation> post(const Event& event, std::string target, const JsonText& body) {
    return event.api().post(std::move(target), body).then(detail::read_one<Confirmation>);
  }
};

}  // namespace modhost::unique
