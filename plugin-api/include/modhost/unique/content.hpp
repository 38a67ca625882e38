// Files of the knowledge base and of chats: /content. upload.hpp sends the bytes of one, content_info.hpp lists them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/confirmation.hpp"
#include "modhost/unique/content_info.hpp"
#include "modhost/unique/file.hpp"

namespace modhost::unique {

struct ContentChunk : Resource {
  std::string id, text;
  std::int64_t start_page = 0, end_page = 0, order = 0;
  static ContentChunk read(Resource from) {
    using C = ContentChunk;
    return detail::make<C>(std::move(from), "id", &C::id, "text", &C::text, "startPage", &C::start_page, "endPage",
                           &C::end_page, "order", &C::order);
  }
};

struct Content : Resource {
  std::string id, key, url, title, mime_type, created_at, updated_at, expired_at;
  std::string ingestion_state;                             // FINISHED, QUEUED, FAILED..., others in between
  std::string write_url, read_url, pdf_preview_write_url;  // of an upsert; secret, good for a quarter of an hour
  std::string preview_pdf_file_name;
  std::vector<ContentChunk> chunks;
  Json metadata, applied_ingestion_config;

  struct New {             // views, for one call
    std::string_view key;  // the file's name
    std::string_view mime_type;
    std::string_view title = {};                                  // the key when empty
    std::optional<std::string_view> chat_id = {}, scope_id = {};  // the event's chat when neither is given
    std::optional<std::string_view> description = {}, owner_type = {}, owner_id = {}, source_owner_type = {};
    RawJson ingestion_config = {};  // {"uniqueIngestionMode": "SKIP_INGESTION", "hideInChat": true, ...}
    RawJson metadata = {};
    std::optional<bool> store_internally = {}, versioning_enabled = {};
    std::optional<std::int64_t> byte_size = {};     // once the bytes are sent
    std::optional<std::string_view> file_url = {};  // the same: where from, read_url
    std::optional<std::string_view> preview_pdf_file_name = {};
  };
  struct Change {                                                                // what is not given stays as it is
    std::optional<std::string_view> title = {}, owner_id = {}, owner_type = {};  // owner_type: CHAT
    RawJson metadata = {};
  };
  static_assert(std::is_trivially_destructible_v<New> && std::is_trivially_destructible_v<Change>);

  // POST /content/search. `where` is as {"title": {"contains": "lease"}}, with AND, OR and NOT.
  static Call<std::vector<Content>> search(const Event& event, RawJson where,
                                           std::optional<std::string_view> chat_id = {},
                                           std::optional<bool> include_failed = {}) {
    return event.api()
        .post("/content/search",
              detail::body("where", where, "chatId", chat_id, "includeFailedContent", include_failed))
        .then(detail::read_list<Content>("data"));
  }
  // The same for what was uploaded in the event's chat.
  static Call<std::vector<Content>> uploaded(const Event& event) {
    const JsonText where = object("ownerId", object("equals", event.chat_id()));
    return search(event, RawJson{where.text()}, event.chat_id());
  }
  // POST /content/upsert: makes the file known or changes it; its bytes are sent apart.
  static Call<Content> upsert(const Event& event, const New& content) {
    return event.api().post("/content/upsert", object(fields_of(event, content))).then(detail::read_one<Content>);
  }
  // GET /content/{id}/file
  static Call<File> download(const Event& event, std::string_view id, std::optional<std::string_view> chat_id = {}) {
    return detail::get_file(event, path(id) + "/file" + detail::query("chatId", chat_id));
  }
  // PATCH /content/{id}
  static Call<ContentInfo> update(const Event& event, std::string_view id, const Change& change) {
    const JsonText body = detail::body("title", change.title, "ownerId", change.owner_id, "ownerType",
                                       change.owner_type, "metadata", change.metadata);
    return event.api().patch(path(id), body).then(detail::read_one<ContentInfo>);
  }
  // PATCH /content/{id}/ingestion-state
  static Call<ContentInfo> update_ingestion_state(const Event& event, std::string_view id, std::string_view state) {
    return event.api()
        .patch(path(id) + "/ingestion-state", object("ingestionState", state))
        .then(detail::read_one<ContentInfo>);
  }
  // DELETE /content/{id}
  static Call<Confirmation> remove(const Event& event, std::string_view id,
                                   std::optional<std::string_view> chat_id = {}) {
    return event.api().remove(path(id) + detail::query("chatId", chat_id)).then(detail::read_one<Confirmation>);
  }

  // The body of upsert().
  static detail::Fields fields_of(const Event& event, const New& with) {
    const RawJson metadata{detail::otherwise(with.metadata.text, "{}")};
    const JsonText input =
        detail::body("key", with.key, "title", detail::otherwise(with.title, with.key), "mimeType", with.mime_type,
                     "description", with.description, "ownerType", with.owner_type, "ownerId", with.owner_id,
                     "byteSize", with.byte_size, "ingestionConfig", with.ingestion_config, "metadata", metadata);
    const auto chat = with.chat_id || with.scope_id ? with.chat_id : detail::unless_empty(event.chat_id());
    return detail::fields("input", input, "fileUrl", with.file_url, "sourceOwnerType", with.source_owner_type,
                          "storeInternally", with.store_internally, "previewPdfFileName", with.preview_pdf_file_name,
                          "versioningEnabled", with.versioning_enabled, "scopeId", with.scope_id, "chatId", chat);
  }

  static Content read(Resource from) {
    using C = Content;
    return detail::make<C>(std::move(from), "id", &C::id, "key", &C::key, "url", &C::url, "title", &C::title,
                           "mimeType", &C::mime_type, "createdAt", &C::created_at, "updatedAt", &C::updated_at,
                           "expiredAt", &C::expired_at, "ingestionState", &C::ingestion_state, "writeUrl",
                           &C::write_url, "readUrl", &C::read_url, "pdfPreviewWriteUrl", &C::pdf_preview_write_url,
                           "previewPdfFileName", &C::preview_pdf_file_name, "chunks", &C::chunks, "metadata",
                           &C::metadata, "appliedIngestionConfig", &C::applied_ingestion_config);
  }

 private:
  static std::string path(std::string_view id) { return "/content/" + url_encode(id); }
};

}  // namespace modhost::unique
