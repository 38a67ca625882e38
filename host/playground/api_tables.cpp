// Magic tables: sheets, cells, artifacts, metadata. A sheet that nobody made is made when it is named: whoever composes
// a magic-table event plays the platform. The agent of the real platform, which fills tables by itself, is not
// simulated. (Dossier 3.19.)
#include <algorithm>

#include "event/json_reader.hpp"
#include "playground/answer.hpp"
#include "playground/api_call.hpp"
#include "playground/ids.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

constexpr const char *kSheet = "Sheet", *kCell = "Cell", *kArtifact = "Artifact", *kSheetMetadata = "SheetMetadata",
                     *kRowMetadata = "RowMetadata", *kCellMetadata = "CellMetadata", *kColumn = "Column";
constexpr std::int64_t kOrderMax = 1'000'000;
constexpr std::size_t kCellsMax = 10'000;  // of one bulk request

std::string make_sheet(const ApiCall& call, const std::string& id, const std::optional<std::string>& name,
                       const std::optional<std::string>& space_id) {
  return call.on.records.put(kSheet, id, "",
                             JsonObject()
                                 .text("sheetId", id)
                                 .text("dueDiligenceId", id)
                                 .text("name", name.value_or("Sheet"))
                                 .text("state", "IDLE")
                                 .text("createdBy", call.user_id)
                                 .text("companyId", call.company_id)
                                 .text_or_null("assistantId", space_id)
                                 .raw("chatId", "null")
                                 .str());
}

std::string sheet_of(const ApiCall& call) {
  const auto known = call.on.records.find(kSheet, call.ids[0]);
  return known ? *known : make_sheet(call, call.ids[0], std::nullopt, std::nullopt);
}

http::Response done(const ApiCall& call) {
  sheet_of(call);
  return json_answer(201, R"({"status":"success","message":null})");
}

std::string cell_id(const std::string& sheet, std::int64_t row, std::int64_t column) {
  return sheet + "/" + std::to_string(row) + "/" + std::to_string(column);
}

http::Response create_sheet(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string space_id = check.text("assistantId");
  const auto name = check.optional_text("name");
  check.optional_text("dueAt");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return json_answer(201, make_sheet(call, new_id("sheet_"), name, space_id));
}

std::int64_t order_of(const std::string& cell, const char* name) {
  const auto document = parse_json(cell).value();
  const rapidjson::Value* value = find_member(document, name);
  return value != nullptr && value->IsInt64() ? value->GetInt64() : 0;
}

http::Response get_sheet(const ApiCall& call) {
  std::vector<std::string> complaints;
  const std::size_t first = call.number("startRow", 0, kOrderMax, complaints);
  const std::size_t last = call.number("endRow", kOrderMax, kOrderMax, complaints);
  if (!complaints.empty()) return validation_error(complaints);
  std::string sheet = sheet_of(call);
  std::vector<std::string> cells = call.on.records.list(kCell, call.ids[0]);
  std::int64_t rows = 0;
  for (const std::string& cell : cells) rows = std::max(rows, order_of(cell, "rowOrder") + 1);
  std::erase_if(cells, [&](const std::string& cell) {
    const auto row = static_cast<std::size_t>(order_of(cell, "rowOrder"));
    return row < first || row > last;
  });
  sheet.pop_back();
  if (call.flag("includeRowCount")) sheet += ",\"magicTableRowCount\":" + std::to_string(rows);
  if (call.flag("includeCells")) sheet += ",\"magicTableCells\":" + json_list(cells);
  if (call.flag("includeSheetMetadata"))
    sheet += ",\"magicTableSheetMetadata\":" + json_list(call.on.records.list(kSheetMetadata, call.ids[0]));
  return json_answer(200, sheet + "}");
}

http::Response update_sheet(const ApiCall& call) {
  BodyCheck check(call.body);
  check.optional_text("tableId");
  check.optional_choice("state", {"STOPPED_BY_USER", "PROCESSING", "IDLE"});
  check.optional_text("name");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  sheet_of(call);
  const auto changed = call.on.records.merge(kSheet, call.ids[0], call.body);
  return changed ? done(call) : application_error(changed.error());
}

