// The web through the platform: /web-search-api.
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

// A page that was found or fetched.
struct WebPage : Resource {
  std::string url, title, snippet, content;
  std::string error;  // of a fetch: why content is empty
  static WebPage read(Resource from) {
    using P = WebPage;
    return detail::make<P>(std::move(from), "url", &P::url, "title", &P::title, "snippet", &P::snippet, "content",
                           &P::content, "error", &P::error);
  }
};

struct WebSearch : Resource {
  std::string engine, query;
  std::vector<WebPage> results;

  struct Ask {  // views, for one call
    std::string_view query;
    std::optional<std::int64_t> fetch_size = {};
    std::optional<bool> include_content = {};
    RawJson search_engine_config = {}, crawler_config = {};
    std::optional<std::string_view> chat_id = {};  // then the space must allow searching the web
  };
  static_assert(std::is_trivially_destructible_v<Ask>);

  // POST /web-search-api/search
  static Call<WebSearch> search(const Event& event, const Ask& ask) {
    const JsonText body = detail::body("query", ask.query, "fetchSize", ask.fetch_size, "includeContent",
                                       ask.include_content, "searchEngineConfig", ask.search_engine_config,
                                       "crawlerConfig", ask.crawler_config, "chatId", ask.chat_id);
    return event.api().post("/web-search-api/search", body).then(detail::read_one<WebSearch>);
  }
  static WebSearch read(Resource from) {
    using S = WebSearch;
    return detail::make<S>(std::move(from), "engine", &S::engine, "query", &S::query, "results", &S::results);
  }
};

struct WebCrawl : Resource {
  std::string crawler;
  std::vector<WebPage> results;

  struct Ask {  // views, for one call
    std::span<const std::string_view> urls = {};
    std::optional<std::int64_t> parallel = {};
    RawJson crawler_config = {};
    std::optional<std::string_view> chat_id = {};
  };
  static_assert(std::is_trivially_destructible_v<Ask>);

  // POST /web-search-api/crawl
  static Call<WebCrawl> crawl(const Event& event, const Ask& ask) {
    const JsonText body = detail::body("urls", detail::json_of(ask.urls), "parallel", ask.parallel, "crawlerConfig",
                                       ask.crawler_config, "chatId", ask.chat_id);
    return event.api().post("/web-search-api/crawl", body).then(detail::read_one<WebCrawl>);
  }
  static WebCrawl read(Resource from) {
    return detail::make<WebCrawl>(std::move(from), "crawler", &WebCrawl::crawler, "results", &WebCrawl::results);
  }
};

}  // namespace modhost::unique
