// Search in the knowledge base: /search.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/resource.hpp"

namespace modhost::unique {

// A found piece of a document.
struct Chunk : Resource {
  std::string id, chunk_id, text, title, key, url;  // id: of the content; key: file name, or "name : 5,6" with pages
  std::int64_t order = 0, start_page = 0, end_page = 0;  // pages from 1; 0 or -1: none
  double score = 0;
  std::string internally_stored_at, created_at, updated_at;  // ISO 8601; empty when not set
  Json metadata;

  static Chunk read(Resource from) {
    using C = Chunk;
    return detail::make<C>(std::move(from), "id", &C::id, "chunkId", &C::chunk_id, "text", &C::text, "title", &C::title,
                           "key", &C::key, "url", &C::url, "order", &C::order, "startPage", &C::start_page, "endPage",
                           &C::end_page, "score", &C::score, "internallyStoredAt", &C::internally_stored_at,
                           "createdAt", &C::created_at, "updatedAt", &C::updated_at, "metadata", &C::metadata);
  }
};

struct Search {
  struct Ask {  // views, for one call
    std::string_view search_string;
    std::string_view search_type = "COMBINED";  // VECTOR, FULL_TEXT, POSTGRES_FULL_TEXT
    std::optional<std::int64_t> limit = {};     // the platform's default is 20, its maximum 1000
    std::optional<std::int64_t> page = {};      // from 1
    std::optional<std::string_view> chat_id = {}, language = {};
    std::span<const std::string_view> scope_ids = {}, content_ids = {};
    std::optional<bool> chat_only = {};
    std::optional<double> score_threshold = {};
    RawJson meta_data_filter = {};  // UniqueQL, see ql.hpp
    RawJson reranker = {};          // {"deploymentName", "options"}
    RawJson qdrant_params = {};
  };
  static_assert(std::is_trivially_destructible_v<Ask>);

  // POST /search/search
  static Call<std::vector<Chunk>> search(const Event& event, const Ask& ask) {
    const JsonText body = detail::body("searchString", ask.search_string, "searchType", ask.search_type, "chatId",
                                       ask.chat_id, "language", ask.language, "reranker", ask.reranker, "scopeIds",
                                       ask.scope_ids, "chatOnly", ask.chat_only, "limit", ask.limit, "page", ask.page,
                                       "metaDataFilter", ask.meta_data_filter, "contentIds", ask.content_ids,
                                       "scoreThreshold", ask.score_threshold, "qdrantParams", ask.qdrant_params);
    return event.api().post("/search/search", body).then(detail::read_list<Chunk>("data"));
  }
  // POST /search/search-string: the query translated and completed from the conversation. `messages` is a JSON array of
  // {"role", "text"}.
  static Call<std::string> search_string(const Event& event, std::string_view prompt, RawJson messages = {},
                                         std::string_view chat_id = {},
                                         std::optional<std::string_view> language_model = {}) {
    const auto chat = chat_id.empty() ? std::nullopt : std::optional(chat_id);
    return event.api()
        .post("/search/search-string",
              detail::body("prompt", prompt, "chatId", chat, "messages", messages, "languageModel", language_model))
        .then([](const JsonDocument& answer) { return answer["searchString"].text(); });
  }
};

}  // namespace modhost::unique
