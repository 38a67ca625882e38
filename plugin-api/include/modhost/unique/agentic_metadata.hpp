// What hangs on a magic table: its questions and sources, how its columns look, free entries on sheet and rows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "modhost/unique/confirmation.hpp"

namespace modhost::unique {

struct AgenticMetadata {
  struct Entry {  // views, all of them, for one call
    std::string_view key, value;
    std::optional<bool> exact_filter = {};
    [[nodiscard]] JsonText json() const {
      return detail::body("key", key, "value", value, "exactFilter", exact_filter);
    }
  };
  struct Added {
    std::span<const std::string_view> question_file_ids = {}, question_texts = {}, source_file_ids = {};
    std::optional<std::string_view> context = {};
  };
  struct Column {
    std::int64_t order = 0;
    std::optional<std::int64_t> width = {};              // pixels
    std::optional<std::string_view> filter = {};         // e.g. ValueMatchFilter
    std::optional<std::string_view> cell_renderer = {};  // e.g. ReviewStatusDropdown
    std::optional<bool> is_editable = {};
  };
  static_assert(std::is_trivially_destructible_v<Entry> && std::is_trivially_destructible_v<Added> &&
                std::is_trivially_destructible_v<Column>);

  // POST /magic-table/{id}/metadata: in addition to what is there. New questions start the agent; not while the sheet
  // is PROCESSING (422).
  static Call<Confirmation> add(const Event& event, std::string_view table_id, const Added& added) {
    return post(event, table_id, "/metadata",
                detail::body("questionFileIds", added.question_file_ids, "questionTexts", added.question_texts,
                             "sourceFileIds", added.source_file_ids, "context", added.context));
  }
  // POST /magic-table/{id}/column/metadata
  static Call<Confirmation> set_column(const Event& event, std::string_view table_id, const Column& column) {
    return post(event, table_id, "/column/metadata",
                detail::body("columnOrder", column.order, "columnWidth", column.width, "filter", column.filter,
                             "cellRenderer", column.cell_renderer, "editable", column.is_editable));
  }
  // POST /magic-table/{id}/sheet/metadata
  static Call<Confirmation> create_for_sheet(const Event& event, std::string_view table_id,
                                             std::span<const Entry> entries) {
    return post(event, table_id, "/sheet/metadata", object("entries", detail::json_of(entries)));
  }
  // POST /magic-table/{id}/row/{rowId}/metadata
  static Call<Confirmation> create_for_row(const Event& event, std::string_view table_id, std::string_view row_id,
                                           std::span<const Entry> entries) {
    return post(event, table_id, "/row/" + url_encode(row_id) + "/metadata",
                object("entries", detail::json_of(entries)));
  }
  // DELETE /magic-table/{id}/sheet/metadata/{metadataId}
  static Call<Confirmation> remove_from_sheet(const Event& event, std::string_view table_id,
                                              std::string_view metadata_id) {
    return event.api()
        .remove("/magic-table/" + url_encode(table_id) + "/sheet/metadata/" + url_encode(metadata_id))
        .then(detail::read_one<Confirmation>);
  }

 private:
  static Call<Confirmation> post(const Event& event, std::string_view table_id, const std::string& part,
                                 const JsonText& body) {
    return event.api().post("/magic-table/" + url_encode(table_id) + part, body).then(detail::read_one<Confirmation>);
  }
};

}  // namespace modhost::unique
