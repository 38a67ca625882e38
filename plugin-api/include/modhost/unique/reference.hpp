// A source that an answer cites, as the chat shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
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
  std::span<const std::int64_t> original_indexes = {};  // instead of original_index, when there are several

  [[nodiscard]] JsonText json() const {
    const auto unless_empty = [](std::optional<std::string_view> text) {
      return text && !text->empty() ? text : std::nullopt;
    };
    const std::span<const std::int64_t> one(original_index ? &*original_index : nullptr, original_index ? 1 : 0);
    return detail::body("name", name, "description", unless_empty(description), "url", unless_empty(url),
                        "sequenceNumber", sequence_number, "originalIndex",
                        original_indexes.empty() ? one : original_indexes, "sourceId", source_id, "source", source);
  }
};
static_assert(std::is_trivially_destructible_v<Reference>);

// The same as the platform answers it.
struct CitedReference : Resource {
  std::string id, message_id, name, description, url, source_id, source;
  std::int64_t sequence_number = 0;
  std::vector<std::int64_t> original_index;

  static CitedReference read(Resource from) {
    using R = CitedReference;
    return detail::make<R>(std::move(from), "id", &R::id, "messageId", &R::message_id, "name", &R::name, "description",
                           &R::description, "url", &R::url, "sourceId", &R::source_id, "source", &R::source,
                           "sequenceNumber", &R::sequence_number, "originalIndex", &R::original_index);
  }
};

}  // namespace modhost::unique
