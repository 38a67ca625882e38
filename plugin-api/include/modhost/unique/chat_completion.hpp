// Language models behind the platform: /openai.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "modhost/unique/resource.hpp"

namespace modhost::unique {

struct ChatCompletion : Resource {
  std::string model, text, finish_reason;  // of the first choice

  struct Turn {             // a view
    std::string_view role;  // system, user, assistant
    std::string_view content;
  };
  struct Ask {               // views, for one call
    std::string_view model;  // a platform name such as AZURE_GPT_4o_2024_1120
    std::span<const Turn> messages = {};
    RawJson options = {};  // {"temperature": 0.3, ...}
    std::optional<std::chrono::milliseconds> timeout = {};
  };
  static_assert(std::is_trivially_destructible_v<Ask>);

  // POST /openai/chat/completions
  static Call<ChatCompletion> create(const Event& event, const Ask& ask) {
    return event.api().post(std::string(kPath), body_of(ask).text()).then(detail::read_one<ChatCompletion>);
  }
  // POST /openai/embeddings: a vector for each text.
  static Call<std::vector<std::vector<double>>> embeddings(const Event& event,
                                                           std::span<const std::string_view> texts) {
    const JsonText list = array(std::vector<JsonText>(texts.begin(), texts.end()));
    return event.api().post("/openai/embeddings", object("texts", list)).then([](const JsonDocument& answer) {
      std::vector<std::vector<double>> vectors;
      const Json all = answer["embeddings"];
      for (std::size_t i = 0; i < all.size(); ++i) {
        vectors.emplace_back();
        for (std::size_t j = 0; j < all[i].size(); ++j) vectors.back().push_back(all[i][j].number());
      }
      return vectors;
    });
  }
  // GET /openai/models
  static Call<std::vector<std::string>> models(const Event& event, std::string_view module = {}) {
    const std::string query = module.empty() ? std::string() : detail::Query().add("module", module).text();
    return event.api().get("/openai/models" + query).then([](const JsonDocument& answer) {
      std::vector<std::string> names;
      for (std::size_t i = 0; i < answer["models"].size(); ++i) names.push_back(answer["models"][i].text());
      return names;
    });
  }

  static constexpr std::string_view kPath = "/openai/chat/completions";
  static detail::Fields body_of(const Ask& ask) {
    std::vector<JsonText> messages;
    for (const Turn& turn : ask.messages) messages.push_back(object("role", turn.role, "content", turn.content));
    detail::Fields body;
    if (!ask.model.empty()) body.add("model", ask.model);
    body.add("messages", array(messages)).add_given("options", ask.options);
    if (ask.timeout) body.add("timeout", ask.timeout->count());
    return body;
  }
  static ChatCompletion read(Resource from) {
    const Json json = from.json, choice = json["choices"][0];
    ChatCompletion completion;
    static_cast<Resource&>(completion) = std::move(from);
    completion.model = json["model"].text();
    completion.text = choice["message"]["content"].text();
    completion.finish_reason = choice["finishReason"].text(choice["finish_reason"].text());
    return completion;
  }
};

}  // namespace modhost::unique