std::string put_cell(const ApiCall& call, std::int64_t row, std::int64_t column, const std::string& text,
                     const std::string& log) {
  return call.on.records.put(kCell, cell_id(call.ids[0], row, column), call.ids[0],
                             JsonObject()
                                 .number("rowOrder", row)
                                 .number("columnOrder", column)
                                 .text("text", text)
                                 .text("sheetId", call.ids[0])
                                 .text("rowId", "row_" + std::to_string(row))
                                 .flag("rowLocked", false)
                                 .raw("logEntries", log)
                                 .str());
}

http::Response set_cell(const ApiCall& call) {
  BodyCheck check(call.body);
  check.optional_text("tableId");
  const auto row = check.optional_integer("rowOrder", 0, kOrderMax);
  const auto column = check.optional_integer("columnOrder", 0, kOrderMax);
  const std::string text = check.any_text("text");
  const std::string log = check.optional_array("logEntries").value_or("[]");
  if (!row) check.complain("rowOrder must be an integer number");
  if (!column) check.complain("columnOrder must be an integer number");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  sheet_of(call);
  return json_answer(201, put_cell(call, *row, *column, text, log));
}

http::Response get_cell(const ApiCall& call) {
  std::vector<std::string> complaints;
  const auto row = static_cast<std::int64_t>(call.number("rowOrder", 0, kOrderMax, complaints));
  const auto column = static_cast<std::int64_t>(call.number("columnOrder", 0, kOrderMax, complaints));
  if (!complaints.empty()) return validation_error(complaints);
  sheet_of(call);
  const auto known = call.on.records.find(kCell, cell_id(call.ids[0], row, column));
  if (!known)  // a cell nobody wrote is empty
    return json_answer(200, JsonObject()
                                .number("rowOrder", row)
                                .number("columnOrder", column)
                                .text("text", "")
                                .text("sheetId", call.ids[0])
                                .str());
  return json_answer(200, *known);
}

http::Response set_cells(const ApiCall& call) {
  BodyCheck check(call.body);
  check.optional_text("tableId");
  const rapidjson::Value* cells = check.array("cells");
  check.refuse_others();
  if (cells != nullptr && cells->Size() > kCellsMax) check.complain("cells must contain no more than 10000 elements");
  if (!check.is_good()) return validation_error(check.complaints());
  sheet_of(call);
  for (const auto& one : cells->GetArray()) {
    if (!one.IsObject()) return validation_error({"each value in cells must be an object"});
    BodyCheck cell(one);
    const std::int64_t row = cell.integer("rowOrder"), column = cell.integer("columnOrder");
    const std::string text = cell.any_text("data");
    if (!cell.is_good()) return validation_error(cell.complaints());
    put_cell(call, row, column, text, "[]");
  }
  return done(call);
}

http::Response set_activity(const ApiCall& call) {
  BodyCheck check(call.body);
  check.optional_text("tableId");
  check.text("activity");
  check.choice("status", {"IN_PROGRESS", "COMPLETED", "FAILED"});
  check.any_text("text");
  check.refuse_others();
  return check.is_good() ? done(call) : validation_error(check.complaints());
}

http::Response add_artifact(const ApiCall& call) {
  BodyCheck check(call.body);
  check.optional_text("tableId");
  const auto content_id = check.optional_text("contentId");
  const std::string type = check.text("artifactType");
  const auto name = check.optional_text("name"), mime_type = check.optional_text("mimeType");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  sheet_of(call);
  const std::string id = new_id("artifact_");
  return json_answer(201, call.on.records.put(kArtifact, id, call.ids[0],
                                              JsonObject()
                                                  .text("id", id)
                                                  .text("name", name.value_or(type))
                                                  .text_or_null("contentId", content_id)
                                                  .text_or_null("mimeType", mime_type)
                                                  .text("artifactType", type)
                                                  .text("artifactState", content_id ? "DONE" : "IN_PROGRESS")
                                                  .str()));
}

http::Response list_artifacts(const ApiCall& call) {
  sheet_of(call);
  return json_answer(
      200,
      JsonObject().text("object", "list").raw("data", json_list(call.on.records.list(kArtifact, call.ids[0]))).str());
}

http::Response generate_artifact(const ApiCall& call) {
  BodyCheck check(call.body);
  check.array("artifactTypes");
  check.refuse_others();
  return check.is_good() ? done(call) : validation_error(check.complaints());
}

