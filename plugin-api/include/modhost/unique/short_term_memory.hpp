// What a module remembers of a chat or a message: /short-term-memory. The newest write wins.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "modhost/unique/resource.hpp"

namespace modhost::unique {

struct ShortTermMemory : Resource {
  std::string id, name, data;  // data: text, JSON by convention, at most 10,000 characters

  // POST /short-term-memory, of the event's chat
  static Call<ShortTermMemory> create(const Event& event, std::string_view name, std::string_view data) {
    detail::Fields body;
    body.add("memoryName", name).add("chatId", event.chat_id()).add("data", data);
    return event.api().post("/short-term-memory", body.text()).then(detail::read_one<ShortTermMemory>);
  }
  // POST /short-term-memory/find-latest, of the event's chat; nothing when there is none
  static Call<std::optional<ShortTermMemory>> find_latest(const Event& event, std::string_view name) {
    detail::Fields body;
    body.add("memoryName", name).add("chatId", event.chat_id());
    return event.api().post("/short-term-memory/find-latest", body.text()).then([](const JsonDocument& answer) {
      return answer["id"] || answer["data"] ? std::optional(detail::read_one<ShortTermMemory>(answer)) : std::nullopt;
    });
  }

  static ShortTermMemory read(Resource from) {
    const Json json = from.json;
    ShortTermMemory memory;
    static_cast<Resource&>(memory) = std::move(from);
    memory.id = json["id"].text();
    memory.name = json["memoryName"].text(json["object"].text());
    memory.data = json["data"].text();
    return memory;
  }
};

}  // namespace modhost::unique
