// What a module remembers of a chat or a message: /short-term-memory. The newest write wins.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "modhost/unique/resource.hpp"

namespace modhost::unique {

struct ShortTermMemory : Resource {
  std::string id, name, chat_id, message_id, data;  // data: text, JSON by convention, at most 10,000 characters

  // POST /short-term-memory: of that message; of the event's chat when there is none
  static Call<ShortTermMemory> create(const Event& event, std::string_view name, std::string_view data,
                                      std::optional<std::string_view> message_id = {}) {
    return event.api()
        .post("/short-term-memory", detail::body("memoryName", name, "chatId", chat_of(event, message_id), "messageId",
                                                 message_id, "data", data))
        .then(detail::read_one<ShortTermMemory>);
  }
  // POST /short-term-memory/find-latest; nothing when there is none
  static Call<std::optional<ShortTermMemory>> find_latest(const Event& event, std::string_view name,
                                                          std::optional<std::string_view> message_id = {}) {
    return event.api()
        .post("/short-term-memory/find-latest",
              detail::body("memoryName", name, "chatId", chat_of(event, message_id), "messageId", message_id))
        .then([](const JsonDocument& answer) {
          return answer["id"] || answer["data"] ? std::optional(detail::read_one<ShortTermMemory>(answer))
                                                : std::nullopt;
        });
  }

  static ShortTermMemory read(Resource from) {
    using M = ShortTermMemory;
    M memory = detail::make<M>(std::move(from), "id", &M::id, "memoryName", &M::name, "chatId", &M::chat_id,
                               "messageId", &M::message_id, "data", &M::data);
    if (memory.name.empty()) memory.name = memory.json["object"].text();
    return memory;
  }

 private:
  // The platform takes one of the two.
  static std::optional<std::string_view> chat_of(const Event& event, std::optional<std::string_view> message_id) {
    return message_id ? std::nullopt : std::optional(event.chat_id());
  }
};

}  // namespace modhost::unique
