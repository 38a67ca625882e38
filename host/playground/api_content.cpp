// Files: upload in three steps, search, download. (Dossier 3.10.)
#include <algorithm>

#include "event/json_reader.hpp"
#include "playground/answer.hpp"
#include "playground/api_call.hpp"
#include "playground/blob.hpp"
#include "playground/filters.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

constexpr std::int64_t kTakeDefault = 50, kTakeMax = 1000;

// Where the bytes go to and come from: this server, under the name by which the client reached it.
std::string blob_url(const ApiCall& call, const Content& content, std::string_view what) {
  const std::string host(call.request.header("host").value_or("127.0.0.1"));
  return "http://" + host + std::string(kBlobPath) + content.token + "?sig=" + std::string(what);
}

std::string metadata_json(const Content& content) { return content.metadata.empty() ? "{}" : content.metadata; }

std::string content_json(const ApiCall& call, const Content& content) {
  const std::vector<Chunk> none;
  const std::string chunks = json_array(content.chunks ? *content.chunks : none, [](const Chunk& chunk) {
    return JsonObject()
        .text("id", chunk.id)
        .text("text", chunk.text)
        .number("startPage", chunk.page)
        .number("endPage", chunk.page)
        .number("order", chunk.order)
        .str();
  });
  return JsonObject()
      .text("id", content.id)
      .text("object", "content.search")
      .text("key", content.key)
      .raw("url", "null")
      .text("title", content.title)
      .time("updatedAt", content.updated_at)
      .time("createdAt", content.created_at)
      .raw("chunks", chunks)
      .raw("metadata", metadata_json(content))
      .text("writeUrl", blob_url(call, content, "write"))
      .text("readUrl", blob_url(call, content, "read"))
      .raw("expiredAt", "null")
      .raw("appliedIngestionConfig", content.ingestion_config)
      .text("ingestionState", content.ingestion_state)
      .text("mimeType", content.mime_type)
      .raw("previewPdfFileName", content.preview_name.empty() ? "null" : quote_json(content.preview_name))
      .raw("pdfPreviewWriteUrl", content.preview_name.empty() ? "null" : quote_json(blob_url(call, content, "preview")))
      .str();
}

std::string info_json(const Content& content) {
  return JsonObject()
      .text("id", content.id)
      .text("object", "content-info")
      .text("key", content.key)
      .raw("url", "null")
      .text("title", content.title)
      .raw("metadata", metadata_json(content))
      .text("mimeType", content.mime_type)
      .raw("description", content.description.empty() ? "null" : quote_json(content.description))
      .number("byteSize", content.byte_size)
      .text("ownerId", content.owner_id)
      .time("createdAt", content.created_at)
      .time("updatedAt", content.updated_at)
      .raw("expiresAt", "null")
      .raw("deletedAt", "null")
      .raw("expiredAt", "null")
      .str();
}

http::Response info_answer(const Result<Content>& content) {
  return content ? json_answer(200, info_json(*content)) : application_error(content.error());
}

// Contents of a chat are seen with the chat's id only.
bool is_seen(const Content& content, const std::string& chat_id) {
  return content.owner_type != "CHAT" || content.owner_id == chat_id;
}

http::Response search_content(const ApiCall& call) {
  BodyCheck check(call.body);
  check.optional_object("where");
  const std::string chat_id = check.optional_text("chatId").value_or("");
  const bool has_failed = check.optional_flag("includeFailedContent").value_or(false);
  std::function<bool(const Content&)> is_wanted;
  if (const rapidjson::Value* where = check.value("where"); where != nullptr && where->IsObject()) {
    auto filter = where_filter(*where);
    if (filter)
      is_wanted = *std::move(filter);
    else
      check.complain(filter.error().message);
  }
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  const auto found = call.on.library.list([&](const Content& content) {
    return is_seen(content, chat_id) && (has_failed || !content.ingestion_state.starts_with("FAILED")) &&
           (!is_wanted || is_wanted(content));
  });
  return json_answer(201, json_array(found, [&](const Content& content) { return content_json(call, content); }));
}

