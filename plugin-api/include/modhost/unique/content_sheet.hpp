// Rows of a magic table as contents to be found by search: /content/magic-table-sheets.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/resource.hpp"

namespace modhost::unique {

struct ContentSheet {
  struct Column {  // views, all of them
    std::string_view id, name, content;
    [[nodiscard]] JsonText json() const { return detail::body("columnId", id, "columnName", name, "content", content); }
  };
  struct Row {
    std::string_view id;
    std::span<const Column> columns = {};
    std::optional<std::string_view> context = {};
    RawJson row_metadata = {};
    [[nodiscard]] JsonText json() const {
      return detail::body("rowId", id, "columns", detail::json_of(columns), "context", context, "rowMetadata",
                          row_metadata);
    }
  };
  struct New {
    std::string_view scope_id, sheet_name;
    std::span<const Row> rows = {};
    std::span<const std::string_view> column_ids_in_metadata = {}, column_ids_in_chunk_text = {};
    RawJson metadata = {};
    std::optional<std::string_view> context = {};
  };
  static_assert(std::is_trivially_destructible_v<New>);

  struct RowContent : Resource {
    std::string row_id, content_id;
    static RowContent read(Resource from) {
      return detail::make<RowContent>(std::move(from), "rowId", &RowContent::row_id, "contentId",
                                      &RowContent::content_id);
    }
  };

  // POST /content/magic-table-sheets: which content each row became.
  static Call<std::vector<RowContent>> ingest(const Event& event, const New& sheet) {
    const JsonText configuration = object("columnIdsInMetadata", detail::json_of(sheet.column_ids_in_metadata),
                                          "columnIdsInChunkText", detail::json_of(sheet.column_ids_in_chunk_text));
    const RawJson metadata{detail::otherwise(sheet.metadata.text, "{}")};
    return event.api()
        .post(
            "/content/magic-table-sheets",
            detail::body("data", detail::json_of(sheet.rows), "ingestionConfiguration", configuration, "metadata",
                         metadata, "scopeId", sheet.scope_id, "sheetName", sheet.sheet_name, "context", sheet.context))
        .then(detail::read_list<RowContent>("rowIdsToContentIds"));
  }
};

}  // namespace modhost::unique
