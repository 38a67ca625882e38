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
  std::string id, chunk_id, text, title, key, url;  // id: of the content
  std::int64_t order = 0, start_page = 0, end_page = 0;

  static Chunk read(Resource from) {
    const Json json = from.json;
    Chunk chunk;
    static_cast<Resource&>(chunk) = std::move(from);
    chunk.id = json["id"].text();
    chunk.chunk_id = json["chunkId"].text();
    chunk.text = json["text"].text();
    chunk.title = json["title"].text();
    chunk.key = json["key"].text();
    chunk.url = json["url"].text();
    chunk.order = json["order"].integer();
    chunk.start_page = json["startPage"].integer();
    chunk.end_page = json["endPage"].integer();
    return chunk;
  }
};

struct Search {
  struct Ask {  // views, for one call
    std::string_view search_string;
    std::string_view search_type = "COMBINED";  // VECTOR, FULL_TEXT, POSTGRES_FULL_TEXT
    std::optional<std::int64_t> limit = {}, page = {};
    std::optional<std::string_view> chat_id = {}, language = {};
    std::span<const std::string_view> scope_ids = {}, content_ids = {};
    std::optional<bool> chat_only = {};
    std::optional<double> score_threshold = {};
    RawJson meta_data_filter = {}, reranker = {};  // UniqueQL; {"deploymentName", "options"}
  };
  static_assert(std::is_trivially_destructible_v<Ask>);

  // POST /search/search
  static Call<std::vector<Chunk>> search(const Event& event, const Ask& ask) {
    detail::Fields body;
    body.add("searchString", ask.search_string)
        .add("searchType", ask.search_type)
        .add_given("chatId", ask.chat_id)
        .add_given("language", ask.language)
        .add_given("reranker", ask.reranker);
    if (!ask.scope_ids.empty()) body.add("scopeIds", texts(ask.scope_ids));
    body.add_given("chatOnly", ask.chat_only)
        .add_given("limit", ask.limit)
        .add_given("page", ask.page)
        .add_given("metaDataFilter", ask.meta_data_filter);
    if (!ask.content_ids.empty()) body.add("contentIds", texts(ask.content_ids));
    body.add_given("scoreThreshold", ask.score_threshold);
    return event.api().post("/search/search", body.text()).then([](const JsonDocument& answer) {
      return detail::read_all<Chunk>(answer, answer.root());
    });
  }
  // POST /search/search-string: the query translated and completed from the conversation. `messages` is a JSON array of
  // {"role", "text"}.
  static Call<std::string> search_string(const Event& event, std::string_view prompt, RawJson messages = {},
                                         std::string_view chat_id = {}) {
    detail::Fields body;
    body.add("prompt", prompt);
    if (!chat_id.empty()) body.add("chatId", chat_id);
    body.add_given("messages", messages);
    return event.api().post("/search/search-string", body.text()).then([](const JsonDocument& answer) {
      return answer["searchString"].text();
    });
  }

 private:
  static JsonText texts(std::span<const std::string_view> all) {
    return array(std::vector<JsonText>(all.begin(), all.end()));
  }
};

}  // namespace modhost::unique
