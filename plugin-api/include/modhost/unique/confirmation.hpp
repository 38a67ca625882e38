// What the platform says when there is nothing more to say.
#pragma once

#include <string>

#include "modhost/unique/resource.hpp"

namespace modhost::unique {

// Which of these it says depends on the call; the others are empty.
struct Confirmation : Resource {
  std::string id, status, message;
  bool is_success = false;

  static Confirmation read(Resource from) {
    using C = Confirmation;
    const Json json = from.json;
    C said = detail::make<C>(std::move(from), "id", &C::id, "status", &C::status, "message", &C::message);
    if (said.id.empty()) said.id = json["chat_id"].text();  // so spelt for a deleted chat alone
    said.is_success = json["success"].is_true() || json["deleted"].is_true();
    return said;
  }
};

}  // namespace modhost::unique