http::Response add_questions(const ApiCall& call) {
  BodyCheck check(call.body);
  for (const char* name : {"questionFileIds", "questionTexts", "sourceFileIds"}) check.optional_array(name);
  check.optional_text("context");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  if (string_member(parse_json(sheet_of(call)).value(), "state") == "PROCESSING")
    return nest_error(422, "the sheet is being processed");
  return done(call);
}

http::Response update_rows(const ApiCall& call) {
  BodyCheck check(call.body);
  check.optional_text("tableId");
  check.array("rowOrders");
  check.choice("status", {"NEEDS_REVIEW", "READY_FOR_VERIFICATION", "VERIFIED"});
  check.optional_flag("locked");
  check.refuse_others();
  return check.is_good() ? done(call) : validation_error(check.complaints());
}

http::Response set_column(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::int64_t column = check.integer("columnOrder");
  check.optional_integer("columnWidth", 0, kOrderMax);
  check.optional_text("filter");
  check.optional_text("cellRenderer");
  check.optional_flag("editable");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  call.on.records.put(kColumn, call.ids[0] + "/" + std::to_string(column), call.ids[0], to_json(call.body));
  return done(call);
}

http::Response set_cell_metadata(const ApiCall& call) {
  BodyCheck check(call.body);
  check.optional_text("tableId");
  const std::int64_t row = check.integer("rowOrder"), column = check.integer("columnOrder");
  check.optional_flag("selected");
  check.optional_choice("selectionMethod", {"DEFAULT", "MANUAL"});
  check.optional_choice("agreementStatus", {"MATCH", "NO_MATCH"});
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  call.on.records.put(kCellMetadata, cell_id(call.ids[0], row, column), call.ids[0], to_json(call.body));
  return done(call);
}

http::Response add_entries(const ApiCall& call, const char* kind, const std::string& group) {
  BodyCheck check(call.body);
  const rapidjson::Value* entries = check.array("entries");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  for (const auto& one : entries->GetArray()) {
    if (!one.IsObject()) return validation_error({"each value in entries must be an object"});
    BodyCheck entry(one);
    const std::string id = new_id("metadata_"), key = entry.text("key"), value = entry.any_text("value");
    const bool is_exact = entry.optional_flag("exactFilter").value_or(false);
    entry.refuse_others();
    if (!entry.is_good()) return validation_error(entry.complaints());
    call.on.records.put(
        kind, id, group,
        JsonObject().text("id", id).text("key", key).text("value", value).flag("exactFilter", is_exact).str());
  }
  return done(call);
}

http::Response add_sheet_metadata(const ApiCall& call) { return add_entries(call, kSheetMetadata, call.ids[0]); }
http::Response add_row_metadata(const ApiCall& call) {
  return add_entries(call, kRowMetadata, call.ids[0] + "/" + call.ids[1]);
}

http::Response remove_sheet_metadata(const ApiCall& call) {
  const auto was = call.on.records.remove(kSheetMetadata, call.ids[1]);
  return was ? json_answer(200, R"({"status":"success","message":null})") : application_error(was.error());
}

}  // namespace

void add_table_routes(Routes& routes) {
  const Routes mine = {{"POST", "magic-table", create_sheet},
                       {"GET", "magic-table/:", get_sheet},
                       {"POST", "magic-table/:", update_sheet},
                       {"POST", "magic-table/:/cell", set_cell},
                       {"GET", "magic-table/:/cell", get_cell},
                       {"POST", "magic-table/:/cells/bulk-upsert", set_cells},
                       {"POST", "magic-table/:/activity", set_activity},
                       {"POST", "magic-table/:/artifact", add_artifact},
                       {"GET", "magic-table/:/artifacts", list_artifacts},
                       {"POST", "magic-table/:/generate-artifact", generate_artifact},
                       {"POST", "magic-table/:/metadata", add_questions},
                       {"POST", "magic-table/:/row/:/rerun", done},
                       {"POST", "magic-table/:/rows/bulk-update-status", update_rows},
                       {"POST", "magic-table/:/column/metadata", set_column},
                       {"POST", "magic-table/:/cell/metadata", set_cell_metadata},
                       {"POST", "magic-table/:/sheet/metadata", add_sheet_metadata},
                       {"POST", "magic-table/:/row/:/metadata", add_row_metadata},
                       {"DELETE", "magic-table/:/sheet/metadata/:", remove_sheet_metadata}};
  routes.insert(routes.end(), mine.begin(), mine.end());
}

}  // namespace modhost::playground