// Both spellings of "which contents are there": info and infos.
http::Response list_infos(const ApiCall& call, bool is_old) {
  BodyCheck check(call.body);
  const auto filter_text = check.optional_object("metadataFilter");
  const auto skip = check.optional_integer("skip", 0, INT32_MAX).value_or(0);
  const auto take = check.optional_integer("take", 1, kTakeMax).value_or(kTakeDefault);
  const auto parent = is_old ? std::nullopt : check.optional_text("parentId");
  const auto content_id = is_old ? check.optional_text("contentId") : std::nullopt;
  const auto path = is_old ? check.optional_text("filePath") : std::nullopt;
  const std::string chat_id = is_old ? check.optional_text("chatId").value_or("") : "";
  std::function<bool(const Content&)> is_wanted;
  if (filter_text && filter_text != "{}") {
    auto filter = unique_ql(*check.value("metadataFilter"));
    if (filter)
      is_wanted = *std::move(filter);
    else
      check.complain("metadataFilter: " + filter.error().message);
  }
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  auto found = call.on.library.list([&](const Content& content) {
    return is_seen(content, chat_id) && (!parent || content.owner_id == *parent) &&
           (!content_id || content.id == *content_id) && (!path || path->ends_with(content.key)) &&
           (!is_wanted || is_wanted(content));
  });
  const std::size_t total = found.size();
  found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(total, skip)));
  if (found.size() > static_cast<std::size_t>(take)) found.resize(static_cast<std::size_t>(take));
  JsonObject answer;
  if (!is_old) answer.text("object", "content-infos");
  return json_answer(201, answer.raw(is_old ? "contentInfo" : "contentInfos", json_array(found, info_json))
                              .number("totalCount", static_cast<std::int64_t>(total))
                              .str());
}

http::Response get_info(const ApiCall& call) { return list_infos(call, true); }
http::Response get_infos(const ApiCall& call) { return list_infos(call, false); }

http::Response upsert(const ApiCall& call) {
  BodyCheck check(call.body);
  ContentFields fields;
  const auto chat_id = check.optional_text("chatId"), scope_id = check.optional_text("scopeId");
  check.optional_text("sourceOwnerType");
  check.optional_flag("storeInternally");
  check.optional_text("fileUrl");
  fields.preview_name = check.optional_text("previewPdfFileName");
  check.optional_flag("versioningEnabled");
  if (const auto* versioning = find_member(call.body, "versioningEnabled"); versioning && versioning->IsNull())
    check.complain("versioningEnabled must be a boolean value");  // the platform takes no null here
  check.optional_object("input");
  std::vector<std::string> complaints;
  if (const rapidjson::Value* given = check.value("input"); given != nullptr && given->IsObject()) {
    BodyCheck input(*given);
    fields.key = input.text("key");
    fields.title = input.optional_text("title");
    fields.mime_type = input.text("mimeType");
    fields.description = input.optional_text("description");
    input.optional_text("ownerType");
    input.optional_text("ownerId");
    fields.byte_size = input.optional_integer("byteSize", 0, INT64_MAX);
    fields.ingestion_config = input.optional_object("ingestionConfig");
    fields.metadata = input.optional_object("metadata");
    input.refuse_others();
    for (const std::string& one : input.complaints()) complaints.push_back("input." + one);
    fields.owner_id = chat_id ? *chat_id : scope_id ? *scope_id : std::string(string_member(*given, "ownerId"));
  } else {
    check.complain("input must be an object");
  }
  check.refuse_others();
  complaints.insert(complaints.begin(), check.complaints().begin(), check.complaints().end());
  if (complaints.empty() && fields.owner_id.empty()) complaints.emplace_back("scopeId or chatId must be a string");
  if (!complaints.empty()) return validation_error(complaints);
  fields.owner_type = chat_id ? "CHAT" : "SCOPE";
  return json_answer(201, content_json(call, call.on.library.upsert(fields)));
}

