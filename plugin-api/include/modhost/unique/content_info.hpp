// What the platform knows of a file without its text: /content/infos, /content/{id}/versions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "modhost/unique/page.hpp"

namespace modhost::unique {

struct ContentInfo : Resource {
  std::string id, key, url, title, mime_type, description, owner_id;
  std::string created_at, updated_at, expires_at, deleted_at, expired_at;  // ISO 8601; empty when not set
  std::int64_t byte_size = 0;
  Json metadata;

  struct Find {                                      // views, for one call
    RawJson metadata_filter = {};                    // UniqueQL, see ql.hpp
    std::optional<std::string_view> parent_id = {};  // a folder, instead of a filter
    std::optional<std::int64_t> skip = {}, take = {};
  };
  struct FindOne {  // of the older call
    RawJson metadata_filter = {};
    std::optional<std::int64_t> skip = {}, take = {};  // the platform's defaults are 0 and 50
    std::optional<std::string_view> file_path = {}, content_id = {}, chat_id = {};
  };
  static_assert(std::is_trivially_destructible_v<Find> && std::is_trivially_destructible_v<FindOne>);

  // POST /content/infos. The files of a folder by its path: Folder::info() says the parent_id.
  static Call<Page<ContentInfo>> list(const Event& event, const Find& find) {
    return detail::post_page<ContentInfo>(event, "/content/infos", "contentInfos", find.skip,
                                          detail::fields("metadataFilter", find.metadata_filter, "skip", find.skip,
                                                         "take", find.take, "parentId", find.parent_id));
  }
  // POST /content/info, which the platform calls deprecated.
  static Call<Page<ContentInfo>> find(const Event& event, const FindOne& find) {
    return detail::post_page<ContentInfo>(
        event, "/content/info", "contentInfo", find.skip,
        detail::fields("metadataFilter", find.metadata_filter, "skip", find.skip, "take", find.take, "filePath",
                       find.file_path, "contentId", find.content_id, "chatId", find.chat_id));
  }

  static ContentInfo read(Resource from) {
    using C = ContentInfo;
    return detail::make<C>(std::move(from), "id", &C::id, "key", &C::key, "url", &C::url, "title", &C::title,
                           "mimeType", &C::mime_type, "description", &C::description, "ownerId", &C::owner_id,
                           "createdAt", &C::created_at, "updatedAt", &C::updated_at, "expiresAt", &C::expires_at,
                           "deletedAt", &C::deleted_at, "expiredAt", &C::expired_at, "byteSize", &C::byte_size,
                           "metadata", &C::metadata);
  }
};

struct ContentVersion : Resource {
  std::string id, content_id, reason, key, title, description, url, mime_type, owner_type, owner_id, content_hash;
  std::string archived_at, archived_by, created_by, original_created_at, original_created_by;
  std::int64_t version_number = 0, byte_size = 0;

  // GET /content/{id}/versions
  static Call<Page<ContentVersion>> list(const Event& event, std::string_view content_id,
                                         std::optional<std::int64_t> skip = {}, std::optional<std::int64_t> take = {}) {
    return detail::get_page<ContentVersion>(
        event, "/content/" + url_encode(content_id) + "/versions" + detail::query("skip", skip, "take", take), "data",
        skip);
  }
  // GET /content/versions/{id}/download-url: an address to fetch the version from.
  static Call<std::string> download_url(const Event& event, std::string_view id) {
    return event.api().get(path(id) + "/download-url").then([](const JsonDocument& answer) {
      return answer["url"].text();
    });
  }
  // POST /content/versions/{id}/restore
  static Call<ContentInfo> restore(const Event& event, std::string_view id) {
    return event.api().post(path(id) + "/restore", detail::body()).then(detail::read_one<ContentInfo>);
  }

  static ContentVersion read(Resource from) {
    using V = ContentVersion;
    return detail::make<V>(std::move(from), "id", &V::id, "contentId", &V::content_id, "reason", &V::reason, "key",
                           &V::key, "title", &V::title, "description", &V::description, "url", &V::url, "mimeType",
                           &V::mime_type, "ownerType", &V::owner_type, "ownerId", &V::owner_id, "contentHash",
                           &V::content_hash, "archivedAt", &V::archived_at, "archivedBy", &V::archived_by, "createdBy",
                           &V::created_by, "originalCreatedAt", &V::original_created_at, "originalCreatedBy",
                           &V::original_created_by, "versionNumber", &V::version_number, "byteSize", &V::byte_size);
  }

 private:
  static std::string path(std::string_view id) { return "/content/versions/" + url_encode(id); }
};

}  // namespace modhost::unique
