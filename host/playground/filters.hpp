// The two filter languages of searches: UniqueQL over a content's metadata (dossier 2.8) and the `where` of
// /content/search (dossier 3.10). Pure.
#pragma once

#include <rapidjson/document.h>

#include "base/result.hpp"
#include "playground/library.hpp"

namespace modhost::playground {

// kInvalid names an operator that does not exist. Paths are metadata members, or key, title, mimeType, url, contentId.
Result<bool> matches_unique_ql(const rapidjson::Value& rule, const Content& content);
Result<bool> matches_where(const rapidjson::Value& where, const Content& content);

// The same as a predicate for Library; a filter that is wrong is found with an empty content first.
Result<std::function<bool(const Content&)>> unique_ql(const rapidjson::Value& rule);
Result<std::function<bool(const Content&)>> where_filter(const rapidjson::Value& where);

}  // namespace modhost::playground
