// A source that an answer cites, as the chat shows it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "modhost/unique/resource.hpp"

namespace modhost::unique {

// Views, for one call.
struct Reference {
  std::string_view name;
  std::int64_t sequence_number = 0;  // the number in <sup>1</sup>
  std::string_view source_id;        // "<content id>_<chunk id>"
  std::string_view source = "node-ingestion-chunks";
  std::optional<std::string_view> url = {};          // e.g. "unique://content/cont_..."
  std::optional<std::string_view> description = {};  // empty ones are left out, as the platform's client does
  std::optional<std::int64_t> original_index = {};
};

namespace detail {

inline JsonText to_json(std::span<const Reference> references) {
  std::vector<JsonText> all;
  for (const Reference& one : references) {
    Fields fields;
    fields.add("name", one.name);
    if (one.description && !one.description->empty()) fields.add("description", *one.description);
    if (one.url && !one.url->empty()) fields.add("url", *one.url);
    fields.add("sequenceNumber", one.sequence_number);
    if (one.original_index) fields.add("originalIndex", array({JsonText(*one.original_index)}));
    all.push_back(fields.add("sourceId", one.source_id).add("source", one.source).text());
  }
  return array(all);
}

}  // namespace detail
}  // namespace modhost::unique
