// Cells of a magic table: /magic-table/{id}/cell. Rows and columns are numbered as in the events.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/confirmation.hpp"
#include "modhost/unique/detail/query.hpp"

namespace modhost::unique {

struct AgenticCell : Resource {
  std::int64_t row_order = 0, column_order = 0;
  std::string text, sheet_id, row_id;
  bool is_row_locked = false;
  Json log_entries, metadata, row_metadata;

  struct New {  // views, all of them, for one call
    std::int64_t row_order = 0, column_order = 0;
    std::string_view text;
    [[nodiscard]] JsonText json() const {
      return object("rowOrder", row_order, "columnOrder", column_order, "data", text);
    }
  };
  struct LogEntry {
    std::string_view text;
    std::string_view created_at;                // ISO 8601
    std::string_view actor_type = "ASSISTANT";  // USER, SYSTEM, TOOL
    std::optional<std::string_view> message_id = {};
    RawJson details = {};
    [[nodiscard]] JsonText json() const {
      return detail::body("text", text, "createdAt", created_at, "actorType", actor_type, "messageId", message_id,
                          "details", details);
    }
  };
  struct Selection {
    std::optional<bool> is_selected = {};
    std::optional<std::string_view> method = {};            // DEFAULT, MANUAL
    std::optional<std::string_view> agreement_status = {};  // MATCH, NO_MATCH
  };
  static_assert(std::is_trivially_destructible_v<New> && std::is_trivially_destructible_v<LogEntry> &&
                std::is_trivially_destructible_v<Selection>);

  // POST /magic-table/{id}/cell. A text cites a message as [1&<message id>].
  static Call<AgenticCell> set(const Event& event, std::string_view table_id, const New& cell,
                               std::span<const LogEntry> log_entries = {}) {
    return event.api()
        .post(at(table_id) + "/cell", detail::body("tableId", table_id, "rowOrder", cell.row_order, "columnOrder",
                                                   cell.column_order, "text", cell.text, "logEntries", log_entries))
        .then(detail::read_one<AgenticCell>);
  }
  // GET /magic-table/{id}/cell
  static Call<AgenticCell> get(const Event& event, std::string_view table_id, std::int64_t row_order,
                               std::int64_t column_order, std::optional<bool> include_row_metadata = {}) {
    return event.api()
        .get(at(table_id) + "/cell" +
             detail::query("rowOrder", row_order, "columnOrder", column_order, "includeRowMetadata",
                           include_row_metadata))
        .then(detail::read_one<AgenticCell>);
  }
  // POST /magic-table/{id}/cells/bulk-upsert: at most 4000, as the platform's own modules do it.
  static Call<JsonDocument> set_many(const Event& event, std::string_view table_id, std::span<const New> cells) {
    return event.api().post(at(table_id) + "/cells/bulk-upsert", object("cells", detail::json_of(cells)));
  }
  // POST /magic-table/{id}/cell/metadata
  static Call<Confirmation> set_metadata(const Event& event, std::string_view table_id, std::int64_t row_order,
                                         std::int64_t column_order, const Selection& selection) {
    return event.api()
        .post(at(table_id) + "/cell/metadata",
              detail::body("tableId", table_id, "rowOrder", row_order, "columnOrder", column_order, "selected",
                           selection.is_selected, "selectionMethod", selection.method, "agreementStatus",
                           selection.agreement_status))
        .then(detail::read_one<Confirmation>);
  }

  static AgenticCell read(Resource from) {
    using C = AgenticCell;
    return detail::make<C>(std::move(from), "rowOrder", &C::row_order, "columnOrder", &C::column_order, "text",
                           &C::text, "sheetId", &C::sheet_id, "rowId", &C::row_id, "rowLocked", &C::is_row_locked,
                           "logEntries", &C::log_entries, "metaData", &C::metadata, "rowMetadata", &C::row_metadata);
  }

 private:
  static std::string at(std::string_view table_id) { return "/magic-table/" + url_encode(table_id); }
};

}  // namespace modhost::unique