http::Response download(const ApiCall& call) {
  const auto content = call.on.library.find(call.ids[0]);
  if (!content) return application_error(content.error());
  if (!is_seen(*content, call.parameter("chatId").value_or("")))
    return application_error(not_found("Content " + content->id + " not found"));
  return file_answer(*content);
}

http::Response versions(const ApiCall& call) {
  const auto content = call.on.library.find(call.ids[0]);
  if (!content) return application_error(content.error());
  return json_answer(200, R"({"object":"content-versions","data":[]})");  // only the newest bytes are kept
}

http::Response no_version(const ApiCall& call) {
  return application_error(not_found("ContentVersion " + call.ids[0] + " not found: the stand-in keeps no versions"));
}

http::Response update(const ApiCall& call) {
  BodyCheck check(call.body);
  const auto title = check.optional_text("title"), owner = check.optional_text("ownerId");
  const auto owner_type = check.optional_choice("ownerType", {"CHAT", "SCOPE"});
  const auto metadata = check.optional_object("metadata");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return info_answer(call.on.library.change(call.ids[0], [&](Content& content) {
    if (title) content.title = *title;
    if (owner) content.owner_id = *owner;
    if (owner_type) content.owner_type = *owner_type;
    if (metadata) content.metadata = *metadata;
  }));
}

http::Response update_state(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string state = check.text("ingestionState");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return info_answer(call.on.library.change(call.ids[0], [&](Content& content) { content.ingestion_state = state; }));
}

http::Response remove(const ApiCall& call) {
  const auto removed = call.on.library.remove(call.ids[0]);
  return removed ? json_answer(200, JsonObject().text("id", call.ids[0]).str()) : application_error(removed.error());
}

// Each row becomes a small text of its own.
http::Response ingest_sheet(const ApiCall& call) {
  BodyCheck check(call.body);
  const rapidjson::Value* rows = check.array("data");
  check.optional_object("ingestionConfiguration");
  check.optional_object("metadata");
  const std::string scope_id = check.text("scopeId"), name = check.text("sheetName");
  check.optional_text("context");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  std::vector<std::string> made;
  for (const auto& row : rows->GetArray()) {
    if (!row.IsObject()) return validation_error({"each value in data must be an object"});
    const std::string row_id(string_member(row, "rowId"));
    std::string text;
    if (const auto* columns = find_member(row, "columns"); columns != nullptr && columns->IsArray())
      for (const auto& column : columns->GetArray())
        if (column.IsObject())
          text.append(string_member(column, "columnName")).append(": ").append(string_member(column, "content")) +=
              '\n';
    ContentFields fields;
    fields.key = name + "/" + row_id;
    fields.mime_type = "text/plain";
    fields.owner_id = scope_id;
    fields.owner_type = "SCOPE";
    const Content content = call.on.library.upsert(fields);
    if (const auto kept = call.on.library.write(content.token, text); !kept) return application_error(kept.error());
    made.push_back(JsonObject().text("rowId", row_id).text("contentId", content.id).str());
  }
  return json_answer(201, JsonObject().raw("rowIdsToContentIds", json_list(made)).str());
}

}  // namespace

void add_content_routes(Routes& routes) {
  const Routes mine = {{"POST", "content/search", search_content},
                       {"POST", "content/info", get_info},
                       {"POST", "content/infos", get_infos},
                       {"POST", "content/upsert", upsert},
                       {"POST", "content/magic-table-sheets", ingest_sheet},
                       {"GET", "content/versions/:/download-url", no_version},
                       {"POST", "content/versions/:/restore", no_version},
                       {"GET", "content/:/file", download},
                       {"GET", "content/:/versions", versions},
                       {"PATCH", "content/:/ingestion-state", update_state},
                       {"PATCH", "content/:", update},
                       {"DELETE", "content/:", remove}};
  routes.insert(routes.end(), mine.begin(), mine.end());
}

}  // namespace modhost::playground
