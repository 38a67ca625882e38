// Search, embeddings, model names, and the web as far as it can be had without one. (Dossier 3.7, 3.8, 3.17.)
#include <algorithm>

#include "event/json_reader.hpp"
#include "playground/answer.hpp"
#include "playground/api_call.hpp"
#include "playground/filters.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground {

namespace {

constexpr std::int64_t kSearchLimitDefault = 20, kSearchLimitMax = 1000;
constexpr std::size_t kTextsMax = 2048;

std::string chunk_json(const Hit& hit) {
  const Content& content = hit.content;
  const std::string page = std::to_string(hit.chunk.page);
  std::string metadata = content.metadata;
  if (metadata == "{}") metadata = JsonObject().text("key", content.key).text("mimeType", content.mime_type).str();
  return JsonObject()
      .text("id", content.id)
      .text("chunkId", hit.chunk.id)
      .text("object", "search.search")
      .text("text", hit.chunk.text)
      .text("key", content.key + " : " + page)
      .text("title", content.title)
      .raw("url", "null")
      .number("order", hit.chunk.order)
      .number("startPage", hit.chunk.page)
      .number("endPage", hit.chunk.page)
      .raw("metadata", metadata)
      .raw("score", std::to_string(hit.score))
      .time("internallyStoredAt", content.created_at)
      .time("createdAt", content.created_at)
      .time("updatedAt", content.updated_at)
      .str();
}

std::vector<std::string> texts_in(const rapidjson::Value& body, const char* name) {
  std::vector<std::string> texts;
  if (const rapidjson::Value* list = find_member(body, name); list != nullptr && list->IsArray())
    for (const auto& one : list->GetArray())
      if (one.IsString()) texts.emplace_back(one.GetString(), one.GetStringLength());
  return texts;
}

http::Response search(const ApiCall& call) {
  BodyCheck check(call.body);
  SearchQuery query;
  query.text = check.text("searchString");
  check.choice("searchType", {"VECTOR", "COMBINED", "FULL_TEXT", "POSTGRES_FULL_TEXT"});
  query.chat_id = check.optional_text("chatId").value_or("");
  check.optional_text("language");
  check.optional_object("reranker");
  check.optional_object("qdrantParams");
  check.optional_array("scopeIds");
  check.optional_array("contentIds");
  query.owner_ids = texts_in(call.body, "scopeIds");
  query.content_ids = texts_in(call.body, "contentIds");
  const auto filter = check.optional_object("metaDataFilter");
  if (filter == "{}") check.complain("metaDataFilter must not be empty: send null for no filter");
  if (filter && filter != "{}") {
    auto wanted = unique_ql(*find_member(call.body, "metaDataFilter"));
    if (wanted)
      query.is_wanted = *std::move(wanted);
    else
      check.complain("metaDataFilter: " + wanted.error().message);
  }
  query.is_chat_only = check.optional_flag("chatOnly").value_or(false);
  const auto limit = check.optional_integer("limit", 1, kSearchLimitMax).value_or(kSearchLimitDefault);
  const auto page = check.optional_integer("page", 1, kSearchLimitMax).value_or(1);
  const double threshold = check.optional_number("scoreThreshold").value_or(0);
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());

  std::vector<Hit> hits = call.on.library.search(query);
  std::erase_if(hits, [&](const Hit& hit) { return hit.score < threshold; });
  const auto first = std::min(hits.size(), static_cast<std::size_t>((page - 1) * limit));
  const auto last = std::min(hits.size(), first + static_cast<std::size_t>(limit));
  const std::vector<Hit> shown(hits.begin() + static_cast<std::ptrdiff_t>(first),
                               hits.begin() + static_cast<std::ptrdiff_t>(last));
  return json_answer(201, json_array(shown, chunk_json));
}

http::Response search_string(const ApiCall& call) {
  BodyCheck check(call.body);
  const std::string prompt = check.text("prompt");
  check.optional_text("chatId");
  check.optional_array("messages");
  check.optional_text("languageModel");
  check.refuse_others();
  if (!check.is_good()) return validation_error(check.complaints());
  return json_answer(201, JsonObject().text("object", "search.search-string").text("searchString", prompt).str());
}

http::Response embeddings(const ApiCall& call) {
  BodyCheck check(call.body);
  const rapidjson::Value* texts = check.array("texts");
  if (texts != nullptr && texts->Size() > kTextsMax)
    check.complain("texts must contain no more than " + std::to_string(kTextsMax) + " elements");
  if (texts != nullptr && !std::all_of(texts->Begin(), texts->End(), [](const auto& one) { return one.IsString(); }))
    check.complain("each value in texts must be a string");
  if (!check.is_good() || texts == nullptr) return validation_error(check.complaints());
  const std::string vectors = json_array(texts->GetArray(), [](const rapidjson::Value& text) {
    return json_array(embed({text.GetString(), text.GetStringLength()}),
                      [](double place) { return std::to_string(place); });
  });
  return json_answer(201, JsonObject().text("object", "openai.embeddings").raw("embeddings", vectors).str());
}

http::Response models(const ApiCall& /*call*/) {
  return json_answer(200, R"({"object":"llm-models","models":["AZURE_GPT_4o_2024_1120","AZURE_o3_2025_0416"]})");
}

// The stand-in has no web: what the knowledge base says comes as if it had been found there.
http::Response web_search(const ApiCall& call) {
  BodyCheck check(call.body);
  SearchQuery query;
  query.text = check.text("query");
  const auto size = static_cast<std::size_t>(check.optional_integer("fetchSize", 1, 100).value_or(5));
  const bool has_content = check.optional_flag("includeContent").value_or(false);
  if (!check.is_good()) return validation_error(check.complaints());
  std::vector<Hit> hits = call.on.library.search(query);
  if (hits.size() > size) hits.resize(size);
  const std::string results = json_array(hits, [&](const Hit& hit) {
    return JsonObject()
        .text("url", "https://stand-in.example/" + hit.content.key + "#" + std::to_string(hit.chunk.order))
        .text("title", hit.content.title)
        .text("snippet", hit.chunk.text)
        .text("content", has_content ? hit.chunk.text : "")
        .str();
  });
  return json_answer(201,
                     JsonObject().text("engine", "stand-in").text("query", query.text).raw("results", results).str());
}

http::Response web_crawl(const ApiCall& call) {
  BodyCheck check(call.body);
  check.array("urls");
  if (!check.is_good()) return validation_error(check.complaints());
  const std::string results = json_array(texts_in(call.body, "urls"), [](const std::string& url) {
    return JsonObject().text("url", url).text("content", "").text("error", "the stand-in fetches no pages").str();
  });
  return json_answer(201, JsonObject().text("crawler", "stand-in").raw("results", results).str());
}

}  // namespace

void add_search_routes(Routes& routes) {
  const Routes mine = {{"POST", "search/search", search},
                       {"POST", "search/search-string", search_string},
                       {"POST", "openai/embeddings", embeddings},
                       {"GET", "openai/models", models},
                       {"POST", "web-search-api/search", web_search},
                       {"POST", "web-search-api/crawl", web_crawl}};
  routes.insert(routes.end(), mine.begin(), mine.end());
}

}  // namespace modhost::playground
