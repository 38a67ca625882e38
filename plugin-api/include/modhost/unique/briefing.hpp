// What a space greets its users with: /briefings.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "modhost/unique/resource.hpp"

namespace modhost::unique {

struct Briefing : Resource {
  std::string id, assistant_id, text, generated_at;

  struct Prompt {            // views, for one call
    std::string_view title;  // at most 100 characters
    std::string_view body;   // at most 4000
    [[nodiscard]] JsonText json() const { return object("title", title, "body", body); }
  };
  struct New {
    std::string_view text;                 // at most 4000 characters, not blank
    std::string_view generated_at;         // ISO 8601 with milliseconds and Z
    std::span<const Prompt> prompts = {};  // at most 200
    std::string_view assistant_id = {};    // the event's when empty
  };
  static_assert(std::is_trivially_destructible_v<New>);

  // PUT /briefings/{assistantId}
  static Call<Briefing> upsert(const Event& event, const New& with) {
    const std::string_view assistant = detail::otherwise(with.assistant_id, event.assistant_id());
    return event.api()
        .put("/briefings/" + url_encode(assistant),
             object("text", with.text, "generatedAt", with.generated_at, "prompts", detail::json_of(with.prompts)))
        .then(detail::read_one<Briefing>);
  }

  static Briefing read(Resource from) {
    using B = Briefing;
    return detail::make<B>(std::move(from), "id", &B::id, "assistantId", &B::assistant_id, "text", &B::text,
                           "generatedAt", &B::generated_at);
  }
};

}  // namespace modhost::unique
